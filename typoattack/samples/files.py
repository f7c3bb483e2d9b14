"""Photographs that lie in files."""

import functools
import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.drawing.canvas import decode
from typoattack.samples.base import Sample
from typoattack.samples.stores import Stored
from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class FileSamples:
    """A data set whose pictures are files; see `Dataset` for the first four attributes.

    Attributes:
        ids: one a sample.
        paths: where each picture lies, in a file or in a store.
        labels: index of each sample's class.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    ids: tuple[str, ...] = field(repr=False)
    paths: tuple[Path | Stored, ...] = field(repr=False)
    labels: tuple[int, ...] = field(repr=False)
    variant_kinds: ClassVar[frozenset[str]] = frozenset()

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.ids[index], loader(self.paths[index]), self.labels[index])


def loader(place: Path | Stored) -> Callable[[], Image.Image]:
    """What decodes the picture at a place when called; it pickles."""
    return place.picture if isinstance(place, Stored) else functools.partial(decode, place)


def text_at(place: Path | Stored) -> str:
    """The UTF-8 text at a place; raises as `decoded_text`, `OSError` and `RunFailure`."""
    return decoded_text(place.read() if isinstance(place, Stored) else place.read_bytes())


def decoded_text(data: bytes) -> str:
    """UTF-8 text, its lines ended by line feeds however they were; or `UnicodeDecodeError`."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig").read()


def is_picture(name: str) -> bool:
    """Whether a file's name has an ending that Pillow knows; what ends in `/` is a folder."""
    known = Image.registered_extensions()
    return not name.endswith("/") and PurePosixPath(name).suffix.lower() in known


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
