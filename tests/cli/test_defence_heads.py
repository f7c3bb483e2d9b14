"""`typoattack defence heads` finds heads that `dyslexify` switches off."""

import json
from pathlib import Path

from tests.conftest import noise


def test_heads_are_found_written_and_tried(
    typoattack, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    model, out = f"local-dir:{tiny_clip}", tmp_path / "heads.json"
    for number in range(6):
        noise(70 + number).save(photo_folder / "cat" / f"more-{number}.png")
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 96, "--device", "cpu")
    done = typoattack("defence", "heads", "--model", model, *common, "--out", out)
    assert done.status == 0, done.err
    assert "all on" in done.out
    told = json.loads(out.read_text())
    assert {step["head"] for step in told["steps"]} <= {"0.0", "0.1", "1.0", "1.1"}
    shares = [step["score"] for step in told["steps"]]
    assert shares == sorted(shares, reverse=True)
    told["steps"][0]["kept"] = True  # of a random model none may help
    out.write_text(json.dumps(told))
    tried = typoattack(
        *("run", "quick", "--model", model, *common, "--recipe", "printed-label"),
        *("--defence", f"dyslexify({str(out)!r})", "--out", tmp_path / "run"),
    )
    assert tried.status == 0, tried.err
    assert "dyslexify" in tried.out


def test_a_model_without_heads_is_refused(typoattack, photo_folder: Path, tmp_path: Path) -> None:
    data = ("--dataset", f"folder:{photo_folder}", "--out", tmp_path / "heads.json")
    done = typoattack("defence", "heads", "--model", "mini-blind", *data)
    assert (done.status, "no attention heads" in done.err) == (2, True)
