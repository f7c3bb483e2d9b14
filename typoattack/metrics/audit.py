"""How much of an image–text set is text that the caption repeats.

The words of a caption that are written in its picture are *co-embedded*; their share of the
caption's words is the co-embedded text rate, and a caption with one such word at least is a *parrot
caption* (Lin et al. 2023, arXiv 2312.14232, section 3 and algorithm 1). They also match words
loosely, by Levenshtein distance, since recognition errs (section 4.1); the bound is not given, so
that of here is ours. Words of one letter or digit are left out, on both sides: an article that
stands in both says nothing; "the" and its like count, as any word does. T-MARS compares a caption
with the picture once its text is filled in (Maini et al. 2023, arXiv 2307.03132, section 4).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from typoattack.metrics.clusters import AUTO, clustered, clusters
from typoattack.metrics.intervals import DIFFERENCE, NOTHING, SHARE, Figure, wilson

LOOSE = 0.8
"""Letters that agree, as a share of the longer word's, from which words are loosely equal."""

WITHIN = 4
"""Letters of a word from which it may also stand within a found line: recognition drops spaces."""

LEAST = 2
"""Letters or digits that a word has at least."""

NO_TEXT, OTHER_TEXT, REPEATED = "no text", "other text", "repeated text"
TYPES = (NO_TEXT, OTHER_TEXT, REPEATED)
"""What a pair can be, as in figure 3 of Lin et al.: no text, none that the caption has, some."""


def words_of(text: str) -> set[str]:
    """The distinct words of a text of two letters and more, in lower case, without punctuation."""
    found = re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())
    return {word for word in found if sum(map(str.isalnum, word)) >= LEAST}


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a picture's text and its caption have in common.

    Attributes:
        repeated: words of the caption that are written in the picture.
        rate: their share of the caption's words; 0 where it has none.
        loose_rate: the same, of words that are loosely there too.
    """

    repeated: tuple[str, ...]
    rate: float
    loose_rate: float


def overlap(caption: str, found: Sequence[str]) -> Overlap:
    """Compare a caption with the lines of text found in its picture."""
    words = words_of(caption)
    if not words or not found:
        return Overlap((), 0.0, 0.0)
    written = set().union(*(words_of(line) for line in found))
    runs = ["".join(re.findall(r"\w+", line.lower())) for line in found]
    exact = sorted(words & written)
    loose = [word for word in words if word in exact or _loosely(word, written, runs)]
    return Overlap(tuple(exact), len(exact) / len(words), len(loose) / len(words))


def _loosely(word: str, written: set[str], runs: Sequence[str]) -> bool:
    if len(word) >= WITHIN and any(word in run for run in runs):
        return True
    return any(Levenshtein.normalized_similarity(word, other) >= LOOSE for other in written)


@dataclass(frozen=True, slots=True)
class Audit:
    """How much text there is in a set, and how much of it captions repeat.

    Attributes:
        pictures: how many were looked at.
        types: the share of each of `TYPES`.
        parrots: of the pictures with text, the share whose caption repeats a word.
        area: the share of the picture that text covers, the mean over those with text.
        rate: co-embedded words, as a share of the caption's, the mean over all pictures.
        rate_with_text: the same over those with text.
        loose_rate: words that are loosely there, over all pictures.
        fall: how far a model's cosine of picture and caption falls where the text is filled in,
            less where as much is filled in elsewhere; over pictures with text that leave a place
            for it, which are those with little. Nothing without a model.
        placeless: pictures with text, of those a model was asked about, that leave no such place.
    """

    pictures: int
    types: dict[str, Figure]
    parrots: Figure
    area: Figure
    rate: Figure
    rate_with_text: Figure
    loose_rate: Figure
    fall: Figure
    placeless: int = 0


def audit_figures(rows: pd.DataFrame, by: str = AUTO) -> Audit:
    """The figures of an audited set.

    Args:
        rows: a row a picture: `sample`, `label`, `lines` (how many), `area`, `rate`, `loose_rate`,
            and `similarity`, `similarity_masked`, `similarity_elsewhere`, NaN where not measured.
        by: what pictures belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    texted = rows["lines"] > 0
    parrot = rows["rate"] > 0

    def figure(values: "pd.Series[float]", bounds: tuple[float, float]) -> Figure:
        part = rows.loc[values.index].assign(word="")
        if part.empty:
            return NOTHING
        groups, numbers = clusters(part, by), values.to_numpy(np.float64)
        counts = bounds == SHARE and bool(np.isin(numbers, (0, 1)).all())
        return wilson(numbers) if groups.trivial and counts else clustered(numbers, groups, bounds)

    kinds = {NO_TEXT: ~texted, OTHER_TEXT: texted & ~parrot, REPEATED: texted & parrot}
    fall = (rows["similarity_elsewhere"] - rows["similarity_masked"])[texted].dropna()
    return Audit(
        len(rows),
        {name: figure(kind.astype(float), SHARE) for name, kind in kinds.items()},
        figure(parrot[texted].astype(float), SHARE),
        figure(rows["area"][texted], SHARE),
        figure(rows["rate"], SHARE),
        figure(rows["rate"][texted], SHARE),
        figure(rows["loose_rate"], SHARE),
        figure(fall, DIFFERENCE),
        int((rows["similarity"].notna() & rows["similarity_elsewhere"].isna())[texted].sum()),
    )


def kind_of(lines: float, rate: float) -> str:
    """The type of a pair: one of `TYPES`."""
    return NO_TEXT if not lines > 0 else REPEATED if rate > 0 else OTHER_TEXT
