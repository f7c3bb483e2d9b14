"""`typoattack power`."""

from pathlib import Path

import pandas as pd
import pytest

from typoattack.cli import main
from typoattack.cli.power import _pilots


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


def _given(
    folder: Path, photographs: dict[str, int], *, clean: bool = True, control: str = "mirrored"
) -> Path:
    """A run of answers: by attack, on how many photographs; half of all cats are taken for dogs."""
    lines = ["sample,kind,label,word,control,control_of,answer"]
    if clean:
        lines += [f"{n},clean,cat,,,,cat" for n in range(max(photographs.values()))]
    for kind, count in photographs.items():
        for n in range(count):
            lines.append(f"{n},{kind},cat,dog,,,{('cat', 'dog')[n % 2]}")
            if control:
                lines.append(f"{n},{kind}-{control},cat,dog,{control},{kind},cat")
    folder.mkdir()
    (folder / "answers.csv").write_text("\n".join(lines))
    with pytest.raises(SystemExit) as stop:
        main(["score", str(folder / "answers.csv"), "--out", str(folder / "run")])
    assert not stop.value.code
    return folder / "run"


def _line(said: str, name: str) -> list[str]:
    return next(line.split() for line in said.splitlines() if line.startswith(name))


def test_an_attack_with_few_photographs_is_listed_and_the_others_are_planned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = _given(tmp_path / "a", {"note": 20, "thin": 3})
    capsys.readouterr()
    status, said = _power(capsys, run, "--out", tmp_path / "p")
    assert status == 0, said
    assert set(_line(said, 'as-given("thin")')[1:]) == {"–"}
    assert "–: fewer than 6" in " ".join(said.split())
    assert "55" in _line(said, 'as-given("note")')
    assert set(pd.read_csv(tmp_path / "p" / "power.csv")["attack"]) == {'as-given("note")'}
    status, said = _power(capsys, _given(tmp_path / "b", {"one": 3, "two": 2}))
    assert status == 2
    assert 'none of its attacks has so many: as-given("one"), as-given("two")' in " ".join(
        said.split()
    )


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"clean": False}, "the pilot has no clean pictures"),
        ({"control": ""}, "the pilot has no control beside any attack"),
    ],
)
def test_what_a_pilot_lacks_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, made: dict, told: str
) -> None:
    run = _given(tmp_path / "a", {"note": 8}, **made)
    capsys.readouterr()
    status, said = _power(capsys, run)
    assert status == 2
    assert told in " ".join(said.split())


def test_a_discordance_that_is_given_overrides_the_pilots(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = _given(tmp_path / "a", {"note": 20})
    capsys.readouterr()
    said = _power(capsys, run, "--discordance", 0.9)[1]
    assert _line(said, 'as-given("note")')[1] == "90"
    assert _line(_power(capsys, "--difference", 5)[1], "as assumed")[2] == "20"


def test_more_versions_gain_nothing_unless_it_is_said_how_they_differ(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def shown(*options: object) -> tuple[list[str], bool]:
        status, said = _power(capsys, *options)
        assert status == 0, said
        return _line(said, "as assumed"), "more versions gain nothing" in " ".join(said.split())

    one, told = shown()
    assert not told
    assert shown("--replicates", 4) == (one, True)
    four, told = shown("--replicates", 4, "--within", 0.5)
    assert not told
    assert int(four[5]) < int(one[5])
    run = _given(tmp_path / "a", {"note": 20})
    capsys.readouterr()
    assert "more versions gain nothing" in " ".join(
        _power(capsys, run, "--replicates", 4)[1].split()
    )


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        (("--correlation", 0.3), "--per-object"),
        (("--correlation", 0.3, "--per-object", 1), "--per-object"),
        (("--word-correlation", 0.3), "--per-word"),
        (("--within", 0.3), "--replicates"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    capsys: pytest.CaptureFixture[str], options, lacking: str
) -> None:
    status, said = _power(capsys, *options)
    assert status == 2
    assert f"{options[0]} changes nothing without {lacking}" in said


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_an_endless_object_is_refused(capsys: pytest.CaptureFixture[str], value: str) -> None:
    status, said = _power(capsys, "--per-object", value)
    assert (status, "finite" in said) == (2, True)


def test_a_file_in_the_folders_place_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        status, said = _power(capsys, "--out", out)
        assert (status, "Traceback" in said) == (2, False)
        assert "file" in said


def test_two_models_without_an_attack_in_common_are_told_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = ["sample,kind,label,word,model,answer"]
    for model, kind in (("a", "note"), ("b", "sign")):
        for n in range(8):
            lines += [f"{n},clean,cat,,{model},cat", f"{n},{kind},cat,dog,{model},dog"]
    (tmp_path / "answers.csv").write_text("\n".join(lines))
    with pytest.raises(SystemExit):
        main(["score", str(tmp_path / "answers.csv"), "--out", str(tmp_path / "run")])
    capsys.readouterr()
    status, said = _power(capsys, tmp_path / "run")
    assert (status, "the pilot has no attack in common" in " ".join(said.split())) == (2, True)


def test_an_attack_of_two_questions_is_planned_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame(
        {
            "task": [task for task in ("colour", "object") for _ in range(10)],
            "recipe": "note",
            "sample": [str(n) for n in range(10)] * 2,
            "label": list(range(10)) * 2,
            "word": [str(n) for n in range(10)] * 2,
            "gap": [0.0] * 10 + [1.0] * 10,
        }
    )
    monkeypatch.setattr("typoattack.cli.power._gaps", lambda *_: rows)
    found = dict(_pilots([], ""))
    assert list(found) == ["note (colour)", "note (object)"]
    assert found["note (colour)"].discordant < 0.2 < 0.9 < found["note (object)"].discordant
