"""Photographs that lie in files."""

import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from typoattack.core.errors import UserError
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
        return Sample(
            self.ids[index], functools.partial(decode, self.paths[index]), self.labels[index]
        )


def refuse_links_outside(root: Path, files: Iterable[Path], where: str) -> None:
    """Refuse a data set whose files lead out of its folder, so that it can copy out nothing else.

    Args:
        root: the data set's folder.
        files: below it.
        where: what an error calls the data set.

    Raises:
        UserError: naming the first link that leaves the folder.
    """
    home = os.path.realpath(root)
    real_folder = functools.cache(os.path.realpath)  # a folder's way is followed once
    for file in files:
        if file.is_symlink():
            real = os.path.realpath(file)
        else:
            real = f"{real_folder(file.parent)}{os.sep}{file.name}"
        if os.path.commonpath([home, real]) != home:
            raise UserError(
                f"{where}: {file.relative_to(root).as_posix()!r} is a link to {real!r}, outside "
                "the folder; --follow-links takes it all the same"
            )
