"""Which units do what: the multimodal, the text and the colour score of every unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.fonts import tidy
from typoattack.units.auroc import (
    Draw,
    Floats,
    Groups,
    auroc,
    false_discovery,
    permutation_p,
    ranks,
    shuffled_labels,
    swapped_pairs,
)
from typoattack.units.cards import ColourCards, WordCards
from typoattack.units.finished import Arrays
from typoattack.units.photographs import Photographs, check_comparable, rows_by_class
from typoattack.units.recording import Values

PERMUTATIONS = 9999

LEVEL = 0.05
"""The false discovery rate at which a unit counts as found."""

_TESTS = {"multimodal": ("photographs", "written names"), "colour": ("inks", "names")}

_DEALS = 199
"""How often names are dealt out at random."""

_UNITS = 512
"""Units worked out at a time: bounds memory, not the result."""


@dataclass(frozen=True, slots=True)
class UnitScores:
    """One score of every unit of a layer.

    Attributes:
        kind: `text`, `multimodal` or `colour`.
        groups: what a unit may stand for: class or colour names; `("text",)`.
        first: (groups, units) AUROC for the first of two tests (photographs, inks), or the only.
        second: (groups, units) AUROC for the second (written words); the first where there is one.
        best: (units,) index of the group with the largest score.
        p: (units,) p-value of the best group's score, corrected for the number of groups.
        q: (units,) after Benjamini and Hochberg over the layer's units.
        q_first: (units,) the same of the first test alone, by each unit's best group in it.
        q_second: (units,) of the second alone.
        permutations: (units,) how many stand behind p.
        by_chance: how many units pass when the names are dealt out among the groups at random, one
            number a deal; empty where there is one test. Units answer to the look of a word, its
            length and letters, without reading it: only what is more than this says that they
            answer to what it means.
    """

    kind: str
    groups: tuple[str, ...]
    first: Floats = field(repr=False)
    second: Floats = field(repr=False)
    best: NDArray[np.int64] = field(repr=False)
    p: Floats = field(repr=False)
    q: Floats = field(repr=False)
    q_first: Floats = field(repr=False)
    q_second: Floats = field(repr=False)
    permutations: NDArray[np.int64] = field(repr=False)
    by_chance: NDArray[np.int64] = field(repr=False)

    @property
    def by_group(self) -> Floats:
        """(groups, units): the smaller of both AUROCs."""
        return np.asarray(np.minimum(self.first, self.second))

    @property
    def score(self) -> Floats:
        """(units,): the best group's score."""
        return np.asarray(self.by_group.max(axis=0))

    def arrays(self) -> Arrays:
        """Everything but the kind, for a file; `from_arrays` is the way back."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: np.asarray(value) for name, value in named if name != "kind"}

    @classmethod
    def from_arrays(cls, kind: str, held: Arrays) -> "UnitScores":
        """What `arrays` gave away."""
        rest = {name: value for name, value in held.items() if name != "groups"}
        return cls(kind, tuple(map(str, held["groups"])), **rest)

    def order(self) -> NDArray[np.int64]:
        """Units from the highest score to the lowest."""
        return np.argsort(-self.score, kind="stable")

    def found(self, level: float = LEVEL) -> NDArray[np.int64]:
        """The units that pass the false discovery rate `level`, best first."""
        order = self.order()
        return order[self.q[order] <= level]

    def halves(self, level: float = LEVEL) -> str:
        """How many units pass by each of two tests alone, and by both with other names, in words.

        Empty where there is one test.
        """
        tests = _TESTS.get(self.kind)
        if tests is None:
            return ""
        first, second = (int((q <= level).sum()) for q in (self.q_first, self.q_second))
        return (
            f"By {tests[0]} alone {first:,} pass, by {tests[1]} alone {second:,}; with the names "
            f"dealt out at random {self.by_chance.mean():,.1f} pass by both on average "
            f"(p = {self.p_of_count():.2g})."
        )

    def p_of_count(self, level: float = LEVEL) -> float:
        """How often names dealt out at random let as many units pass; NaN where there is one test.

        (b + 1) / (m + 1) over the deals.
        """
        if not len(self.by_chance):
            return float("nan")
        as_many = int((self.by_chance >= len(self.found(level))).sum())
        return (as_many + 1) / (len(self.by_chance) + 1)

    def frame(self, layer: str) -> pd.DataFrame:
        """One row a unit."""
        rows = np.arange(len(self.best))
        made: pd.DataFrame = pd.DataFrame(
            {
                "layer": layer,
                "unit": rows,
                "kind": self.kind,
                "stands_for": [self.groups[i] for i in self.best],
                "score": self.score,
                "auroc_first": self.first[self.best, rows],
                "auroc_second": self.second[self.best, rows],
                "p": self.p,
                "q": self.q,
                "q_first": self.q_first,
                "q_second": self.q_second,
                "permutations": self.permutations,
            }
        )
        return made

    def by_group_frame(self, layer: str) -> pd.DataFrame:
        """One row a unit and group."""
        groups, units = self.first.shape
        made: pd.DataFrame = pd.DataFrame(
            {
                "layer": layer,
                "unit": np.tile(np.arange(units), groups),
                "kind": self.kind,
                "group": np.repeat(np.asarray(self.groups, dtype=object), units),
                "auroc_first": self.first.ravel(),
                "auroc_second": self.second.ravel(),
                "score": self.by_group.ravel(),
            }
        )
        return made


@dataclass(frozen=True, slots=True)
class _Test:
    """One half of a score: pictures, the groups they fall in, and what chance may exchange."""

    values: Values
    groups: Groups
    draw: Draw
    name: str

    def run(self, permutations: int, seed: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """AUROC and p (groups, units), and permutations (units,), a part of the units at once."""
        parts = []
        for start in range(0, self.values.shape[1], _UNITS):
            ranked = ranks(np.asarray(self.values[:, start : start + _UNITS]))
            # The same stream for every part: the result does not depend on how units are cut.
            rng = stream(seed, "permutations", self.name)
            tested = permutation_p(ranked, self.groups, self.draw, rng, permutations=permutations)
            parts.append((auroc(ranked, self.groups), tested.p, tested.permutations))
        first, p, done = zip(*parts, strict=True)
        return np.hstack(first), np.hstack(p), np.concatenate(done)


def text_scores(
    with_words: Values, blanks: Values, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> UnitScores:
    """How well each unit tells any word from the same label without one.

    Args:
        with_words: (n, units), the answers to word cards.
        blanks: (n, units), to their blanks, in the same order.
        permutations: see `typoattack.units.auroc.permutation_p`; a card may be swapped with its
            own blank.
        seed: keys the permutations.
    """
    n = len(with_words)
    both = np.concatenate([with_words, blanks])
    groups = (np.arange(2 * n) < n)[None]
    found, p, done = _Test(both, groups, swapped_pairs(n), "text").run(permutations, seed)
    best = np.zeros(found.shape[1], dtype=np.int64)
    q = false_discovery(p[0])
    none = np.zeros(0, dtype=np.int64)
    return UnitScores("text", ("text",), found, found, best, p[0], q, q, q, done, none)


def multimodal_scores(
    photographs: Photographs,
    seen: Values,
    cards: WordCards,
    read: Values,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> UnitScores:
    """How well each unit tells a class's photographs, and the class's written name, from others.

    A unit's score for a class is the smaller of the two AUROCs. It stands for a class only if
    both are more than chance, so its p-value is the larger of both (the intersection-union test,
    Berger 1982). After Goh et al. 2021, which found such units by eye.

    Args:
        photographs: at least two a class.
        seen: (n_photographs, units).
        cards: contain the name of every class that has photographs.
        read: (n_cards, units).
        permutations: photographs exchange their labels, cards of one font their words.
        seed: keys the permutations.

    Raises:
        UserError: with fewer than two classes, or one photograph of some class.
    """
    check_comparable(photographs)
    classes = photographs.classes
    names = tuple(photographs.class_names[label] for label in classes)
    written = rows_by_class(cards.word_of, _places(names, cards.words))
    shown = rows_by_class(photographs.labels, classes)
    everywhere = np.zeros(len(photographs), dtype=np.int64)
    pictures = _Test(seen, shown, shuffled_labels(shown, everywhere), "photographs")
    words = _Test(read, written, shuffled_labels(written, cards.font_of), "words")
    return _both("multimodal", names, pictures, words, permutations, seed)


def _places(names: Sequence[str], words: Sequence[str]) -> list[int]:
    missing = [name for name in names if tidy(name) not in words]
    if missing:
        raise UserError(f"the words lack the class name {missing[0]!r}; add it to the file")
    if len(set(words)) < 2:
        raise UserError("multimodal scores need two words or more")
    return [words.index(tidy(name)) for name in names]


def colour_scores(
    cards: ColourCards, values: Values, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> UnitScores:
    """How well each unit tells an ink from other inks, and the colour's name from other names.

    Args:
        cards: each name in each ink.
        values: (n_cards, units).
        permutations: inks exchange their labels among cards of one name, names among cards of
            one ink.
        seed: keys the permutations.
    """
    every = range(len(cards.colours))
    ink, word = rows_by_class(cards.ink_of, every), rows_by_class(cards.word_of, every)
    inks = _Test(values, ink, shuffled_labels(ink, cards.word_of), "inks")
    words = _Test(values, word, shuffled_labels(word, cards.ink_of), "colour names")
    return _both("colour", cards.colours, inks, words, permutations, seed)


def _both(
    kind: str, names: tuple[str, ...], one: _Test, other: _Test, permutations: int, seed: int
) -> UnitScores:
    first, p_first, done_first = one.run(permutations, seed)
    second, p_second, done_second = other.run(permutations, seed)
    best, p = _of_both(first, second, p_first, p_second)
    q, q_first, q_second = (
        false_discovery(found) for found in (p, p_first.min(axis=0), p_second.min(axis=0))
    )
    rng = stream(seed, "names dealt out", kind)
    deals = (rng.permutation(len(names)) for _ in range(_DEALS))
    by_chance = [
        (false_discovery(_of_both(first, second[deal], p_first, p_second[deal])[1]) <= LEVEL).sum()
        for deal in deals
    ]
    return UnitScores(
        kind,
        names,
        first,
        second,
        best,
        p,
        q,
        q_first,
        q_second,
        np.minimum(done_first, done_second),
        np.asarray(by_chance, dtype=np.int64),
    )


def _of_both(
    first: Floats, second: Floats, p_first: Floats, p_second: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """(units,): the group with the larger smaller AUROC, and its p-value for both being so."""
    best = np.minimum(first, second).argmax(axis=0)
    return best, np.maximum(p_first, p_second)[best, np.arange(len(best))]


def resolution(scores: UnitScores) -> str:
    """What the number of permutations can show at best, in words; empty if it kept no unit back."""
    units = len(scores.best)
    most = int(scores.permutations.max())
    least = 1 / (most + 1)
    kept_back = (scores.p <= least) & (scores.q > LEVEL)
    if not kept_back.any():
        return ""
    needed = int(np.ceil(least * units / LEVEL))
    return (
        f"with {most:,} permutations no p-value is below {least:.2g}: of {units:,} units, "
        f"at least {needed} must reach it together before any passes a false discovery rate of 5 %"
    )
