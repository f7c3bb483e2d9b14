"""The whole study, as the command runs it: files that can be read again, errors in words."""

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.units.conftest import RECIPE, RED, TEXT, Planted, cards
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.units.page import summary, write_study
from typoattack.units.plan import USUAL_PARTS, StudyPlan
from typoattack.units.section import Section, read_section, write_section
from typoattack.units.study import study

SHOW = "red\nblue\ngreen\ntractor\nlemon\nowl\n"


def command(planted: Planted, *more: str) -> list[str]:
    return ["units", planted.name, "-d", f"folder:{planted.photo_folder}", *more]


def run(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0


def test_a_study_writes_tables_sheets_curve_and_a_page(
    planted: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.txt").write_text(SHOW)
    out = tmp_path / "study"
    run(
        command(
            planted,
            *("--layer", "mlp.0", "--words", str(tmp_path / "words.txt"), "--out", str(out)),
            *("--permutations", "199", "--random-orders", "1", "--flips", "2"),
            *("--recipe", 'printed-label(size=0.7, place="centre")', "--limit", "12"),
        )
    )
    units = pd.read_csv(out / "units.csv")
    assert units.groupby("kind").size().to_dict() == {"colour": 128, "multimodal": 128, "text": 128}
    words = pd.read_csv(out / "words.csv")
    assert words.columns.tolist() == ["layer", "unit", "rank", "word", "answer", "standard_score"]
    assert {"red", "tractor", "purple"} <= set(words["word"])
    classes = pd.read_parquet(out / "classes.parquet")
    assert set(classes.loc[classes["kind"] == "multimodal", "group"]) == {"blue", "green", "red"}
    curve = pd.read_csv(out / "curve.csv")
    assert curve["removed"].max() == 128
    assert set(curve["order"]) == {"best first", "random"}
    assert json.loads((out / "settings.json").read_text())["layers"] == ["mlp.0"]
    page = (out / "units.md").read_text()
    for name in ("units-mlp.0-text.png", "units-mlp.0-multimodal.png", "curve.png"):
        assert f"]({name})" in page
        assert Image.open(out / name).width > 500
    section = read_section(out)
    assert section is not None
    assert all(sentence in page for sentence in section.sentences)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    assert "units: " in capsys.readouterr().out


def test_a_study_from_python_finds_the_planted_units_and_names_them_in_every_flip(
    planted: Planted,
) -> None:
    layer = planted.inside.layer("mlp.0")
    plan = StudyPlan(
        cards=cards(),
        parts=("text", "multimodal", "flips"),
        recipe=RECIPE,
        words="fixed:red",
        permutations=1999,
        flips=4,
        check=3,
    )
    done = study(planted.inside, [layer], planted.photographs, plan)
    units = done.units_frame().set_index(["kind", "unit"])
    assert units.loc["text"]["score"].idxmax() == TEXT
    assert units.loc["multimodal"]["score"].idxmax() == RED
    assert done.layers[0].words_of(RED)[0] == "red"
    assert done.layers[0].colours is None
    assert done.flip_count == (12, 12)
    assert len(done.flips) == 4
    assert {flip.units[0].unit for flip in done.flips} == {RED}
    assert {(flip.word, flip.answer) for flip in done.flips} == {("red", "red")}
    assert all(flip.lead[0] < 0 < flip.lead[1] for flip in done.flips)
    section = summary(done)
    assert any("turned 12 of 12" in sentence for sentence in section.sentences)
    assert "Units behind the flips" in dict(section.tables)


def test_unasked_a_study_leaves_out_what_the_photographs_do_not_allow_and_says_so(
    planted: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ("--permutations", "99", "--random-orders", "1", "--flips", "1", "--show-words", "2")
    out = tmp_path / "study"
    run(command(planted, *quick, "--layer", "mlp.0", "--limit", "5", "--out", str(out)))
    why = f"dataset 'folder:{planted.photo_folder}' has one photograph of "
    settings = json.loads((out / "settings.json").read_text())
    assert settings["parts"] == [part for part in USUAL_PARTS if part != "multimodal"]
    assert settings["left_out"]["multimodal"].startswith(why)
    section = read_section(out)
    assert section is not None
    whole = settings["left_out"]["multimodal"]
    sentence = f"The part multimodal was left out: {whole}."
    assert sentence in section.sentences
    assert sentence.replace(" ", "") in "".join(capsys.readouterr().out.split())
    assert set(pd.read_csv(out / "units.csv")["kind"]) == {"text", "colour"}
    assert (out / "curve.csv").is_file()


def test_a_flip_that_no_unit_looked_at_adds_to_names_none(planted: Planted, tmp_path: Path) -> None:
    last = planted.inside.layer("mlp.1")  # its output weights are zero
    plan = StudyPlan(cards(), parts=("flips",), recipe=RECIPE, words="fixed:red", flips=1, check=2)
    done = study(planted.inside, [last], planted.photographs, plan)
    assert len(done.flips) == 1
    assert done.flips[0].leading == ()
    assert done.flips[0].units
    rows = dict(write_study(done, tmp_path).tables)["Units behind the flips"]
    assert rows[1][-1] == "no unit looked at adds to it"
    found = study(planted.inside, [planted.inside.layer("mlp.0")], planted.photographs, plan)
    assert found.flips[0].leading[0].unit == RED


def test_a_section_that_reaches_outside_its_folder_is_refused(tmp_path: Path) -> None:
    assert read_section(tmp_path) is None
    write_section(Section("t", ("s",), (("c", (("a",), ("1",))),), (("p", "p.png"),)), tmp_path)
    kept = read_section(tmp_path)
    assert kept is not None
    assert kept.pictures == (("p", "p.png"),)
    write_section(Section("t", (), (), (("p", "../secret.png"),)), tmp_path)
    with pytest.raises(UserError, match="outside its folder"):
        read_section(tmp_path)
    (tmp_path / "section.json").write_text("{}")
    with pytest.raises(UserError, match="is damaged"):
        read_section(tmp_path)


def test_layer_list_prints_names_and_shapes(
    planted: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    run(command(planted, "--layer", "list"))
    said = capsys.readouterr().out
    assert "mlp.0" in said
    assert "2 × 128 = 256" in said
    assert "without --layer: mlp.1" in said


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--layer", "mpl.0"], "the nearest names are mlp.0"),
        (["--parts", "txt"], "unknown part of a study 'txt'; did you mean 'text'"),
        (["--parts", "curve"], "add text to --parts"),
        (["--limit", "1", "--parts", "multimodal"], "alone; units are told apart"),
        (["--limit", "4", "--parts", "text,multimodal"], "multimodal scores need two a class: add"),
        (["--words", "nowhere.txt"], "'nowhere.txt': cannot be read"),
        (["--ablation", "half"], "unknown ablation 'half'"),
        (["--parts", "text,curve", "--recipe", "blank-label"], "an attack that draws a word"),
    ],
)
def test_mistakes_are_said_in_words(
    planted: Planted,
    more: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = [*more, "--permutations", "99", "--show-words", "2", "--out", str(tmp_path / "study")]
    with pytest.raises(SystemExit) as left:
        main(command(planted, *more))
    assert left.value.code == 2
    assert not (tmp_path / "study").exists()
    assert message in " ".join(capsys.readouterr().err.split())
