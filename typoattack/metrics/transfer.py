"""How often what was found on one model flips another: a matrix with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from typoattack.metrics.clusters import AUTO, clustered, clusters
from typoattack.metrics.intervals import DIFFERENCE, SHARE, Figure, wilson


@dataclass(frozen=True, slots=True)
class Transfer:
    """What `transfer_matrix` found.

    Attributes:
        sources: on whom was searched, those who nobody asked for first.
        victims: on whom it was tried.
        flips: by (source, victim), the flip rate of photographs that the victim has right.
        own: the flip rate of what was found on the victim itself, the mean over photographs.
        others: of what was found on other models, on the same photographs.
        gap: `own` less `others`.
    """

    sources: tuple[str, ...]
    victims: tuple[str, ...]
    flips: dict[tuple[str, str], Figure]
    own: float
    others: float
    gap: Figure


def transfer_matrix(rows: pd.DataFrame, by: str = AUTO) -> Transfer:
    """The matrix of `typoattack.runner.transfer.transfer`'s rows.

    Args:
        rows: a row a (source, victim, photograph).
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    sources = tuple(dict.fromkeys(rows["source"]))
    victims = tuple(dict.fromkeys(rows["victim"]))
    counted = rows[rows["right"].astype(bool)]
    flips = {
        (source, victim): _rate(_part(counted, source, victim), by)
        for source in sources
        for victim in victims
    }
    both = _paired(counted, victims)
    own, others = (_mean(both[name]) for name in ("own", "others"))
    return Transfer(sources, victims, flips, own, others, _gap(both, by))


def _part(rows: pd.DataFrame, source: str, victim: str) -> pd.DataFrame:
    part: pd.DataFrame = rows[(rows["source"] == source) & (rows["victim"] == victim)]
    return part


def _rate(rows: pd.DataFrame, by: str) -> Figure:
    values = rows["flipped"].to_numpy(np.float64)
    groups = clusters(rows.assign(word=""), by)  # one word for all is the treatment, no factor
    return wilson(values) if groups.trivial else clustered(values, groups, SHARE)


def _mean(values: "pd.Series[float]") -> float:
    """The mean over photographs, each once; NaN of none."""
    return float(values.groupby(level="sample").mean().mean())


def _paired(counted: pd.DataFrame, victims: Sequence[str]) -> pd.DataFrame:
    """For each victim and photograph its flips under what was found on it, and on others."""
    found = counted[counted["source"].isin(victims)]
    own = found["source"] == found["victim"]
    keys = ["victim", "sample", "label"]
    means = [part.groupby(keys)["flipped"].mean() for part in (found[own], found[~own])]
    paired: pd.DataFrame = pd.concat(means, axis=1, keys=["own", "others"]).dropna().astype(float)
    return paired


def _gap(both: pd.DataFrame, by: str) -> Figure:
    """What was found on the victim itself flips more by so much, photograph by photograph."""
    rows = both.reset_index()
    gaps = (rows["own"] - rows["others"]).to_numpy(np.float64)
    return clustered(gaps, clusters(rows.assign(word=""), by), DIFFERENCE)
