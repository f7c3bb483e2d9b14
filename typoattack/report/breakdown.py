"""The most vulnerable classes, the most powerful words, and what answers become."""

from collections.abc import Sequence

import pandas as pd

from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.summaries import estimate

BROKEN_DOWN = ("flip_rate", "targeted_success")
"""The figures that are given for each class and word."""

WITHOUT_CLEAN = ("says_word", "accuracy_attacked")
"""Those that are given where no photograph has a clean picture, so that nothing can flip."""


_ANSWERED = ("model", "label", "predicted", "target", "correct", "flip_rate")

_NEEDED = ("model", "sample", "label", "word", "facts")
"""Columns that a table is made of, beside its figures."""


def figures_for(counted: pd.DataFrame) -> tuple[str, ...]:
    """The figures that these rows can be broken down by."""
    flips = counted.empty or (counted["clean_predicted"] >= 0).any()
    return BROKEN_DOWN if flips else WITHOUT_CLEAN


def by_class(
    counted: pd.DataFrame, class_names: Sequence[str], *, seed: int = 0, by: str = AUTO
) -> pd.DataFrame:
    """Flip rate and targeted success for each model and true class, over all attacks.

    Without clean pictures, what is called the word and what is right.

    Args:
        counted: what `typoattack.metrics.outcomes.outcomes` gives.
        class_names: what labels index.
        seed: of the bootstrap.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Returns:
        Columns `model`, `class`, `photographs`, `pictures`, then each figure with `_low`, `_high`
        and `_n` (photographs). Ordered by the lower end of the first one's interval, so that a
        class does not lead for having been seen once.
    """
    table: pd.DataFrame = _broken_down(counted, "label", seed, by)
    table.insert(1, "class", [class_names[i] for i in table.pop("label")])
    return table


def by_word(counted: pd.DataFrame, *, seed: int = 0, by: str = AUTO) -> pd.DataFrame:
    """The same for each model and word that was asked for, as columns `model` and `word`."""
    return _broken_down(counted, "word", seed, by)


def _broken_down(counted: pd.DataFrame, part: str, seed: int, by: str) -> pd.DataFrame:
    named = counted[part] != ""
    figures = figures_for(counted.loc[named, ["clean_predicted"]])
    first = figures[0]
    counting = named & (counted["family"] == "attack") & counted[first].notna()
    kept = dict.fromkeys([*_NEEDED, *by.split("+"), *figures])
    attacks = counted.loc[counting, [c for c in kept if c in counted]]
    groups = attacks.groupby(["model", part], sort=True)["sample"]
    table = groups.agg(photographs="nunique", pictures="size").reset_index()
    for name in figures:
        table = table.merge(
            _estimates(attacks, part, name, seed, by), how="left", on=["model", part]
        )
    ordered: pd.DataFrame = table.sort_values(
        ["model", f"{first}_low", first, part],
        ascending=[True, False, False, True],
        ignore_index=True,
    )
    return ordered


def _estimates(attacks: pd.DataFrame, part: str, name: str, seed: int, by: str) -> pd.DataFrame:
    """One figure with its interval for each (model, value of the column `part`)."""
    lines = []
    for key, rows in attacks.groupby(["model", part], sort=True):
        found = estimate(rows, name, seed=seed, groups=clusters(rows, by))
        lines.append((*key, found.value, found.low, found.high, found.n))
    columns = ["model", part, name, f"{name}_low", f"{name}_high", f"{name}_n"]
    table: pd.DataFrame = pd.DataFrame(lines, columns=columns)
    return table


def becomes(counted: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """What flipped pictures are called instead, the most frequent change first.

    Without clean pictures, what is said of those that are called wrong.

    Returns:
        Columns `model`, `class` (the true one), `answer`, `pictures` (flipped ones, over all
        attacks) and `written`: how many of them bear the answer as their word.
    """
    attacks = counted.loc[counted["family"] == "attack", list(_ANSWERED)]
    turned = attacks["flip_rate"] if figures_for(counted) is BROKEN_DOWN else ~attacks["correct"]
    flipped = attacks.loc[turned == 1, ["model", "label", "predicted", "target"]]
    flipped = flipped.assign(written=(flipped["predicted"] == flipped["target"]).astype(int))
    table = (
        flipped.groupby(["model", "label", "predicted"], sort=True)["written"]
        .agg(pictures="size", written="sum")
        .reset_index()
    )
    table.insert(1, "class", [class_names[i] for i in table.pop("label")])
    table.insert(2, "answer", [class_names[i] for i in table.pop("predicted")])
    ordered: pd.DataFrame = table.sort_values(
        ["model", "pictures", "class", "answer"],
        ascending=[True, False, True, True],
        ignore_index=True,
    )
    return ordered
