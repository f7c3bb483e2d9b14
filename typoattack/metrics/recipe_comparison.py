"""Two recipes on the same photographs under the same model: which attack works better.

Do yellow labels work better than white ones? Each photograph is attacked with both, so the two
are paired as two models are, by the same statistic.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from typoattack.core.errors import UserError, unknown
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.comparison import Entrant, refuse_figure, repeat_notes
from typoattack.metrics.intervals import RESAMPLES
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import LEAST_COMMON, Contrast, contrast, with_holm
from typoattack.recipes.registry import parse_any

JOIN = ["task", "sample", "replicate"]
"""What two rows of one model must share to be a pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipePairing(Contrast):
    """Two recipes under one model: `a` and `b` are the recipes.

    Attributes:
        model: the model's name.
    """

    model: str


@dataclass(frozen=True, slots=True)
class RecipeComparison:
    """What `compare_recipes` found.

    Attributes:
        figure: which figure was compared.
        pairings: for each model, each pair of recipes.
        notes: what a reader must know, such as pairs that are left out.
    """

    figure: str
    pairings: tuple[RecipePairing, ...]
    notes: tuple[str, ...]


def compare_recipes(
    entrants: Sequence[Entrant],
    recipes: Sequence[str] = (),
    *,
    figure: str = "flip_rate",
    seed: int = 0,
    resamples: int = RESAMPLES,
    least: int = LEAST_COMMON,
    by: str = AUTO,
) -> RecipeComparison:
    """Compare attacks with one another, separately under each model.

    The test is that of `typoattack.metrics.comparison.compare`; Holm's adjustment runs over the
    pairs of recipes of one model.

    Args:
        entrants: from `typoattack.metrics.comparison.read_entrants`.
        recipes: the attacks to compare, as the tables call them or as `--recipe` takes them; if
            empty, all that are the same recipe with other parameters.
        figure: one that `typoattack.metrics.figures.comparable` names.
        seed: of the bootstrap, and of random signs where they are drawn.
        resamples: how many bootstrap resamples.
        least: how many samples must count under both recipes; a pair with fewer is left out.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Raises:
        UserError: for a figure that cannot be compared, a recipe that a run has not, no two
            recipes to compare, or no pair with enough in common.
    """
    refuse_figure(figure)
    pairings: list[RecipePairing] = []
    notes: list[str] = []
    for entrant in entrants:
        counted = outcomes(entrant.predictions)
        rows = counted[counted["family"] == "attack"]
        family = []
        for a, b in _pairs(entrant.name, sorted(map(str, rows["recipe"].unique())), recipes):
            joined = _join(rows, a, b, figure)
            samples = int(joined["sample"].nunique())
            if samples < least:
                notes.append(
                    f"{entrant.name}: {samples} photographs count for both {a} and {b}, and "
                    f"comparing needs {least}; the pair is left out."
                )
                continue
            family.append(_pairing(entrant.name, a, b, joined, seed, resamples, by))
            notes += _word_notes(entrant.name, a, b, joined)
        pairings += with_holm(family)
    if not pairings:
        raise UserError("; ".join(note.rstrip(".") for note in notes))
    return RecipeComparison(figure, tuple(pairings), (*repeat_notes(entrants), *notes))


def _pairs(model: str, present: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of recipes to compare, each in the order given or by name."""
    if wanted:
        chosen = list(dict.fromkeys(_found(text, present) for text in wanted))
        if len(chosen) < 2:
            raise UserError(f"{wanted[0]!r} was named twice; name two recipes of the run")
        yield from itertools.combinations(chosen, 2)
        return
    bases = itertools.groupby(sorted(present, key=_base), key=_base)
    pairs = [pair for _, same in bases for pair in itertools.combinations(same, 2)]
    if not pairs:
        raise UserError(
            f"{model!r} is one model, and no two of its attacks are one recipe with other "
            "parameters; name another run, or two of its attacks with --recipes: "
            + ", ".join(present)
        )
    yield from pairs


def _found(text: str, present: Sequence[str]) -> str:
    """The recipe of the run that `text` names, however its parameters are written."""
    if text in present:
        return text
    try:
        canonical = str(parse_any(text))
    except UserError:
        canonical = text
    if canonical not in present:
        raise unknown("attack of this run", text, present)
    return canonical


def _base(recipe: str) -> str:
    return recipe.partition("(")[0]


def _join(rows: pd.DataFrame, a: str, b: str, figure: str) -> pd.DataFrame:
    """The rows that count under both recipes, side by side."""
    kept = [*JOIN, "label", "facts", "word", figure]
    sides = [
        rows.loc[rows["recipe"] == recipe, kept].rename(columns={figure: "value"})
        for recipe in (a, b)
    ]
    joined = sides[0].merge(
        sides[1].drop(columns=["label", "facts"]), on=JOIN, suffixes=("_a", "_b"), validate="1:1"
    )
    counting: pd.DataFrame = joined.dropna(subset=["value_a", "value_b"], ignore_index=True)
    return counting


def _pairing(
    model: str, a: str, b: str, joined: pd.DataFrame, seed: int, resamples: int, by: str
) -> RecipePairing:
    tasks = "+".join(sorted(map(str, joined["task"].unique())))
    numbers = contrast(joined, seed=seed, resamples=resamples, by=by)
    return RecipePairing(task=tasks, model=model, a=a, b=b, **numbers)


def _word_notes(model: str, a: str, b: str, joined: pd.DataFrame) -> Iterator[str]:
    """Says where the two recipes did not write the same word."""
    other = int((joined["word_a"] != joined["word_b"]).sum())
    if other:
        yield (
            f"{model}: {other} of {len(joined)} pictures bear different words under {a} and {b}, "
            "so words are part of their difference."
        )
