"""`typoattack rank`."""

import json
from pathlib import Path

import pytest

import typoattack
from typoattack.cli import main


def test_runs_are_ranked_shown_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = ("quick", "-r", "printed-label", "-r", "plain-overlay")
    for model in ("mini", "mini-blind"):
        with pytest.raises(SystemExit) as stop:
            main(["run", *suite, "--model", model, "--out", str(tmp_path / model)])
        assert not stop.value.code
    capsys.readouterr()
    runs = [str(tmp_path / model) for model in ("mini", "mini-blind")]
    with pytest.raises(SystemExit) as stop:
        main(["rank", *runs, "--out", str(tmp_path / "ranking")])
    said = capsys.readouterr()
    assert not stop.value.code, said.err
    assert "mini-blind is the most robust" in " ".join(said.out.split())
    data = json.loads((tmp_path / "ranking" / "rank.json").read_text())
    assert [line["model"] for line in data["models"]] == ["mini-blind", "mini"]
    found = typoattack.rank(*runs, baseline="mini")
    assert found.models[0].baseline.difference.value < 0
    with pytest.raises(SystemExit) as stop:
        main(["rank", *runs, "--baseline", "minni"])
    assert stop.value.code == 2
    assert "did you mean 'mini'" in capsys.readouterr().err
