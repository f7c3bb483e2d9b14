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
        own: the mean flip rate of what was found on the victim itself.
        others: the mean of what was found on another model.
        gap: `own` less `others`, paired by photograph.
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
    own = [flips[v, v].value for v in victims if flips.get(v, v)]
    others = _values(flips, [(s, v) for s in victims for v in victims if s != v])
    return Transfer(sources, victims, flips, _mean(own), _mean(others), _gap(counted, victims, by))


def _part(rows: pd.DataFrame, source: str, victim: str) -> pd.DataFrame:
    part: pd.DataFrame = rows[(rows["source"] == source) & (rows["victim"] == victim)]
    return part


def _rate(rows: pd.DataFrame, by: str) -> Figure:
    values = rows["flipped"].to_numpy(np.float64)
    groups = clusters(rows.assign(word=""), by)  # one word for all is the treatment, no factor
    return wilson(values) if groups.trivial else clustered(values, groups, SHARE)


def _values(flips: dict[tuple[str, str], Figure], pairs: Sequence[tuple[str, str]]) -> list[float]:
    return [flips[pair].value for pair in pairs if flips.get(pair)]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _gap(counted: pd.DataFrame, victims: Sequence[str], by: str) -> Figure:
    """For each photograph, its flips under what was found on the victim less those of others."""
    found = counted[counted["source"].isin(victims)]
    own = found["source"] == found["victim"]
    keys = ["victim", "sample", "label"]
    means = [part.groupby(keys)["flipped"].mean() for part in (found[own], found[~own])]
    both = pd.concat(means, axis=1, keys=["own", "others"]).dropna().reset_index()
    gaps = (both["own"].astype(float) - both["others"].astype(float)).to_numpy(np.float64)
    return clustered(gaps, clusters(both.assign(word=""), by), DIFFERENCE)
