"""Handwriting: no two letters alike, within its room, the same for the same stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typoattack.core.randomness import stream
from typoattack.drawing.fonts import families
from typoattack.drawing.handwriting import Pen, handwritten, stroke_width

FACE = families()["patrick-hand"].face(bold=True)


def columns(mask: np.ndarray) -> list[np.ndarray]:
    """The letters of a mask, cut where no ink stands, each tight."""
    filled = (mask > 40).any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]])))
    return [mask[:, a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


@settings(max_examples=40, deadline=None)
@given(
    st.text("abcdef ghij", min_size=1, max_size=40).filter(str.strip),
    st.integers(1, 300),
    st.integers(1, 200),
    st.integers(0, 1000),
)
def test_no_hand_leaves_its_room(text: str, wide: int, tall: int, seed: int) -> None:
    made = handwritten(" ".join(text.split()), FACE, (wide, tall), stream(seed))
    assert made.ink.width <= wide
    assert made.ink.height <= tall


def test_the_same_stream_writes_the_same_pixels() -> None:
    first = handwritten("pizza", FACE, (200, 100), stream(1))
    again = handwritten("pizza", FACE, (200, 100), stream(1))
    other = handwritten("pizza", FACE, (200, 100), stream(2))
    assert first.ink.tobytes() == again.ink.tobytes()
    assert first.ink.tobytes() != other.ink.tobytes()


def test_equal_letters_come_out_unequal() -> None:
    made = np.asarray(handwritten("o o o o o", FACE, (400, 100), stream(3)).ink)
    letters = columns(made)
    assert len(letters) == 5
    sizes = {(part.shape[1], tuple(np.flatnonzero(part.any(axis=1))[[0, -1]])) for part in letters}
    assert len(sizes) >= 4, "widths, heights and baselines must differ"


def test_without_wobble_equal_letters_are_equal_in_size() -> None:
    made = np.asarray(handwritten("o o o o", FACE, (400, 100), stream(3), wobble=0).ink)
    heights = {int(np.flatnonzero((part > 60).any(axis=1)).size) for part in columns(made)}
    assert max(heights) - min(heights) <= 1


def test_the_pen_presses_unevenly() -> None:
    inks = [np.asarray(handwritten("lllllll", FACE, (400, 120), stream(s)).ink) for s in range(6)]
    full = [np.percentile(ink[ink > 120], 90) for ink in inks]
    assert max(full) - min(full) > 3
    assert min(full) > 150, "and yet stays dark enough to be read"


def test_a_turn_makes_the_mask_taller() -> None:
    flat = handwritten("banana bread", FACE, (300, 60), stream(4))
    turned = handwritten("banana bread", FACE, (300, 60), stream(4), angle=20)
    assert turned.ink.height > 1.5 * flat.ink.height
    assert turned.em == flat.em


@pytest.mark.parametrize("name", [n for n, f in families().items() if f.style == "handwriting"])
def test_every_hand_writes_legibly_dark(name: str) -> None:
    made = handwritten("Pizza", families()[name].face(bold=True), (240, 120), stream(5))
    ink = np.asarray(made.ink)
    assert 0.02 < (ink > 128).mean() < 0.5


@settings(max_examples=40, deadline=None)
@given(
    st.text("abcdef -ghij", min_size=1, max_size=40).filter(str.strip),
    st.integers(1, 300),
    st.integers(1, 200),
    st.floats(0, 20),
)
def test_no_pen_leaves_the_room(text: str, wide: int, tall: int, width: float) -> None:
    pen = Pen(width, 0.7, hyphens=True)
    made = handwritten(" ".join(text.split()), FACE, (wide, tall), stream(1), pen=pen)
    assert made.ink.width <= wide
    assert made.ink.height <= tall


def test_a_pen_is_no_thinner_where_letters_are_small() -> None:
    thin = families()["reenie-beanie"].face(bold=True)

    def ink(pen: Pen) -> float:
        made = handwritten("rhinoceros", thin, (150, 100), stream(2), wobble=0, pen=pen)
        return float((np.asarray(made.ink) > 120).sum()) / made.em**2

    assert ink(Pen(width=4)) > 1.3 * ink(Pen())
    assert stroke_width(thin) < stroke_width(families()["permanent-marker"].face(bold=True))


def test_a_pen_keeps_the_thin_strokes_of_ideographs() -> None:
    """They are thinner than the font's Latin letters, and were worn away like those."""
    face = families()["noto-sans-sc"].face(bold=True)

    def ink(word: str, pen: Pen) -> float:
        made = handwritten(word, face, (120, 60), stream(2), wobble=0, pen=pen)
        return float((np.asarray(made.ink) > 120).sum()) / made.em**2

    thin = Pen(width=1, most=4)
    assert ink("鹦鹉", thin) > 0.85 * ink("鹦鹉", Pen())
    assert ink("T鹦", thin) > 0.85 * ink("T鹦", Pen())


def test_a_long_word_is_narrowed_rather_than_low() -> None:
    plain = handwritten("rhinoceros", FACE, (150, 100), stream(2))
    narrowed = handwritten("rhinoceros", FACE, (150, 100), stream(2), pen=Pen(narrow=0.7))
    assert narrowed.em > 1.25 * plain.em
    short = [
        handwritten("ox", FACE, (400, 60), stream(2), pen=pen).em
        for pen in (Pen(), Pen(narrow=0.7))
    ]
    assert short[0] == short[1], "a word that fills the height stays as it is"
