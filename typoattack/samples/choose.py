"""Some of a data set's photographs: a sample spread over the classes, or the first ones."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from typoattack.samples.base import Dataset


def spread(
    dataset: Dataset, count: int, seed: int = 0, among: Sequence[int] | None = None
) -> Sequence[int]:
    """Positions of some photographs, as evenly over the classes as they allow.

    Every class gives one before any gives a second. Which ones follows from the seed and the
    photographs' ids alone: they are the same on every machine, whatever the order of the data set,
    and those of a smaller count are among those of a larger one.

    Args:
        dataset: whose photographs.
        count: how many; 0 for all.
        seed: another one takes others.
        among: positions to choose from; None for all.

    Returns:
        In the order of the data set.
    """
    candidates = range(len(dataset)) if among is None else among
    if not 0 < count < len(candidates):
        return candidates
    of_class: dict[int, list[tuple[bytes, int]]] = defaultdict(list)
    for index in candidates:
        sample = dataset[index]
        of_class[sample.label].append((_lot(seed, "photograph", sample.id), index))
    turns = [
        (turn, _lot(seed, "class", dataset.task.class_names[label], str(label)), index)
        for label, drawn in of_class.items()
        for turn, (_, index) in enumerate(sorted(drawn))
    ]
    return sorted(index for _, _, index in sorted(turns)[:count])


def first(dataset: Dataset, count: int) -> Sequence[int]:
    """Positions of the first `count` photographs; all for 0."""
    return range(min(count, len(dataset)) if count else len(dataset))


def _lot(seed: int, *key: str) -> bytes:
    """A number drawn for a key, the same on every machine."""
    text = "\x1f".join((str(seed), *key))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
