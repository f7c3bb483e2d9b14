"""Colours by name: one table for the basic terms, far apart."""

import itertools
import math

import pytest

from typoattack.core.errors import UserError
from typoattack.drawing.colours import BASIC, INK, PAPER, colour


def test_there_are_eleven_basic_terms_far_apart() -> None:
    assert len(BASIC) == 11
    pairs = itertools.combinations(BASIC.values(), 2)
    assert min(math.dist(one, other) for one, other in pairs) > 80


def test_the_first_table_that_has_a_name_wins() -> None:
    assert colour("blue") == BASIC["blue"]
    assert colour("blue", INK, BASIC) == INK["blue"]
    assert colour("kraft", BASIC, PAPER) == PAPER["kraft"]


def test_hexadecimal_colours_are_read() -> None:
    assert colour("#FF8000") == (255, 128, 0)


@pytest.mark.parametrize("name", ["mauve", "#ff80", "#gg0000", ""])
def test_unknown_colours_are_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError, match=r"use #rrggbb or one of black, white"):
        colour(name)
