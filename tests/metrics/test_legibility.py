"""The written word is read back by a real text recogniser, once a picture."""

import functools
import socket
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import BLANK, clean, table
from PIL import Image, ImageDraw

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.metrics import legibility
from typoattack.metrics.legibility import (
    LEGIBILITY,
    Line,
    Reader,
    match,
    read_back,
    read_legibility,
    with_legibility,
    within_one_edit,
    write_legibility,
)
from typoattack.metrics.summaries import summarise
from typoattack.recipes import parse_recipe

ocr = pytest.importorskip("rapidocr", reason="the extra ocr is not installed")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def _drawn(recipe: str, word: str) -> Image.Image:
    canvas = Image.new("RGB", (448, 448), "#7b8a6f")
    return parse_recipe(recipe)(canvas, word, stream("test", recipe)).image


def _lines(*texts: str) -> list[Line]:
    return [Line(text, 0.9) for text in texts]


@pytest.mark.parametrize("recipe", ["printed-label", "plain-overlay(size=0.2)"])
def test_print_is_read_back(reader: Reader, recipe: str) -> None:
    lines = reader.read("", lambda: _drawn(recipe, "piggy bank"))
    assert lines is not None
    score = match("piggy bank", lines)
    assert score is not None
    assert score > 0.8
    assert match("castle", lines) is None


def test_what_is_too_small_to_read_is_not_read(reader: Reader) -> None:
    lines = reader.read("", lambda: _drawn("printed-label(size=0.03)", "piggy bank"))
    assert lines is not None
    assert match("piggy bank", lines) is None


def test_a_picture_without_text_has_no_lines(reader: Reader) -> None:
    assert reader.read("", lambda: Image.new("RGB", (448, 448), "gray")) == []


def test_reading_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    legibility._engine.cache_clear()
    assert Reader().read("", lambda: _drawn("printed-label", "pizza"))


def test_a_picture_is_read_once_for_all_models_and_runs(tmp_path: Path) -> None:
    painted: list[str] = []

    def paint() -> Image.Image:
        painted.append("once")
        return _drawn("printed-label", "pizza")

    for _ in range(2):
        with Reader(tmp_path / "deep" / "readings.sqlite") as reader:
            for _ in range(2):
                lines = reader.read("fingerprint", paint)
                assert match("pizza", lines or []) is not None
    assert painted == ["once"]


@pytest.mark.parametrize("damage", [b"not a database", b""])
def test_a_damaged_cache_is_done_without(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "readings.sqlite"
    path.write_bytes(damage)
    with Reader(path) as reader:
        assert reader.read("x", lambda: _drawn("printed-label", "pizza"))


def test_a_damaged_entry_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    with Reader(path) as reader:
        reader.read("x", lambda: _drawn("printed-label", "pizza"))
    with sqlite3.connect(path) as store:
        store.execute("UPDATE readings SET lines = '[[1]]'")
    with Reader(path) as reader:
        assert match("pizza", reader.read("x", lambda: _drawn("printed-label", "pizza")) or [])


ROWS = table(
    clean(sample="a", pixels="p0"),
    {"sample": "a", "pixels": "p1", "word": "pizza", "written": "pizza", "predicted": 1},
    {"sample": "a", "pixels": "p1", "word": "pizza", "written": "pizza", "model": "other"},
    {"sample": "b", "pixels": "p2", "word": "castle", "written": "castle"},
    {"sample": "c", "pixels": "p3", "word": "gone", "written": "gone"},
    {**BLANK, "sample": "a", "pixels": "p4", "control_of": "printed-label"},
)


def _paint(row: Mapping[str, Any]) -> Image.Image | None:
    """`castle` is drawn too small to read, and `gone` cannot be drawn again."""
    if row["word"] == "gone":
        return None
    size = 0.02 if row["word"] == "castle" else 0.6
    return _drawn(f"printed-label(size={size})", row["word"])


def test_a_run_is_read_back_and_joins_its_predictions(reader: Reader, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    read = read_back(ROWS, _paint, reader, lambda done, total: told.append((done, total)))
    assert read[["pixels", "readable"]].values.tolist() == [["p1", True], ["p2", False]]
    assert told == [(1, 3), (2, 3), (3, 3)]
    write_legibility(tmp_path, read)
    again = read_legibility(tmp_path)
    assert again is not None
    joined = with_legibility(ROWS, again)
    assert [None if pd.isna(x) else bool(x) for x in joined["readable"]] == [
        None, True, True, False, None, None,
    ]  # fmt: skip
    attack = next(s for s in summarise(joined) if (s.model, s.family) == ("m", "attack"))
    assert (attack["legible_share"].value, attack["legible_share"].n) == (0.5, 2)
    assert (attack["flip_rate_legible"].value, attack["flip_rate_legible"].n) == (1.0, 1)


class _Listed:
    """A reader that knows what stands on each picture, and notes which it was asked about."""

    def __init__(self, known: dict[str, list[Line] | None]) -> None:
        self.known = known
        self.asked: list[str] = []

    def read(self, fingerprint: str, paint: object) -> list[Line] | None:
        self.asked.append(fingerprint)
        return self.known[fingerprint]


def test_pictures_with_text_are_read_once_and_those_that_are_gone_left_out() -> None:
    rows = table(
        clean(sample="a", pixels="c"),
        {"sample": "a", "pixels": "p", "written": "pizza"},
        {"sample": "a", "pixels": "p", "written": "pizza", "model": "other"},
        {"sample": "b", "pixels": "q", "written": "castle"},
        {"sample": "c", "pixels": "gone", "written": "castle"},
        {"sample": "a", "pixels": "b", **BLANK},
    )
    known = {"p": [Line("my pizza", 0.8), Line("yes", 0.7)], "q": _lines("other"), "gone": None}
    reader, told = _Listed(known), []
    read = read_back(rows, lambda _: None, reader, lambda *done: told.append(done))  # type: ignore[arg-type]
    assert reader.asked == ["p", "q", "gone"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert read["pixels"].tolist() == ["p", "q"]
    assert read["readable"].tolist() == [True, False]
    assert read["text"].tolist() == ["my pizza / yes", "other"]
    assert read["score"].fillna(-1).tolist() == [0.8, -1]
    joined = with_legibility(rows, read)["readable"]
    assert [None if x is pd.NA else bool(x) for x in joined] == [
        None,
        True,
        True,
        False,
        None,
        None,
    ]


def test_the_store_keeps_lines_by_picture_and_reader(tmp_path: Path) -> None:
    store = legibility._Store(tmp_path / "deep" / "readings.sqlite")
    store.put("p", "reader 1", [Line("Käse", 0.5)])
    store.put("p", "reader 2", [])
    assert store.get("p", "reader 1") == [Line("Käse", 0.5)]
    assert store.get("p", "reader 2") == []
    assert store.get("p", "reader 3") is None
    store.put("p", "reader 1", [Line("new", 0.1)])
    assert store.get("p", "reader 1") == [Line("new", 0.1)]
    store.close()
    again = legibility._Store(tmp_path / "deep" / "readings.sqlite")
    assert again.get("p", "reader 1") == [Line("new", 0.1)]
    again.close()
    assert again.get("p", "reader 1") is None
    none = legibility._Store(None)
    none.put("p", "r", [])
    assert none.get("p", "r") is None


def test_a_run_without_the_table_has_none_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    assert read_legibility(tmp_path) is None
    (tmp_path / LEGIBILITY).write_bytes(b"PAR1 nonsense")
    with pytest.raises(UserError, match="is damaged"):
        read_legibility(tmp_path)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Piggy Bank", ["piggy bank"]),
        ("piggy bank", ["PIGGY", "BANK"]),
        ("piggy bank", ["pig gy bank"]),
        ("piggy bank", ["piggybamk"]),
        ("traffic light", ["STOP", "traffic", "light", "exit"]),
        ("ice-cream", ["ice cream"]),
        ("cat", ["Cat"]),
        ("$$$", ["$$$"]),
        ("ピザ", ["ピザ"]),
    ],
)
def test_what_was_read_right_counts(written: str, read: list[str]) -> None:
    assert match(written, _lines(*read)) == 0.9


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("piggy bank", ["piggy"]),
        ("piggy bank", ["piggx bamk"]),
        ("cat", ["cap"]),
        ("castle", ["castles and other things".replace("castles", "xcastles")]),
        ("a", []),
        ("", ["anything"]),
    ],
)
def test_what_was_read_wrong_does_not(written: str, read: list[str]) -> None:
    assert match(written, _lines(*read)) is None


def test_a_word_torn_into_more_pieces_than_spaces_allow_was_not_read() -> None:
    assert match("pizza", _lines("pi zza")) == 0.9
    assert match("pizza", _lines("pi z za")) is None


def test_the_surest_place_of_a_repeated_word_counts() -> None:
    lines = [Line("pizza", 0.6), Line("pizza", 0.95), Line("other", 1.0)]
    assert match("pizza", lines) == 0.95


@settings(deadline=None)
@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_what_levenshtein_says(a: str, b: str) -> None:
    assert within_one_edit(a, b) == within_one_edit(b, a) == (_levenshtein(a, b) <= 1)


@functools.cache
def _levenshtein(a: str, b: str) -> int:
    if not a or not b:
        return len(a) + len(b)
    costs = [
        _levenshtein(a[1:], b) + 1,
        _levenshtein(a, b[1:]) + 1,
        _levenshtein(a[1:], b[1:]) + (a[0] != b[0]),
    ]
    return min(costs)


def test_the_extra_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    legibility._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(UserError, match=r"pip install 'typoattack\[ocr\]'"):
        Reader()


def test_text_drawn_by_hand_over_the_whole_picture_is_found(reader: Reader) -> None:
    image = Image.new("RGB", (300, 100), "white")
    ImageDraw.Draw(image).text((10, 30), "HELLO", fill="black", font_size=40)
    assert match("hello", reader.read("", lambda: image) or []) is not None
