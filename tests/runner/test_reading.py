"""Word-only pictures: what is drawn, what is asked, and that it stands beside a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import typoattack
from typoattack.core.errors import UserError
from typoattack.drawing.fonts import families
from typoattack.results.folder import RunFolder
from typoattack.results.merge import merge
from typoattack.results.reading import READING, read_reading, write_reading
from typoattack.runner.options import RunOptions
from typoattack.runner.reading import CANDIDATES, ask_to_read, draw_word_picture, word_pictures
from typoattack.suite import load_suite
from typoattack.task import Task
from typoattack.words import vocabulary


def test_fewer_pictures_are_the_first_of_more_and_another_seed_has_others() -> None:
    assert word_pictures(30, 0) == word_pictures(60, 0)[:30]
    assert word_pictures(30, 0) != word_pictures(30, 1)


def test_no_word_comes_again_before_all_have_come() -> None:
    pictures = word_pictures(2 * len(vocabulary()), 5)
    first = [picture.word for picture in pictures[: len(vocabulary())]]
    assert sorted(first) == sorted(vocabulary())
    assert first != [picture.word for picture in pictures[len(vocabulary()) :]]


def test_candidates_are_of_much_the_same_length_and_hold_the_word_once() -> None:
    for picture in word_pictures(100, 0):
        assert len(set(picture.candidates)) == len(picture.candidates) == CANDIDATES
        assert picture.word in picture.candidates
        assert max(abs(len(word) - len(picture.word)) for word in picture.candidates) <= 2


def test_where_the_word_stands_among_the_candidates_tells_nothing() -> None:
    places = [p.candidates.index(p.word) for p in word_pictures(270, 0)]
    assert 0.35 < np.mean(places) / (CANDIDATES - 1) < 0.65


def test_every_form_size_and_sort_of_font_comes_up() -> None:
    pictures = word_pictures(100, 0)
    assert {p.form for p in pictures} == {"word", "sentence"}
    assert {families()[p.face.family].style for p in pictures} == {"printed", "handwriting"}
    assert len({p.size for p in pictures}) == 3


@pytest.mark.parametrize("side", [96, 448])
def test_the_letters_lie_whole_on_the_canvas_in_the_colours_of_the_style(side: int) -> None:
    for picture in word_pictures(12, 3):
        image, size = draw_word_picture(picture, side)
        pixels = np.asarray(image)
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert len(np.unique(edge, axis=0)) == 1
        assert (pixels != edge[0]).any()
        assert 0 < size <= picture.size + 1e-6


def test_the_same_picture_is_drawn_each_time() -> None:
    for picture in word_pictures(6, 0):
        assert draw_word_picture(picture, 96)[0] == draw_word_picture(picture, 96)[0]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> typoattack.Run:
    out = tmp_path_factory.mktemp("reads") / "run"
    return _run(out, reads=40)


def _run(out: Path, **changes: object) -> typoattack.Run:
    asked = {"model": ["mini", "mini-blind"], "recipes": ["printed-label"], "controls": []}
    return typoattack.run("quick", **(asked | {"limit": 3, "out": out} | changes))  # type: ignore[arg-type]


def test_mini_reads_and_mini_blind_guesses(read: typoattack.Run) -> None:
    sighted, blind = read.reading
    assert (sighted.model, blind.model) == ("mini", "mini-blind")
    assert sighted.reads.low > 0.5
    assert blind.reads.low < blind.chance < blind.reads.high
    assert blind.chance == 1 / CANDIDATES


def test_the_table_says_of_every_picture_what_was_picked(read: typoattack.Run) -> None:
    table = read_reading(read.path)
    assert table is not None
    assert len(table) == 80
    for row in table.itertuples():
        assert row.picked in list(row.candidates)
        assert row.read == (row.picked == row.word)
        assert row.word in row.written
    both = [rows["pixels"].tolist() for _, rows in table.groupby("model")]
    assert both[0] == both[1]


def test_no_figure_of_the_attacks_counts_it_and_a_finished_run_can_be_asked_later(
    read: typoattack.Run, tmp_path: Path
) -> None:
    before = _run(tmp_path / "run")
    assert not before.reading
    assert before.predictions.equals(read.predictions)
    later = _run(tmp_path / "run", reads=40)
    assert later.reading == read.reading
    written = (later.path / READING).stat().st_mtime_ns
    assert _run(tmp_path / "run", reads=40).reading == read.reading
    assert (later.path / READING).stat().st_mtime_ns == written
    assert len(read_reading(_run(tmp_path / "run", reads=10).path)) == 20  # type: ignore[arg-type]


def test_answers_about_other_pictures_are_not_taken_for_these(
    read: typoattack.Run, tmp_path: Path
) -> None:
    """As where the vocabulary or a font came from another version."""
    run = _run(tmp_path / "run", reads=40)
    table = read_reading(run.path)
    assert table is not None
    table.loc[3, "written"] = "another word"
    write_reading(run.path, table)
    assert _run(tmp_path / "run", reads=40).reading == read.reading
    again = read_reading(run.path)
    assert again is not None
    assert "another word" not in set(again["written"])


def test_shards_ask_once_and_the_merged_run_has_the_answers(
    read: typoattack.Run, tmp_path: Path
) -> None:
    parts = [_run(tmp_path / f"{n}", reads=40, shard=f"{n}/2").path for n in (1, 2)]
    assert [(part / READING).is_file() for part in parts] == [True, False]
    merged = typoattack.Run(merge(parts, tmp_path / "whole"))
    assert merged.reading == read.reading
    (parts[0] / READING).unlink()  # killed behind its last photograph
    with pytest.raises(UserError, match="has not been asked to read yet; run its command again"):
        merge(parts, tmp_path / "again")


def test_a_model_that_knows_only_its_own_classes_is_left_out(tmp_path: Path) -> None:
    class Probed:
        name = "mini + probe"

        def answers(self, task: Task) -> bool:
            return set(task.class_names) <= {"cat", "dog"}

    suite = replace(load_suite("quick"), reads=5)
    ask_to_read(suite, [Probed()], RunFolder(tmp_path), RunOptions())  # type: ignore[list-item]
    assert read_reading(tmp_path) is None


def test_damaged_answers_are_refused_with_the_file(read: typoattack.Run, tmp_path: Path) -> None:
    (tmp_path / READING).write_bytes((read.path / READING).read_bytes()[:-50])
    with pytest.raises(UserError, match=r"reading.parquet.* is damaged.*delete it"):
        read_reading(tmp_path)
