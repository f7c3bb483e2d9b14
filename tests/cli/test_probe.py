"""`typoattack probe fit` and `features`, and `run --probe`, on a real (tiny, random) CLIP."""

from pathlib import Path

import pandas as pd

from typoattack.api import Run


def test_a_probe_is_fitted_shown_and_run_beside_zero_shot(
    typoattack, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    name, file = f"local-dir:{tiny_clip}", tmp_path / "probe.safetensors"
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu")
    done = typoattack(
        "probe",
        "fit",
        "--model",
        name,
        *common,
        "--out",
        file,
        "--strength",
        1e4,
        "--strength",
        1e5,
    )
    assert done.status == 0, done.err
    assert "held-out accuracy" in done.out
    assert "9 photographs" in done.out
    done = typoattack("probe", "features", file, "--class", "dog", "--top", 3)
    assert done.status == 0, done.err
    assert "dog" in done.out
    assert "cat" not in done.out
    done = typoattack(
        *("run", "quick", "--model", name, *common, "--recipe", "printed-label"),
        *("--probe", file, "--out", tmp_path / "run"),
    )
    assert done.status == 0, done.err
    predictions = Run(tmp_path / "run").predictions
    clean = predictions[predictions.recipe == "clean"]
    probed = clean[clean.model != name].set_index("sample")
    assert probed.correct.all()  # it was fitted on these nine
    zero_shot = clean[clean.model == name].set_index("sample")
    pd.testing.assert_series_equal(probed.sim_label, zero_shot.sim_label)
    assert Run(tmp_path / "run").defences().empty
    assert (
        "it was fitted on this data set" not in Run(tmp_path / "run").manifest["models"][0]["note"]
    )
    assert "was fitted on this data set" in Run(tmp_path / "run").manifest["models"][1]["note"]
    again = ("probe", "fit", "--model", name, *common, "--out", file)
    was = file.read_bytes()
    done = typoattack(*again)
    assert done.status == 2
    assert "the file exists; replace it with --overwrite" in done.err
    assert file.read_bytes() == was
    assert typoattack(*again, "--overwrite").status == 0
    assert file.read_bytes() != was
