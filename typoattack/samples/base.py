"""What a labelled photograph is, and what a data set of them offers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from typoattack.task import Task


class BrokenImage(Exception):
    """A picture that cannot be decoded; the run names it, counts it and goes on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled photograph.

    Attributes:
        id: stable across machines and orders; relative path or row key, never an absolute path.
        load: decodes the picture when called; raises `BrokenImage`.
        label: index into the task's class names.
    """

    id: str
    load: Callable[[], Image.Image] = field(repr=False, compare=False)
    label: int

    @property
    def image(self) -> Image.Image:
        """The picture, decoded anew at every access, so that a data set needs no memory."""
        return self.load()


class Dataset(Protocol):
    """Labelled photographs, iterated one at a time, the same order every time.

    Attributes:
        name: the spec that opens it again, such as `bundled` or `folder:photos`.
        fingerprint: changes if the samples do.
        task: class names and default templates.
        licence: what a report says about the pictures' licence.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str

    def __iter__(self) -> Iterator[Sample]: ...

    def __len__(self) -> int: ...
