"""Stroop cards: every word in every ink, and the ink is what is seen."""

from collections import Counter

import numpy as np
import pytest

from typoattack.drawing.colours import BASIC
from typoattack.drawing.stroop import COLOURS, GROUNDS, Card, deck, grounds_for


def test_a_deck_has_every_word_in_every_ink_in_each_font() -> None:
    cards = list(deck(("roboto", "tinos")))
    assert Counter(card.condition for card in cards) == {
        "congruent": 2 * 11,
        "incongruent": 2 * 110,
        "neutral": 2 * 11,
        "colour-only": 2 * 11,
    }
    assert len({card.id for card in cards}) == len(cards)


def test_every_ink_stands_out_on_some_ground() -> None:
    for ink in COLOURS:
        assert grounds_for(ink)
    assert "light" not in grounds_for("white")
    assert "middle" not in grounds_for("grey")


@pytest.mark.parametrize("word", ["red", "XXXX", ""])
def test_a_card_shows_its_ink_on_its_ground_and_nothing_else(word: str) -> None:
    pixels = np.asarray(Card(word, "blue", "roboto", "light").draw(120)).reshape(-1, 3)
    found = Counter(map(tuple, pixels.tolist())).most_common(2)
    assert found[0][0] == GROUNDS["light"]
    assert found[1][0] == BASIC["blue"]


def test_two_words_in_one_ink_look_different() -> None:
    one = Card("red", "blue", "roboto", "light").draw(120)
    other = Card("green", "blue", "roboto", "light").draw(120)
    assert one.tobytes() != other.tobytes()
