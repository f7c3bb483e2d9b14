"""`typoattack power`."""

from pathlib import Path

import pandas as pd
import pytest

from typoattack.cli import main


def _power(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = 0
    try:
        main(["power", *map(str, arguments)])
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def test_what_is_assumed_gives_a_table_and_a_curve(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, said = _power(capsys, "--discordance", 0.2, "--difference", 5, "--out", tmp_path / "p")
    assert status == 0, said
    assert "for 5 pp" in said
    table = pd.read_csv(tmp_path / "p" / "power.csv")
    shown = table.set_index("photographs")["detectable"]
    assert shown[1000] == pytest.approx(0.041, abs=0.001)
    assert (tmp_path / "p" / "power.svg").read_text().startswith("<?xml")
    status, objects = _power(capsys, "--per-object", 10, "--correlation", 0.3)
    assert "3.70×" in objects


def test_a_run_is_a_pilot_for_its_reading_effects_and_two_models_for_their_difference(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    suite = ("quick", "-r", "printed-label", "--limit", "20")
    for model in ("mini", "mini-blind"):
        with pytest.raises(SystemExit) as stop:
            main(["run", *suite, "--model", model, "--out", str(tmp_path / model)])
        assert not stop.value.code
    capsys.readouterr()
    status, said = _power(capsys, tmp_path / "mini")
    assert status == 0, said
    assert "printed-label" in said
    status, both = _power(capsys, tmp_path / "mini", tmp_path / "mini-blind", "--replicates", 3)
    assert status == 0, both
    assert both != said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--discordance", 2), "lies between 0 and 1"),
        (("--difference", 0), "above 0 and up to 100"),
        (("nowhere",), "holds no run"),
    ],
)
def test_a_users_mistake_is_said(capsys: pytest.CaptureFixture[str], arguments, told: str) -> None:
    status, said = _power(capsys, *arguments)
    assert status == 2
    assert told in said
