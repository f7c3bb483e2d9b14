"""Near-duplicate photographs: a set that holds them tells less than its number says."""

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
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
"""Photographs that share a part of the hash and are compared with each other."""


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
    values = np.array([hashes[sample] for sample in samples], np.uint64)
    pairs = np.array(sorted(set(_near(values))), np.int64).reshape(-1, 2)
    shape = (len(samples), len(samples))
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
    groups: dict[int, list[str]] = defaultdict(list)
    if len(pairs):
        labels = connected_components(graph, directed=False)[1]
        for sample, label in zip(samples, labels.tolist(), strict=True):
            groups[label].append(sample)
    several = [tuple(group) for group in groups.values() if len(group) > 1]
    return Duplicates(tuple(sorted(several, key=lambda g: (-len(g), g))), len(samples))


def _near(values: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Pairs of hashes that differ in few bits, found among those that share a part."""
    for band in range(_BANDS):
        part = (values >> np.uint64(8 * band)) & np.uint64(0xFF)
        order = np.argsort(part, kind="stable")
        edges = np.flatnonzero(np.diff(part[order])) + 1
        for bucket in np.split(order, edges):
            # Blank pictures share all parts; a few thousand of them are enough to be noticed.
            own = values[bucket[:_MOST_IN_BAND]]
            for i, j in itertools.combinations(range(0, len(own), 256), 2):
                yield from _close(own, bucket, i, j)
            for i in range(0, len(own), 256):
                yield from _close(own, bucket, i, i)


def _close(
    own: NDArray[np.uint64], bucket: NDArray[np.intp], i: int, j: int
) -> Iterator[tuple[int, int]]:
    """The near pairs between two blocks of a bucket."""
    apart = own[i : i + 256, None] ^ own[None, j : j + 256]
    bits = np.unpackbits(apart.view(np.uint8).reshape(*apart.shape, 8), axis=2).sum(axis=2)
    for a, b in zip(*np.nonzero(bits <= MOST_APART), strict=True):
        first, second = int(bucket[i + a]), int(bucket[j + b])
        if first < second:
            yield first, second
        elif second < first:
            yield second, first


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
