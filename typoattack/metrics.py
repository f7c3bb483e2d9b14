"""The figures that are reported, from the predictions table alone.

Every figure is a mean over samples: a sample that was attacked several times counts once, with
the mean of its attacked versions. `outcomes` says what each row contributes, so that any figure
is recomputed in pandas as

    outcomes(predictions).groupby(["recipe", "sample"]).flip_rate.mean().groupby("recipe").mean()

for the rows of one model and task.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from typoattack.errors import UserError
from typoattack.intervals import DIFFERENCE, RESAMPLES, SHARE, Figure, Values, bootstrap, wilson
from typoattack.predictions import CLEAN, KEY
from typoattack.randomness import stream

GROUP = ["model", "task", "recipe"]
"""The columns that name a line of a summary."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means.

    Attributes:
        name: its column in a summary and in `outcomes`.
        title: how a table heads it.
        meaning: one sentence for a reader who was not there.
        bounds: the least and greatest value it can take; None if it has none.
        percent: whether it is shown as a percentage.
        of_sample: whether all rows of a sample contribute the same, so that it counts once.
    """

    name: str
    title: str
    meaning: str
    bounds: tuple[float, float] | None = SHARE
    percent: bool = True
    of_sample: bool = False


FIGURES: tuple[Definition, ...] = (
    Definition(
        "accuracy_clean",
        "Clean accuracy",
        "Share of the photographs that are classified correctly before anything is written.",
        of_sample=True,
    ),
    Definition(
        "accuracy_attacked",
        "Attacked accuracy",
        "Share of the same photographs that are still classified correctly with the word.",
    ),
    Definition(
        "accuracy_drop", "Drop", "Clean accuracy minus attacked accuracy, in points.", DIFFERENCE
    ),
    Definition(
        "flip_rate",
        "Flip rate",
        "Of the photographs that were right when clean, the share that is wrong when attacked.",
    ),
    Definition(
        "targeted_success",
        "Targeted success",
        "Of the photographs that were right when clean, the share now called what is written.",
    ),
    Definition(
        "reading_effect",
        "Reading effect",
        "Flip rate minus the flip rate of the same surface in the same place without the word: "
        "what the letters do beyond covering the photograph.",
        DIFFERENCE,
    ),
    Definition(
        "any_change",
        "Any change",
        "Share of all photographs whose answer changes, whether it was right before or not.",
    ),
    Definition(
        "two_way_clean",
        "Two-way clean",
        "Share of clean photographs closer to their label's text than to the word's text, when "
        "these two are the only answers.",
    ),
    Definition(
        "two_way_attacked",
        "Two-way attacked",
        "Share of attacked photographs closer to their label's text than to the word's text, "
        "when these two are the only answers.",
    ),
    Definition(
        "margin_shift",
        "Margin shift",
        "Mean change of similarity to the label minus similarity to the word, in cosine units; "
        "negative means pulled towards the word.",
        None,
        percent=False,
    ),
    Definition(
        "legible_share",
        "Legible",
        "Share of the attacked photographs whose word text recognition reads back.",
    ),
    Definition(
        "flip_rate_legible",
        "Flip rate, legible",
        "Flip rate among the attacked photographs whose word text recognition reads back.",
    ),
)


@dataclass(frozen=True, slots=True)
class RecipeSummary:
    """The figures of one model, task and recipe; see `FIGURES` for what each one means.

    Attributes:
        rows: attacked pictures counted.
        samples: photographs they were made from.
        coverage: mean share of the canvas that the recipe changed, over rows.
        size: mean text height, share of the canvas, over rows with text; NaN without.
    """

    model: str
    task: str
    recipe: str
    family: str
    control: str
    control_of: str
    rows: int
    samples: int
    coverage: float
    size: float
    accuracy_clean: Figure
    accuracy_attacked: Figure
    accuracy_drop: Figure
    flip_rate: Figure
    targeted_success: Figure
    reading_effect: Figure
    any_change: Figure
    two_way_clean: Figure
    two_way_attacked: Figure
    margin_shift: Figure
    legible_share: Figure
    flip_rate_legible: Figure

    def figure(self, name: str) -> Figure:
        """The figure that `FIGURES` calls `name`."""
        found: Figure = getattr(self, name)
        return found


def summarise(
    predictions: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[RecipeSummary]:
    """One summary a (model, task, recipe), the clean pictures first, a control after its attack.

    Args:
        predictions: rows of `typoattack.predictions.SCHEMA`; a boolean column `readable` (see
            `typoattack.legibility`) adds the two figures about legibility.
        seed: of the bootstrap; each interval has its own stream, whatever else is summarised.
        resamples: how many bootstrap resamples.

    Raises:
        UserError: for a missing column, a row that is there twice, or a missing number.
    """
    return summarise_outcomes(outcomes(predictions), seed=seed, resamples=resamples)


def summarise_outcomes(
    counted: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[RecipeSummary]:
    """`summarise` for a table that `outcomes` made already."""
    groups = counted.groupby(GROUP, sort=False)
    made = [_summary(key, rows, seed, resamples) for key, rows in groups]  # type: ignore[arg-type]
    return sorted(made, key=_place)


def _place(one: RecipeSummary) -> tuple[Any, ...]:
    """Sorts summaries: a model's clean line, then each attack followed by its controls."""
    attack = one.control_of or one.recipe
    kind = (CLEAN, "attack", "control").index(one.family)
    return one.model, one.task, kind > 0, kind > 1 and not one.control_of, attack, kind, one.recipe


def _summary(
    key: tuple[str, str, str], rows: pd.DataFrame, seed: int, resamples: int
) -> RecipeSummary:
    first = rows.iloc[0]
    sized = rows["size"][rows["size"] > 0]
    figures: dict[str, Any] = {
        d.name: estimate(rows, d.name, key=(seed, *key, d.name), resamples=resamples)
        for d in FIGURES
    }
    return RecipeSummary(
        *key,
        family=str(first["family"]),
        control=str(first["control"]),
        control_of=str(first["control_of"]),
        rows=len(rows),
        samples=int(rows["sample"].nunique()),
        coverage=float(rows["coverage"].mean()),
        size=float(sized.mean()),
        **figures,
    )


def estimate(
    counted: pd.DataFrame,
    name: str,
    *,
    key: tuple[str | int, ...] = (0,),
    resamples: int = RESAMPLES,
) -> Figure:
    """The figure `name` over the rows of `counted`, a table that `outcomes` made.

    Wilson's interval where each sample counts once and the figure is a share, else a bootstrap
    over samples (see `typoattack.intervals`).

    Args:
        counted: rows of one model, task and recipe, or of any part of them.
        name: a column that `FIGURES` names.
        key: what keys the bootstrap's random stream.
        resamples: how many bootstrap resamples.
    """
    defined = next(d for d in FIGURES if d.name == name)
    values, rows = per_sample(counted, name)
    if defined.bounds == SHARE and (defined.of_sample or rows == len(values)):
        return wilson(values)
    rng = stream("bootstrap", *key)
    return bootstrap(values, rng, bounds=defined.bounds, resamples=resamples)


def per_sample(counted: pd.DataFrame, name: str) -> tuple[Values, int]:
    """The mean of column `name` for each sample that counts, in the order of sample ids.

    Returns:
        The means (n,), and how many rows stand behind them.
    """
    present = counted[["sample", name]].dropna()
    groups = present.groupby("sample", sort=True)[name]
    return groups.mean().to_numpy(np.float64), len(present)


def outcomes(predictions: pd.DataFrame) -> pd.DataFrame:
    """`predictions` with one float column a figure: what the row contributes, NaN if nothing.

    Clean rows contribute to `accuracy_clean` alone. A row whose word is its own label, or names
    no class, contributes nothing to `targeted_success`.

    Raises:
        UserError: for a missing column, a row that is there twice, or a missing number.
    """
    _check(predictions)
    p = predictions.reset_index(drop=True)
    hit = p["family"] != CLEAN
    was_right, is_right = p["clean_predicted"] == p["label"], p["predicted"] == p["label"]
    worded = hit & (p["word"] != "") & (p["target"] != p["label"])
    before = p["clean_sim_label"] - p["clean_sim_word"]
    after = p["sim_label"] - p["sim_word"]
    columns = {
        "accuracy_clean": was_right.astype(float),
        "accuracy_attacked": _where(is_right, hit),
        "accuracy_drop": _where(was_right.astype(float) - is_right.astype(float), hit),
        "flip_rate": _where(~is_right, hit & was_right),
        "targeted_success": _where(
            p["predicted"] == p["target"], worded & was_right & (p["target"] >= 0)
        ),
        "any_change": _where(p["predicted"] != p["clean_predicted"], hit),
        "two_way_clean": _where(before > 0, worded),
        "two_way_attacked": _where(after > 0, worded),
        "margin_shift": _where(after - before, worded),
    }
    counted: pd.DataFrame = p.assign(**columns)
    counted["reading_effect"] = counted["flip_rate"] - _blank_flips(counted)
    readable = p["readable"] if "readable" in p else pd.Series(np.nan, p.index)
    counted["legible_share"] = _where(readable, hit & (p["written"] != "") & readable.notna())
    counted["flip_rate_legible"] = counted["flip_rate"].where(counted["legible_share"] == 1)
    return counted


def _where(values: "pd.Series[Any]", mask: "pd.Series[bool]") -> "pd.Series[float]":
    """`values` as float64 where `mask` holds, NaN elsewhere."""
    present: pd.Series[float] = values.where(mask).astype("float64")
    return present


def _blank_flips(counted: pd.DataFrame) -> "pd.Series[float]":
    """For each row, the flip of its blank control on the same sample and replicate."""
    by = ["model", "task", "control_of", "sample", "replicate"]
    blanks = counted[(counted["control"] == "blank") & (counted["control_of"] != "")]
    flips = blanks.groupby(by)["flip_rate"].mean().rename("blank_flip")
    mine = counted[["model", "task", "recipe", "sample", "replicate"]]
    joined = mine.merge(
        flips.reset_index(), how="left", left_on=list(mine.columns), right_on=by, validate="m:1"
    )
    found: pd.Series[float] = joined["blank_flip"].set_axis(counted.index)
    return found


_NEEDED = [*KEY, "family", "control", "control_of", "label", "word", "written", "target"]
_NUMBERS = ["label", "target", "predicted", "clean_predicted"]
_MEASURES = ["sim_label", "clean_sim_label", "coverage", "size"]
_WORD_MEASURES = ["sim_word", "clean_sim_word"]


def _check(predictions: pd.DataFrame) -> None:
    """Refuse a table that no honest figure can be taken from."""
    needed = dict.fromkeys([*_NEEDED, *_NUMBERS, *_MEASURES, *_WORD_MEASURES])
    missing = [c for c in needed if c not in predictions]
    if missing:
        raise UserError(f"the predictions table lacks the column {missing[0]!r}")
    twice = predictions.duplicated(KEY)
    if twice.any():
        raise UserError(
            f"the predictions table has {int(twice.sum())} rows twice, "
            f"first {_named(predictions[twice])}; "
            "was a shard merged twice?"
        )
    for column, rows in _with_numbers(predictions):
        gaps = rows[column].isna() | np.isinf(rows[column].astype("float64"))
        if gaps.any():
            raise UserError(
                f"column {column!r} has no number in {int(gaps.sum())} of {len(rows)} rows, "
                f"first {_named(rows[gaps])}; did the model return NaN?"
            )


def _with_numbers(predictions: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each column that must hold a number, with the rows in which it must."""
    attacked = predictions[(predictions["family"] != CLEAN) & (predictions["word"] != "")]
    for column in [*_NUMBERS, *_MEASURES]:
        yield column, predictions
    for column in _WORD_MEASURES:
        yield column, attacked


def _named(rows: pd.DataFrame) -> str:
    """The first of `rows` in words."""
    first = rows.iloc[0]
    return ", ".join(f"{name} {str(first[name])[:80]!r}" for name in KEY[1:])


def to_frame(summaries: Sequence[RecipeSummary]) -> pd.DataFrame:
    """One line a summary; a figure `f` becomes `f`, `f_low`, `f_high` and `f_n`.

    Shares stay shares (0 to 1), unrounded.
    """
    lines = []
    for one in summaries:
        line: dict[str, Any] = {}
        for field in dataclasses.fields(one):
            value = getattr(one, field.name)
            if isinstance(value, Figure):
                line[field.name] = value.value
                line |= {f"{field.name}_{part}": getattr(value, part) for part in _PARTS}
            else:
                line[field.name] = value
        lines.append(line)
    names = [f.name for f in dataclasses.fields(RecipeSummary)]
    frame: pd.DataFrame = pd.DataFrame(lines) if lines else pd.DataFrame(columns=names)
    return frame


_PARTS = ("low", "high", "n")
