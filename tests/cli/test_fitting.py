"""Defences and probes from the command line, on a real (tiny, random) CLIP."""

import json
from pathlib import Path

import pandas as pd
import pytest

from typoattack.api import Run
from typoattack.cli import main
from typoattack.metrics.defences import ACCURACY, COST, UNDEFENDED


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = 0
    try:
        main([str(a) for a in arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_defences_stand_beside_the_undefended_model_in_one_run(
    capsys, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu")
    name = f"local-dir:{tiny_clip}"
    for kind in ("projection", "defense-prefix"):
        status, out, err = call(
            capsys,
            *("defence", "fit", kind, "--model", name, *common),
            *("--out", tmp_path / f"{kind}.safetensors", "--epochs", 2, "--replicates", 2),
        )
        assert status == 0, err
        assert "held-out accuracy" in out or "mean loss" in out
    files = [
        f'{kind}("{tmp_path}/{kind}.safetensors")' for kind in ("projection", "defense-prefix")
    ]
    status, out, err = call(
        capsys,
        *("run", "quick", "--model", name, *common, "--recipe", "printed-label"),
        *(part for text in ("mirror", *files) for part in ("--defence", text)),
        *("--out", tmp_path / "run"),
    )
    assert status == 0, err
    assert "Flip rate by defence" in out
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


def test_a_probe_is_fitted_shown_and_run_beside_zero_shot(
    capsys, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    name, file = f"local-dir:{tiny_clip}", tmp_path / "probe.safetensors"
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu")
    status, out, err = call(
        capsys,
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
    assert status == 0, err
    assert "held-out accuracy" in out
    assert "9 photographs" in out
    status, out, err = call(capsys, "probe", "features", file, "--class", "dog", "--top", 3)
    assert status == 0, err
    assert "dog" in out
    assert "cat" not in out
    status, out, err = call(
        capsys,
        *("run", "quick", "--model", name, *common, "--recipe", "printed-label"),
        *("--probe", file, "--out", tmp_path / "run"),
    )
    assert status == 0, err
    predictions = Run(tmp_path / "run").predictions
    clean = predictions[predictions.recipe == "clean"]
    probed = clean[clean.model != name].set_index("sample")
    assert probed.correct.all()  # it was fitted on these nine
    zero_shot = clean[clean.model == name].set_index("sample")
    pd.testing.assert_series_equal(probed.sim_label, zero_shot.sim_label)
    assert Run(tmp_path / "run").defences().empty


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "quick", "--defence", "miror"), "did you mean 'mirror'"),
        (("run", "quick", "--model", "mini-blind + miror"), "did you mean 'mirror'"),
        (
            ("run", "quick", "--model", "mini-blind", "--defence", "projection('no.safetensors')"),
            "there is no file 'no.safetensors'",
        ),
        (("run", "quick", "--model", "mini-blind", "--probe", "no"), "there is no file 'no'"),
        (("probe", "fit", "--dataset", "bundled", "--out", "p.pkl"), "must end in .safetensors"),
        (("defence", "fit", "mirror", "-d", "bundled", "-o", "p.safetensors"), "learned defence"),
        (("probe", "features", "no.safetensors"), "there is no file"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(capsys, arguments, said: str) -> None:
    status, _, err = call(capsys, *arguments)
    assert status == 2
    assert said in err
    assert err.strip().count("\n") == 0


def test_a_file_fits_only_the_weights_it_was_fitted_on(
    capsys, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    for command, option in (("probe", "--probe"), ("defence", "--defence")):
        file = tmp_path / f"{command}.safetensors"
        kind = () if command == "probe" else ("projection",)
        status, _, err = call(
            capsys,
            *(command, "fit", *kind, "--model", f"local-dir:{tiny_clip}", "--out", file),
            *("--dataset", f"folder:{photo_folder}", "--canvas", 64, "--device", "cpu"),
        )
        assert status == 0, err
        value = file if command == "probe" else f"projection('{file}')"
        status, _, err = call(capsys, "run", "quick", "--model", "mini-blind", option, value)
        assert status == 2
        assert "was fitted on local-dir:" in err


@pytest.mark.parametrize("command", [("probe", "fit"), ("probe", "features"), ("defence", "fit")])
def test_help_shows_an_example(capsys, command: tuple[str, str]) -> None:
    status, out, _ = call(capsys, *command, "--help")
    assert status == 0
    assert f"typoattack {' '.join(command)}" in out.split("Example")[1]
