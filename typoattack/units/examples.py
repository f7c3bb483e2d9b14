"""What excites a unit most: photographs, and words averaged over fonts and places."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.units.cards import WordCards
from typoattack.units.recording import Values

_UNITS = 512


@dataclass(frozen=True, slots=True)
class Top:
    """The strongest few of some things, for each unit.

    Attributes:
        which: (units, k) indices, strongest first.
        values: (units, k) what the unit answers to each.
        least: (units,) the lowest answer to any; what is no stronger excites nothing.
    """

    which: NDArray[np.int64]
    values: NDArray[np.float32]
    least: NDArray[np.float32]

    def exciting(self, unit: int) -> list[tuple[int, float]]:
        """The index and answer of each of the unit's strongest that stands above its lowest."""
        pairs = zip(self.which[unit].tolist(), self.values[unit].tolist(), strict=True)
        return [(index, value) for index, value in pairs if value > self.least[unit]]


def strongest(values: Values, k: int) -> Top:
    """The `k` rows that excite each unit of `values` (n, units) most; ties in order."""
    k = min(k, values.shape[0])
    which, found, least = [], [], []
    for start in range(0, values.shape[1], _UNITS):
        part = np.asarray(values[:, start : start + _UNITS])
        order = np.argsort(-part, axis=0, kind="stable")[:k]
        which.append(order.T)
        found.append(np.take_along_axis(part, order, axis=0).T)
        least.append(part.min(axis=0))
    return Top(np.concatenate(which), np.concatenate(found), np.concatenate(least))


def word_answers(cards: WordCards, values: Values) -> Values:
    """(n_words, units): each word's answer, averaged over fonts, places and grounds."""
    by_font = np.asarray(values).reshape(len(cards.words), len(cards.fonts), -1)
    mean: Values = by_font.mean(axis=1)
    return mean


def top_words(cards: WordCards, values: Values, k: int = 8) -> tuple[Top, Values]:
    """The words that excite each unit most, and all words' standard scores (n_words, units).

    A standard score says how far a word lies above the unit's mean over words, in deviations;
    0 for a unit that answers to all alike.
    """
    answers = word_answers(cards, values)
    spread = answers.std(axis=0)
    standard = (answers - answers.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return strongest(answers, k), standard.astype(np.float32)


def words_frame(layer: str, cards: WordCards, values: Values, k: int = 8) -> pd.DataFrame:
    """One row a unit and word: the `k` words that excite it most."""
    top, standard = top_words(cards, values, k)
    units, kept = top.which.shape
    unit = np.repeat(np.arange(units), kept)
    which = top.which.ravel()
    made: pd.DataFrame = pd.DataFrame(
        {
            "layer": layer,
            "unit": unit,
            "rank": np.tile(np.arange(1, kept + 1), units),
            "word": np.asarray(cards.words, dtype=object)[which],
            "answer": top.values.ravel(),
            "standard_score": standard[which, unit],
        }
    )
    return made
