"""Does an answer switch more where the word is like it? In spelling, and in meaning.

After Lemesle et al. 2022, whose figure 3 holds the likeness of the clean answer and the word where
the answer switched against where it stayed. Spelling is theirs: Jaro and Winkler's similarity.
Theirs of meaning is the cosine of two words in word2vec, which is not to be had without a download;
here it is the cosine of the word with the clean picture, in the model's own space of both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import JaroWinkler

from typoattack.core.randomness import stream
from typoattack.metrics.intervals import LEVEL, RESAMPLES, Figure

Values = npt.NDArray[np.float64]

RECIPE = "lemesle2022"
KINDS = ("spelling", "meaning")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like the word is to the clean answer, by whether the answer switches.

    Attributes:
        model: its name.
        recipe: as it prints.
        kind: `spelling`, from 0 to 1, or `meaning`, a cosine.
        switched: the mean where the answer switched; NaN if none did.
        kept: the mean where it stayed; NaN if none did.
        difference: of the two, with its interval by photograph.
        pictures: (switched, kept).
    """

    model: str
    recipe: str
    kind: str
    switched: float
    kept: float
    difference: Figure
    pictures: tuple[int, int]


def spelling(first: str, second: str) -> float:
    """Jaro and Winkler's similarity, from 0 to 1, as jellyfish computes it for Lemesle et al."""
    return float(JaroWinkler.similarity(first, second))


def likeness(counted: pd.DataFrame, class_names: Sequence[str], *, seed: int = 0) -> list[Likeness]:
    """Two entries a model and recipe `lemesle2022`; none without it.

    Pictures whose word is the clean answer already count nowhere, as with the authors.

    Args:
        counted: what `typoattack.metrics.outcomes.outcomes` gives, of the suite's own task.
        class_names: what answers index.
        seed: of the bootstrap.
    """
    return list(_each(counted, class_names, seed))


def _each(counted: pd.DataFrame, names: Sequence[str], seed: int) -> Iterator[Likeness]:
    attacks = counted[
        (counted["family"] == "attack")
        & counted["recipe"].str.startswith(RECIPE)
        & (counted["clean_predicted"] >= 0)
        & (counted["clean_predicted"] != counted["target"])
    ]
    for (model, recipe), rows in attacks.groupby(["model", "recipe"], sort=True):
        for kind in KINDS:
            values = values_of(kind, rows, names)
            known = np.isfinite(values)  # answers that were given have no cosines
            if known.any():
                yield _of(str(model), str(recipe), kind, rows[known], values[known], seed)


def values_of(kind: str, rows: pd.DataFrame, names: Sequence[str]) -> Values:
    """(n,) how like each row's word is to its clean answer."""
    if kind == "meaning":
        return rows["clean_sim_word"].to_numpy(np.float64)
    pairs = zip(rows["word"], rows["clean_predicted"], strict=True)
    return np.array([spelling(word, names[int(answer)]) for word, answer in pairs])


def _of(
    model: str, recipe: str, kind: str, rows: pd.DataFrame, values: Values, seed: int
) -> Likeness:
    switched = rows["any_change"].to_numpy(np.float64) == 1
    pictures = int(switched.sum()), int((~switched).sum())
    codes = rows["sample"].astype("category").cat.codes.to_numpy()
    difference = _difference(values, switched, codes, seed)
    there, stayed = (_mean(values[part]) for part in (switched, ~switched))
    return Likeness(model, recipe, kind, there, stayed, difference, pictures)


def _mean(values: Values) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _difference(
    values: Values, switched: npt.NDArray[np.bool_], codes: npt.NDArray[np.int8], seed: int
) -> Figure:
    """The mean where the answer switched less that where it stayed, resampled by photograph."""
    n = int(codes.max()) + 1
    sums = np.zeros((2, 2, n))  # (switched or kept, sum or count, photograph)
    for group, part in enumerate((switched, ~switched)):
        np.add.at(sums[group, 0], codes[part], values[part])
        np.add.at(sums[group, 1], codes[part], 1)
    whole = sums.sum(axis=2)
    if (whole[:, 1] == 0).any():
        return Figure(np.nan, np.nan, np.nan, 0)
    rng = stream("likeness", seed)
    made = []
    for _ in range(RESAMPLES):
        total = sums @ rng.multinomial(n, np.full(n, 1 / n))
        if (total[:, 1] > 0).all():
            made.append(total[0, 0] / total[0, 1] - total[1, 0] / total[1, 1])
    value = float(whole[0, 0] / whole[0, 1] - whole[1, 0] / whole[1, 1])
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(made, [tail, 1 - tail]) if made else (np.nan, np.nan)
    return Figure(value, float(low), float(high), n, "bootstrap")


def to_frame(found: Sequence[Likeness]) -> pd.DataFrame:
    """The same as a table: one row a model, recipe and kind."""
    table: pd.DataFrame = pd.DataFrame(
        {
            "model": one.model,
            "recipe": one.recipe,
            "likeness": one.kind,
            "switched": one.switched,
            "kept": one.kept,
            "difference": one.difference.value,
            "difference_low": one.difference.low,
            "difference_high": one.difference.high,
            "pictures_switched": one.pictures[0],
            "pictures_kept": one.pictures[1],
            "photographs": one.difference.n,
        }
        for one in found
    )
    return table
