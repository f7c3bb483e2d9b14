"""The figures that are reported, from the predictions table alone.

Every figure is a mean over samples: a sample that was attacked several times counts once, with
the mean of its attacked versions. `outcomes` says what each row contributes, so that any figure
of one model, task and recipe is recomputed in pandas as

    outcomes(rows).groupby("sample").flip_rate.mean().mean()
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.metrics.intervals import (
    DIFFERENCE,
    RESAMPLES,
    SHARE,
    Figure,
    Values,
    bootstrap,
    wilson,
)
from typoattack.results.schema import CLEAN, KEY

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
        "word_effect",
        "Word effect",
        "Flip rate minus the flip rate of a made-up word of the same length in the same place: "
        "what the word's meaning does beyond there being letters.",
        DIFFERENCE,
    ),
    Definition(
        "any_change",
        "Any change",
        "Share of all photographs whose answer changes, whether it was right before or not.",
    ),
    Definition(
        "says_word",
        "Says the word",
        "Share of all attacked pictures that are called what is written on them, whatever the "
        "answer was before; also where there is no clean picture.",
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
        blank_coverage: mean coverage of its blank control; NaN without one. Where it is 0 the
            recipe has no surface, and its reading effect contains what the letters cover.
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
    blank_coverage: float
    accuracy_clean: Figure
    accuracy_attacked: Figure
    accuracy_drop: Figure
    flip_rate: Figure
    targeted_success: Figure
    reading_effect: Figure
    word_effect: Figure
    any_change: Figure
    says_word: Figure
    two_way_clean: Figure
    two_way_attacked: Figure
    margin_shift: Figure
    legible_share: Figure
    flip_rate_legible: Figure

    @property
    def bare(self) -> bool:
        """Whether the recipe draws letters on no surface, so that its blank is the photograph."""
        return self.blank_coverage == 0

    def figure(self, name: str) -> Figure:
        """The figure that `FIGURES` calls `name`."""
        found: Figure = getattr(self, name)
        return found


def summarise(
    predictions: pd.DataFrame, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[RecipeSummary]:
    """One summary a (model, task, recipe), the clean pictures first, a control after its attack.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`; a boolean column `readable` (see
            `typoattack.metrics.legibility`) adds the two figures about legibility.
        seed: of the bootstrap; the same values get the same interval wherever they stand.
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
    rows = rows.sort_values(["sample", "replicate"])
    first = rows.iloc[0]
    sized = rows["size"][rows["size"] > 0]
    figures: dict[str, Any] = {
        d.name: estimate(rows, d.name, seed=seed, resamples=resamples) for d in FIGURES
    }
    return RecipeSummary(
        *key,
        family=str(first["family"]),
        control=str(first["control"]),
        control_of=str(first["control_of"]),
        rows=len(rows),
        samples=int(rows["sample"].nunique()),
        coverage=_mean(rows["coverage"]),
        size=_mean(sized),
        blank_coverage=_mean(rows["blank_coverage"]),
        **figures,
    )


def _mean(column: "pd.Series[float]") -> float:
    """The mean of what is there, the same whatever the order of rows; NaN if nothing is."""
    present = column.dropna()
    return math.fsum(present) / len(present) if len(present) else math.nan


def estimate(
    counted: pd.DataFrame,
    name: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Figure:
    """The figure `name` over the rows of `counted`, a table that `outcomes` made.

    Wilson's interval where each sample counts once and the figure is a share, else a bootstrap
    over samples (see `typoattack.metrics.intervals`).

    Args:
        counted: rows of one model, task and recipe, or of any part of them.
        name: a column that `FIGURES` names.
        seed: of the bootstrap.
        resamples: how many bootstrap resamples.
    """
    defined = next(d for d in FIGURES if d.name == name)
    values, rows = per_sample(counted, name)
    if defined.bounds == SHARE and (defined.of_sample or rows == len(values)):
        return wilson(values)
    return bootstrap(values, stream("bootstrap", seed), bounds=defined.bounds, resamples=resamples)


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

    Clean rows contribute to `accuracy_clean` alone; a row of a sample without a clean picture
    (`clean_predicted` is −1) to what needs none. A row whose word is its own label, or names
    no class, contributes nothing to `targeted_success`.

    Raises:
        UserError: for a missing column, a row that is there twice, or a missing number.
    """
    _check(predictions)
    p = predictions.reset_index(drop=True)
    hit, known = p["family"] != CLEAN, p["clean_predicted"] >= 0
    was_right, is_right = p["clean_predicted"] == p["label"], p["predicted"] == p["label"]
    worded = hit & (p["word"] != "") & (p["target"] != p["label"])
    before = p["clean_sim_label"] - p["clean_sim_word"]
    after = p["sim_label"] - p["sim_word"]
    columns = {
        "accuracy_clean": _where(was_right, known),
        "accuracy_attacked": _where(is_right, hit),
        "accuracy_drop": _where(was_right.astype(float) - is_right.astype(float), hit & known),
        "flip_rate": _where(~is_right, hit & was_right),
        "targeted_success": _where(
            p["predicted"] == p["target"], worded & was_right & (p["target"] >= 0)
        ),
        "any_change": _where(p["predicted"] != p["clean_predicted"], hit & known),
        "says_word": _where(p["predicted"] == p["target"], worded & (p["target"] >= 0)),
        "two_way_clean": _where(before > 0, worded & known),
        "two_way_attacked": _where(after > 0, worded),
        "margin_shift": _where(after - before, worded & known),
    }
    counted: pd.DataFrame = p.assign(**columns)
    counted["reading_effect"] = counted["flip_rate"] - _control(counted, "blank", "flip_rate")
    counted["word_effect"] = counted["flip_rate"] - _control(counted, "pseudo", "flip_rate")
    counted["blank_coverage"] = _control(counted, "blank", "coverage")
    readable = p["readable"] if "readable" in p else pd.Series(np.nan, p.index)
    counted["legible_share"] = _where(readable, hit & (p["written"] != "") & readable.notna())
    counted["flip_rate_legible"] = counted["flip_rate"].where(counted["legible_share"] == 1)
    return counted


def _where(values: "pd.Series[Any]", mask: "pd.Series[bool]") -> "pd.Series[float]":
    """`values` as float64 where `mask` holds, NaN elsewhere."""
    present: pd.Series[float] = values.where(mask).astype("float64")
    return present


def _control(counted: pd.DataFrame, kind: str, column: str) -> "pd.Series[float]":
    """For each row, `column` of its control of that kind on the same sample and replicate."""
    by = ["model", "task", "control_of", "sample", "replicate"]
    controls = counted[(counted["control"] == kind) & (counted["control_of"] != "")]
    values = controls.groupby(by)[column].mean().rename("of_control").reset_index()
    mine = counted[["model", "task", "recipe", "sample", "replicate"]]
    joined = mine.merge(values, how="left", left_on=list(mine.columns), right_on=by, validate="m:1")
    found: pd.Series[float] = joined["of_control"].set_axis(counted.index)
    return found


_NEEDED = [*KEY, "family", "control", "control_of", "label", "word", "written", "target"]
_NUMBERS = ["label", "target", "predicted", "clean_predicted"]
_MEASURES = ["sim_label", "coverage", "size"]
_SIMILARITIES = ["sim_word", "clean_sim_label", "clean_sim_word"]


def _check(predictions: pd.DataFrame) -> None:
    """Refuse a table that no honest figure can be taken from."""
    needed = dict.fromkeys([*_NEEDED, *_NUMBERS, *_MEASURES, *_SIMILARITIES])
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
    for column in [*_NUMBERS, *_MEASURES]:
        yield column, predictions
    paired = predictions["clean_predicted"] >= 0
    worded = (predictions["family"] != CLEAN) & (predictions["word"] != "")
    yield "sim_word", predictions[worded]
    yield "clean_sim_label", predictions[paired]
    yield "clean_sim_word", predictions[worded & paired]


def _named(rows: pd.DataFrame) -> str:
    """The first of `rows` in words."""
    first = rows.iloc[0]
    return ", ".join(f"{name} {str(first[name])[:80]!r}" for name in KEY[1:])


_PARTS = ("low", "high", "n")


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
