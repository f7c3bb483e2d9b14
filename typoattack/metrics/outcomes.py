"""What each row of the predictions contributes to each figure, computed once a run.

Any figure of one model, task and recipe is recomputed from it in pandas as

    outcomes(rows).groupby("sample").flip_rate.mean().mean()
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from typoattack.core.errors import UserError
from typoattack.metrics.figures import FIGURES, PairedRows
from typoattack.results.schema import CLEAN, KEY


def outcomes(predictions: pd.DataFrame) -> pd.DataFrame:
    """`predictions` with one float column a figure: what the row contributes, NaN if nothing.

    Clean rows contribute to `accuracy_clean` alone; a row of a sample without a clean picture
    (`clean_predicted` is −1) to what needs none. A row whose word is its own label, or names
    no class, contributes nothing to `targeted_success`. The column `blank_coverage` holds the
    coverage of the row's blank control, NaN without one.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`, and a boolean column `readable`
            where legibility was measured.

    Raises:
        UserError: for a missing column, a row that is there twice, or a missing number.
    """
    _check(predictions)
    table = predictions.reset_index(drop=True)
    rows = PairedRows(table)
    counted: pd.DataFrame = table.assign(
        **{name: defined.of(rows) for name, defined in FIGURES.items()},
        blank_coverage=rows.of_control("blank", table["coverage"]),
    )
    return counted


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
    for column, every in _with_numbers(predictions):
        rows = every
        if column not in _NUMBERS and {"pixels", "prob_label"} <= {*every}:
            # Answers that were given have no pixels, and neither similarities nor sizes; answers
            # in words have no probabilities.
            measured = (every["pixels"] != "") & every["prob_label"].notna()
            rows = every[measured | every[column].notna()]
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
