"""The labelled photographs that a study of units looks at, broken ones found and named first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.randomness import digest
from typoattack.drawing.canvas import CANVAS, square_canvas
from typoattack.runner.draw import pixel_fingerprint
from typoattack.samples.base import Dataset, Sample
from typoattack.samples.choose import spread

_LEAST = 2


@dataclass(frozen=True, slots=True)
class Photographs:
    """The usable samples of a data set, decoded when asked for.

    Attributes:
        dataset: where they come from.
        indices: positions in it.
        labels: (n,) classes.
        fingerprint: changes with any id, label or decoded pixel, and with the canvas.
        broken: ids and reasons of those that cannot be decoded.
        canvas: side of the square canvas in pixels.
    """

    dataset: Dataset
    indices: tuple[int, ...] = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    fingerprint: str
    broken: tuple[tuple[str, str], ...] = ()
    canvas: int = CANVAS

    def __len__(self) -> int:
        return len(self.indices)

    def sample(self, row: int) -> Sample:
        """The sample of a row."""
        return self.dataset[self.indices[row]]

    def image(self, row: int) -> Image.Image:
        """The canvas of a row."""
        return square_canvas(self.sample(row).image, self.canvas)

    def images(self) -> Iterator[Image.Image]:
        """All canvases, one after the other."""
        return (self.image(row) for row in range(len(self)))

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that have a photograph, in order."""
        return tuple(int(label) for label in np.unique(self.labels))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of all classes of the task."""
        return self.dataset.task.class_names


def usable_photographs(
    dataset: Dataset, limit: int | None = None, canvas: int = CANVAS
) -> Photographs:
    """`limit` photographs of `dataset` (all if None), spread over the classes, less the broken.

    Raises:
        UserError: if none is left.
    """
    indices, labels, broken, facts = [], [], [], [str(canvas)]
    for index in spread(dataset, limit or 0):
        sample = dataset[index]
        try:
            picture = sample.load()
        except BrokenImage as error:
            broken.append((sample.id, str(error) or "cannot be decoded"))
            continue
        indices.append(index)
        labels.append(sample.label)
        facts += [sample.id, str(sample.label), str(picture.size), pixel_fingerprint(picture)]
    if not indices:
        raise UserError(f"dataset {dataset.name!r}: no photograph can be decoded")
    numbers = np.asarray(labels, np.int64)
    return Photographs(dataset, tuple(indices), numbers, digest(*facts), tuple(broken), canvas)


def incomparable(photographs: Photographs) -> str:
    """Why no unit can be said to stand for a class by `photographs`; empty if one can."""
    name = photographs.dataset.name
    counts = {label: int((photographs.labels == label).sum()) for label in photographs.classes}
    if len(counts) < _LEAST:
        only = photographs.class_names[next(iter(counts))]
        return f"dataset {name!r} shows {only!r} alone; units are told apart by two classes or more"
    few = [photographs.class_names[label] for label, count in counts.items() if count < _LEAST]
    if not few:
        return ""
    shown = ", ".join(few[:3]) + (f" and {len(few) - 3} more" if len(few) > 3 else "")
    return f"dataset {name!r} has one photograph of {shown}; multimodal scores need two a class"


def check_comparable(photographs: Photographs) -> None:
    """Refuse photographs by which no unit can be said to stand for a class.

    Raises:
        UserError: with fewer than two classes, or fewer than two photographs of some class.
    """
    if why := incomparable(photographs):
        raise UserError(
            f"{why}: add photographs, or leave this part out (--parts text,colour,curve,flips)"
        )


def rows_by_class(labels: NDArray[np.int64], classes: Sequence[int]) -> NDArray[np.bool_]:
    """(n_classes, n): which rows are of which class."""
    same: NDArray[np.bool_] = np.asarray(classes)[:, None] == labels[None, :]
    return same
