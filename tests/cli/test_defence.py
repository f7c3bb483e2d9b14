"""`typoattack defence fit`, and `run --defence`, on a real (tiny, random) CLIP."""

import json
from pathlib import Path

import pytest

from typoattack.api import Run
from typoattack.metrics.defences import ACCURACY, COST, UNDEFENDED


def test_defences_stand_beside_the_undefended_model_in_one_run(
    typoattack, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu")
    name = f"local-dir:{tiny_clip}"
    for kind in ("projection", "defense-prefix"):
        done = typoattack(
            *("defence", "fit", kind, "--model", name, *common),
            *("--out", tmp_path / f"{kind}.safetensors", "--epochs", 2, "--replicates", 2),
        )
        assert done.status == 0, done.err
        assert "held-out accuracy" in done.out or "mean loss" in done.out
    files = [
        f'{kind}("{tmp_path}/{kind}.safetensors")' for kind in ("projection", "defense-prefix")
    ]
    done = typoattack(
        *("run", "quick", "--model", name, *common, "--recipe", "printed-label"),
        *(part for text in ("mirror", *files) for part in ("--defence", text)),
        *("--out", tmp_path / "run"),
    )
    assert done.status == 0, done.err
    assert "Flip rate by defence" in done.out
    run = Run(tmp_path / "run")
    table = run.defences()
    assert table.columns[0] == UNDEFENDED
    assert len(table.columns) == 4
    assert {line for _, line in table.index} == {ACCURACY, COST, "printed-label"}
    predictions = run.predictions
    for column in table.columns:
        model = name if column == UNDEFENDED else f"{name} + {column}"
        rows = predictions[(predictions.model == model) & (predictions.recipe == "clean")]
        assert table.loc[(name, ACCURACY), column] == pytest.approx(rows.correct.mean())
        assert table.loc[(name, COST), column] == pytest.approx(
            table.loc[(name, ACCURACY), UNDEFENDED] - rows.correct.mean()
        )
    pixels = predictions.groupby(["sample", "recipe"])["pixels"].nunique()
    assert (pixels == 1).all()  # every defence met the same attack
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert len({model["fingerprint"] for model in manifest["models"]}) == 4


def test_a_file_fits_only_the_weights_it_was_fitted_on(
    typoattack, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    for command, option in (("probe", "--probe"), ("defence", "--defence")):
        file = tmp_path / f"{command}.safetensors"
        kind = () if command == "probe" else ("projection",)
        done = typoattack(
            *(command, "fit", *kind, "--model", f"local-dir:{tiny_clip}", "--out", file),
            *("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu"),
        )
        assert done.status == 0, done.err
        value = file if command == "probe" else f"projection('{file}')"
        done = typoattack("run", "quick", "--model", "mini-blind", option, value)
        assert done.status == 2
        assert "was fitted on local-dir:" in done.err
