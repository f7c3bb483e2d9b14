"""Answers that were computed elsewhere become a run."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

import typoattack as ta
from tests.real_data import FOLDER, needs_goh
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.results.given import read_answers

ROWS = [
    {"sample": "a", "kind": "clean", "label": "cat", "answer": "cat"},
    {"sample": "a", "kind": "note", "label": "cat", "answer": "dog", "word": "dog"},
    {"sample": "a", "kind": "note", "label": "cat", "answer": "cat", "word": "fish"},
    {"sample": "a", "kind": "empty", "label": "cat", "answer": "cat"},
    {"sample": "b", "kind": "clean", "label": "dog", "answer": "dog"},
    {"sample": "b", "kind": "note", "label": "dog", "answer": "fish", "word": "cat"},
    {"sample": "b", "kind": "empty", "label": "dog", "answer": "dog"},
    {"sample": "c", "kind": "clean", "label": "fish", "answer": "dog"},
    {"sample": "c", "kind": "note", "label": "fish", "answer": "dog", "word": "dog"},
]


def table() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS).fillna("")
    blank = frame["kind"] == "empty"
    return frame.assign(control=blank.map({True: "blank", False: ""})).assign(
        control_of=blank.map({True: "note", False: ""})
    )


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_the_figures_are_those_counted_by_hand(tmp_path: Path, ending: str) -> None:
    run = ta.score(write(table(), tmp_path / f"answers{ending}"), tmp_path / "run")
    (note,) = [s for s in run.summaries if s.recipe == 'as-given("note")']
    # a: one of two notes flips it; b: its one note; c was wrong when clean.
    assert note["flip_rate"].value == pytest.approx((0.5 + 1) / 2)
    assert note["targeted_success"].value == pytest.approx((0.5 + 0) / 2)
    assert note["says_word"].value == pytest.approx((0.5 + 0 + 1) / 3)
    assert note["accuracy_clean"].value == pytest.approx(2 / 3)
    assert note["accuracy_attacked"].value == pytest.approx((0.5 + 0 + 0) / 3)
    assert (note.rows, note.samples) == (4, 3)
    # The empty note stands beside the first note of a, and the one of b.
    assert note["reading_effect"].n == 0
    assert math.isnan(note["two_way_attacked"].value)
    assert math.isnan(note["margin_shift"].value)


def test_a_page_and_tables_are_written_and_say_that_the_answers_were_given(tmp_path: Path) -> None:
    run = ta.score(write(table(), tmp_path / "a.csv"), tmp_path / "run", name="theirs")
    page = run.report().read_text()
    assert "these answers were given" in page.lower()
    assert run.manifest["given"] is True
    assert (tmp_path / "run" / "summary.csv").is_file()


def test_probabilities_give_the_answer_and_what_stands_beside_it(tmp_path: Path) -> None:
    chances = [{"cat": 0.7, "dog": 0.2}, {"cat": 0.1, "dog": 0.6, "fish": 0.3}]
    frame = pd.DataFrame(
        {
            "sample": "a",
            "kind": ["clean", "note"],
            "label": "cat",
            "word": ["", "dog"],
            "probabilities": [json.dumps(one) for one in chances],
            "camera": "old",
        }
    )
    row = ta.score(write(frame, tmp_path / "a.csv"), tmp_path / "run").predictions.iloc[0]
    assert row["recipe"] == 'as-given("note")'
    assert row["top_prob"].tolist() == pytest.approx([0.6, 0.3, 0.1])
    assert (row["prob_label"], row["prob_word"]) == pytest.approx((0.1, 0.6))
    assert json.loads(row["facts"]) == {"camera": "old"}


def test_a_word_that_names_no_class_counts_for_no_target(tmp_path: Path) -> None:
    frame = table().assign(target=lambda f: f["word"].replace({"dog": "-", "cat": "fish"}))
    rows = ta.score(write(frame, tmp_path / "a.csv"), tmp_path / "run").outcomes
    rows = rows[rows["recipe"] == 'as-given("note")'].set_index(["sample", "word"])
    assert math.isnan(rows.loc[("a", "dog"), "targeted_success"])
    assert rows.loc[("b", "cat"), "targeted_success"] == 1


def test_two_runs_of_given_answers_are_compared(tmp_path: Path) -> None:
    many = pd.concat([table().assign(sample=lambda f, i=i: f["sample"] + str(i)) for i in range(5)])
    other = many.assign(answer=lambda f: f["label"], model="steady")
    for name, frame in (("one", many), ("two", other)):
        write(frame, tmp_path / f"{name}.csv")
        classes = ["cat", "dog", "fish"]
        ta.score(tmp_path / f"{name}.csv", tmp_path / name, class_names=classes)
    found = ta.compare(tmp_path / "one", tmp_path / "two")
    assert set(found.names) == {"given", "steady"}
    (note,) = [one for one in found.pairings if one.recipe == 'as-given("note")']
    assert (note.rate_a, note.rate_b) == (0.75, 0.0)


def changed(**cells: object) -> pd.DataFrame:
    frame = table()
    for name, value in cells.items():
        frame[name] = frame[name].astype(object) if name in frame else ""
        frame.loc[1, name] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (table().drop(columns="label"), "no column 'label'"),
        (table().drop(columns="answer"), "neither 'answer' nor 'probabilities'"),
        (table().iloc[:0], "there are none"),
        (changed(sample=""), "line 2: the cell of 'sample' is empty"),
        (changed(answer=""), "line 2: no answer"),
        (changed(probabilities="{"), "line 2: 'probabilities' is no JSON object"),
        (changed(probabilities="[1]"), "line 2: 'probabilities' must map"),
        (changed(probabilities='{"cat": 2}'), "line 2: the probability of 'cat' is 2"),
        (changed(replicate="-1"), "line 2: replicate '-1' is not a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_the_line(
    tmp_path: Path, frame: pd.DataFrame, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read_answers(write(frame, tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.concat([table(), table().iloc[:1]]), "'a' has two clean pictures"),
        (changed(control="blank", control_of="sticker"), "is of 'sticker', but no picture"),
        (table().assign(replicate="0"), "stands twice"),
    ],
)
def test_answers_that_contradict_each_other_are_refused_and_nothing_is_written(
    tmp_path: Path, frame: pd.DataFrame, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        ta.score(write(frame, tmp_path / "a.csv"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_label_outside_the_classes_given_is_refused(tmp_path: Path) -> None:
    path = write(table().query("answer != 'fish' and word != 'fish'"), tmp_path / "a.csv")
    with pytest.raises(UserError, match="the label 'fish' of 'c' is no class"):
        ta.score(path, tmp_path / "run", class_names=["cat", "dog"])


def test_the_command_shows_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(table(), tmp_path / "a.csv")
    with pytest.raises(SystemExit) as stop:
        main(["score", str(path), "--out", str(tmp_path / "run"), "--name", "theirs"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert "run folder" in told
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["suite"] == "theirs"


@needs_goh
def test_the_recorded_answers_of_a_published_clip_are_counted_by_hand(tmp_path: Path) -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    import goh2021_answers

    rows = list(goh2021_answers.lines(FOLDER / "goh2021"))
    pd.DataFrame(rows).to_csv(tmp_path / "answers.csv", index=False)
    run = ta.score(tmp_path / "answers.csv", tmp_path / "run")
    flips: dict[str, list[float]] = {}
    for number in (1, 2, 3):
        recorded = json.loads((FOLDER / "goh2021" / f"in_the_wild_{number}.json").read_text())
        for thing, notes in recorded.items():
            answers = {n: max(e["zero_shot_statistics"])[1] for n, e in notes.items()}
            label = notes["blank"]["zero_shot_statistics"][0][1]
            if answers["blank"] == label:
                flips[f"{number} {thing}"] = [
                    float(answer != label)
                    for note, answer in answers.items()
                    if note not in ("blank", thing)
                ]
    by_hand = sum(sum(one) / len(one) for one in flips.values()) / len(flips)
    (note,) = [
        s for s in run.summaries if s.recipe == 'as-given("note")' and s.model.endswith("zero-shot")
    ]
    assert note["flip_rate"].value == pytest.approx(by_hand)
    assert note["flip_rate"].n == len(flips) == 13
