"""Photographs that lie in files."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from typoattack.drawing.canvas import decode
from typoattack.samples.base import Sample
from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class FileSamples:
    """A data set whose pictures are files; see `Dataset` for the first four attributes.

    Attributes:
        ids: one a sample.
        paths: where each picture lies.
        labels: index of each sample's class.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    ids: tuple[str, ...] = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    variant_kinds: ClassVar[frozenset[str]] = frozenset()

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.ids[index], partial(decode, self.paths[index]), self.labels[index])
