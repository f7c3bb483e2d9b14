"""Print: it fills its room, wraps where that pays, shrinks, and says how large it came out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typoattack.drawing.fonts import families
from typoattack.drawing.lettering import Lettering, printed, set_lines
from typoattack.drawing.lines import fit

FACE = families()["roboto"].face(bold=True)


def tall(made: Lettering) -> int:
    """From the highest pixel of ink to the lowest."""
    _, top, _, bottom = made.ink.getbbox()
    return bottom - top


@settings(max_examples=80, deadline=None)
@given(
    st.text("abcdefghij klmnop ABC'-é", min_size=1, max_size=60).filter(str.strip),
    st.integers(1, 400),
    st.integers(1, 300),
)
def test_no_text_leaves_its_room(text: str, wide: int, high: int) -> None:
    made = printed(" ".join(text.split()), FACE, (wide, high))
    assert made.ink.width <= wide
    assert made.ink.height <= high
    assert made.em > 0


def test_a_short_word_fills_the_width_or_the_height() -> None:
    made = printed("pizza", FACE, (200, 400))
    assert made.ink.getbbox()[2] > 180
    made = printed("pizza", FACE, (1000, 60))
    assert tall(made) > 48


def test_a_long_name_wraps_at_spaces_before_it_shrinks() -> None:
    lines, em = fit(FACE, "German shepherd dog", (200, 100))
    assert lines == ("German", "shepherd dog")
    assert em > fit(FACE, "Germanxshepherdxdog", (200, 100))[1]


def test_a_hyphen_ends_a_line_only_where_it_may() -> None:
    assert fit(FACE, "jack-o'-lantern", (100, 100))[0] == ("jack-o'-lantern",)
    lines, _ = fit(FACE, "jack-o'-lantern", (100, 100), hyphens=True)
    assert lines in (("jack-", "o'-", "lantern"), ("jack-o'-", "lantern"))
    lines, _ = fit(FACE, "wire-haired fox terrier", (90, 120), hyphens=True)
    assert " ".join(lines).replace("- ", "-") == "wire-haired fox terrier"


def test_a_very_long_word_is_drawn_very_small() -> None:
    made = printed("x" * 10_000, FACE, (300, 100))
    assert made.ink.width <= 300
    assert made.em < 1


def test_the_size_reported_is_the_size_of_the_letters() -> None:
    for room in ((120, 60), (360, 180)):
        made = printed("HHH", FACE, room)
        assert tall(made) / made.em == pytest.approx(0.71, abs=0.04)  # Roboto's capitals


def test_a_limit_on_the_size_is_kept() -> None:
    assert printed("pizza", FACE, (400, 400), em=30).em == 30


def test_the_outline_encloses_the_letters() -> None:
    made = printed("pizza", FACE, (300, 100), outline=0.08)
    ink, outline = np.asarray(made.ink), np.asarray(made.outline)
    assert ink.shape == outline.shape
    assert (outline >= ink).all()
    assert (outline > 0).sum() > 1.2 * (ink > 0).sum()


def test_stacked_letters_stand_one_below_the_other() -> None:
    made = printed("iiii", FACE, (50, 300), stacked=True)
    left, top, right, bottom = made.ink.getbbox()
    assert bottom - top > 5 * (right - left)
    assert made.written == "iiii"


def test_accents_above_capitals_are_not_cut_off() -> None:
    made = printed("É", FACE, (200, 200))
    plain = printed("E", FACE, (200, 200), em=made.em)
    accented = set_lines(FACE, ("É",), made.em, (400, 400))
    assert np.asarray(accented.ink).sum() > 1.05 * np.asarray(plain.ink).sum()
    assert accented.ink.getbbox()[1] <= 2


def test_lines_that_start_at_the_left_do() -> None:
    made = set_lines(FACE, ("wide wide", "i"), 40, (400, 400), centred=False)
    lower = np.asarray(made.ink)[made.ink.height // 2 :]
    assert np.flatnonzero(lower.any(axis=0))[0] < 8
