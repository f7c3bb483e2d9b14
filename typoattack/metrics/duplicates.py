"""Near-duplicate photographs: a set that holds them tells less than its number says."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from typoattack.results.schema import CLEAN, facts_of

LIKENESS = "likeness"
"""The fact of a clean row that holds its photograph's hash, and the column of groups."""

MOST_APART = 6
"""Bits of 64 in which the hashes of near-duplicates differ at most."""

_BANDS = 8
"""Parts of a hash; of two that differ in fewer bits than these, one part is the same."""

_MOST_IN_BAND = 2000
"""Hashes that share a part and are compared with each other."""

_BLOCK = 256
"""How many hashes are compared with how many at a time."""

_MASKS = (0x55, 0x33, 0x0F, 0x01)
"""Bytes that pick every second bit, every second pair, every second half, and the last bit."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Photographs that are almost the same as another.

    Attributes:
        groups: sample ids, two or more a group, the largest first.
        photographs: how many photographs were looked at.
    """

    groups: tuple[tuple[str, ...], ...]
    photographs: int

    @property
    def alike(self) -> int:
        """How many photographs have a near-duplicate."""
        return sum(len(group) for group in self.groups)

    def group_of(self) -> dict[str, str]:
        """For each photograph with a near-duplicate the first of its group."""
        return {sample: group[0] for group in self.groups for sample in group}


def near_duplicates(predictions: pd.DataFrame) -> Duplicates:
    """The near-duplicates among a run's photographs, by the hashes that its clean rows hold.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`.
    """
    clean = predictions[predictions["family"] == CLEAN].drop_duplicates("sample")
    facts = [str(told.get(LIKENESS, "")) for told in facts_of(clean["facts"])]
    hashes = {
        str(sample): int(found, 16)
        for sample, found in zip(clean["sample"], facts, strict=True)
        if re.fullmatch("[0-9a-f]{16}", found)
    }
    samples = sorted(hashes)
    groups: dict[int, list[str]] = defaultdict(list)
    for sample, group in zip(samples, _alike([hashes[s] for s in samples]).tolist(), strict=True):
        groups[group].append(sample)
    several = [tuple(group) for group in groups.values() if len(group) > 1]
    return Duplicates(tuple(sorted(several, key=lambda g: (-len(g), g))), len(samples))


def _alike(hashes: Sequence[int]) -> NDArray[np.int64]:
    """Which group of near ones each hash is in (n,), from 0."""
    values, places = np.unique(np.array(hashes, np.uint64), return_inverse=True)
    # What a bucket connects is told by edges to its groups' first ones, not by all its pairs:
    # frames of a film are thousands of photographs that are all near to each other.
    edges = [np.empty((0, 2), np.int64), *_near(values)]
    return np.asarray(_connected(len(values), np.concatenate(edges))[places], np.int64)


def _connected(count: int, edges: NDArray[np.int64]) -> NDArray[np.int32]:
    """The connected component of each of `count` nodes, from edges (m, 2)."""
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), (count, count))
    found: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return found


def _near(values: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Edges (m, 2) that connect near ones among distinct hashes, found by a part in common."""
    for band in range(_BANDS):
        part = (values >> np.uint64(8 * band)) & np.uint64(0xFF)
        order = np.argsort(part, kind="stable")
        starts = np.flatnonzero(np.diff(part[order])) + 1
        for bucket in np.split(order, starts):
            # Thousands that share a part are enough to be noticed.
            own = bucket[:_MOST_IN_BAND]
            pairs = [np.empty((0, 2), np.int64)]
            for start in range(0, len(own), _BLOCK):
                pairs += _close(values[own], start)
            groups = _connected(len(own), np.concatenate(pairs))
            firsts = np.unique(groups, return_index=True)[1][groups]
            yield np.column_stack([own, own[firsts]])[firsts != np.arange(len(own))]


def _close(own: NDArray[np.uint64], start: int) -> Iterator[NDArray[np.int64]]:
    """Pairs (m, 2) of near hashes, of those in the block from `start` with it and later ones."""
    for other in range(start, len(own), _BLOCK):
        apart = own[start : start + _BLOCK, None] ^ own[None, other : other + _BLOCK]
        yield np.argwhere(_bits(apart) <= MOST_APART) + np.array([start, other])


def _bits(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many bits of each are set: summed in pairs, fours and bytes, then all bytes."""
    pairs, fours, halves, ones = (np.uint64(k * (2**64 - 1) // 0xFF) for k in _MASKS)
    one, two, four, top = map(np.uint64, (1, 2, 4, 56))
    values = values - ((values >> one) & pairs)
    values = (values & fours) + ((values >> two) & fours)
    return np.asarray((((values + (values >> four)) & halves) * ones) >> top, np.uint64)


def with_likeness(counted: pd.DataFrame, found: Duplicates) -> pd.DataFrame:
    """A table with a column that near-duplicates have in common, for `--cluster likeness`."""
    first = found.group_of()
    groups = [first.get(sample, sample) for sample in counted["sample"]]
    alike: pd.DataFrame = counted.assign(**{LIKENESS: groups})
    return alike


def beyond(found: Duplicates, predictions: pd.DataFrame, grouped: Collection[str]) -> Duplicates:
    """Those that the intervals do not take together already, as they are of several objects.

    Args:
        found: of the predictions.
        predictions: as given to `near_duplicates`.
        grouped: by what the intervals group photographs, such as `label × word`; see
            `typoattack.metrics.summaries.RecipeSummary`.
    """
    if not grouped or not all("label" in by for by in grouped):
        return found
    labels = predictions.drop_duplicates("sample").set_index("sample")["label"]
    crossing = [group for group in found.groups if labels.loc[list(group)].nunique() > 1]
    return Duplicates(tuple(crossing), found.photographs)


def tell_duplicates(found: Duplicates) -> str:
    """What a reader must know of them; empty if there are none."""
    if not found.groups:
        return ""
    sizes = sorted({len(group) for group in found.groups})
    of = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    count = len(found.groups)
    return (
        f"{found.alike} of {found.photographs} photographs are nearly the same as another "
        f"({count} group{'s' * (count > 1)} of {of}, such as {found.groups[0][0]} and "
        f"{found.groups[0][1]}): they say less than so many different ones, which the intervals "
        f"take them for. `typoattack report --cluster {LIKENESS}` takes each group as one."
    )
