"""Photographs with captions in place of classes, several a photograph, as Flickr30k and COCO have.

Each photograph is a class of its own, called by its first caption: a run asks which photograph's
caption fits, and `typoattack.runner.retrieval` asks with all captions.
"""

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from typoattack.core.errors import RunFailure, UserError
from typoattack.core.randomness import digest
from typoattack.core.spreadsheet import plain_cell
from typoattack.samples.base import Dataset, Sample
from typoattack.samples.files import FileSamples, refuse_links_outside, text_at
from typoattack.samples.labels import check_class_names
from typoattack.samples.stores import Stored, below, files_below, folder_and_name, in_store
from typoattack.task import Task

CAPTION = "caption"
"""The name of the task that asks which caption a photograph has."""

_IMAGE = ("image", "filepath", "file_name", "filename", "image_name")
_CAPTION = ("caption", "title", "text", "comment")
"""Heads of columns, the first that is there: those of open_clip's and Flickr30k's files too."""


@dataclass(frozen=True, slots=True)
class Captioned:
    """Photographs with captions; see `Dataset`.

    Attributes:
        pictures: where the photographs are; its labels mean nothing.
        rows: of each photograph its place in `pictures`.
        captions: of each photograph, one or several.
        left_out: what holds no caption, each by its place.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    pictures: Dataset = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    captions: tuple[tuple[str, ...], ...] = field(repr=False)
    left_out: tuple[str, ...] = field(default=(), repr=False)
    variant_kinds: ClassVar[frozenset[str]] = frozenset()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        return replace(self.pictures[self.rows[index]], label=index)

    @property
    def left_out_told(self) -> str:
        """How many captions were left out, and where the first of them are; empty if none was."""
        count = len(self.left_out)
        if not count:
            return ""
        named = _some(self.left_out)
        return f"{count:,} empty caption{'s' * (count > 1)} left out: {named}"


_NAMED, _LONG = 10, 60


def _some(names: Sequence[str]) -> str:
    """The first of some names, each cut where it is long."""
    shown = ", ".join(name[:_LONG] for name in names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def captioned(
    pictures: Dataset,
    rows: Sequence[int],
    captions: Sequence[tuple[str, ...]],
    left_out: Sequence[str] = (),
) -> Captioned:
    """Photographs with their captions.

    Args:
        pictures: where they are.
        rows: places in it.
        captions: of each of the rows, at least one.
        left_out: places that hold no caption.

    Raises:
        UserError: for fewer than two photographs, or a caption that is empty or no text.
    """
    where = f"dataset {pictures.name!r}"
    for texts in captions:
        if not texts or not all(text.strip() for text in texts):
            raise UserError(f"{where}: a photograph has an empty caption, or none")
    names = check_class_names([texts[0] for texts in captions], where)
    return Captioned(
        pictures.name,
        digest(pictures.fingerprint, *(text for texts in captions for text in ("\0", *texts))),
        Task(CAPTION, names, ("{}",)),
        pictures.licence,
        pictures,
        tuple(rows),
        tuple(captions),
        tuple(left_out),
    )


def captioned_files(path: str, *, follow_links: bool = False) -> Captioned:
    """Open `captions:FILE`: a CSV with a picture and one of its captions a line.

    Columns are separated by commas, tabs or `|`, as the first line has it; cells are quoted as in
    CSV between commas alone. A picture's path is relative to the file's folder. A line without a
    caption, such as that of Flickr30k's own file that lacks a separator, is left out and named.

    Args:
        path: a UTF-8 file whose first line names its columns.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: for a missing column, no caption at all, a picture that is not there.
    """
    where = f"dataset 'captions:{path}'"
    beside = _Beside(path, where)
    found: dict[str, list[str]] = {}
    empty: list[str] = []
    for number, image, caption in _lines(beside.text(), where):
        if not image or not caption:
            empty.append(f"line {number}")
            continue
        name = PurePosixPath(os.path.normpath(image.replace("\\", "/"))).as_posix()
        if name.startswith(("../", "/")) or not beside.holds(name):
            raise UserError(f"{where}: line {number}: there is no {image[:200]!r} beside the file")
        found.setdefault(name, []).append(caption)
    if not found:
        raise UserError(f"{where}: no line has a picture and a caption")
    paths = tuple(beside.place(name) for name in found)
    if not follow_links:
        here = (place for place in paths if isinstance(place, Path))
        refuse_links_outside(Path(beside.folder), here, where)
    sizes = (f"{name} {beside.size(name)}" for name in found)
    nothing = Task(CAPTION, (), ())
    files = FileSamples(
        f"captions:{path}", digest(*sizes), nothing, "the user's own files",
        tuple(found), paths, (0,) * len(found),
    )  # fmt: skip
    captions = [tuple(texts) for texts in found.values()]
    return captioned(files, range(len(found)), captions, empty)


class _Beside:
    """A file with captions, and the files beside it and below, of this machine or of a store."""

    def __init__(self, path: str, where: str) -> None:
        self._where = where
        self.folder, self._name = folder_and_name(path, where)
        self._sizes = files_below(self.folder, where) if in_store(path) else None

    def text(self) -> str:
        """The content of the file with captions."""
        try:
            return text_at(self.place(self._name))
        except OSError as error:
            raise UserError(f"{self._where}: cannot read it ({error.strerror})") from None
        except RunFailure as error:
            raise UserError(f"{self._where}: {error}") from None
        except UnicodeDecodeError:
            raise UserError(f"{self._where}: not UTF-8 text") from None

    def place(self, name: str) -> Path | Stored:
        """Where a file lies."""
        return Path(self.folder) / name if self._sizes is None else below(self.folder, name)

    def holds(self, name: str) -> bool:
        """Whether there is a file of that name."""
        if self._sizes is not None:
            return name in self._sizes
        try:
            return (Path(self.folder) / name).is_file()
        except (OSError, ValueError):  # a name that no file can have
            return False

    def size(self, name: str) -> int:
        """Bytes of a file that is there."""
        if self._sizes is not None:
            return self._sizes[name]
        return (Path(self.folder) / name).stat().st_size


def _lines(text: str, where: str) -> Iterator[tuple[int, str, str]]:
    """Each line's number, picture and caption."""
    head = text.partition("\n")[0]
    separator = next((one for one in "\t|" if one in head), ",")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, quoting=quoting
    )
    try:
        chosen = _columns(reader.fieldnames or (), where)
        for line in reader:
            image, caption = ((line.get(name) or "").strip() for name in chosen)
            yield reader.line_num, plain_cell(image), plain_cell(caption)
    except csv.Error as error:
        raise UserError(f"{where}: line {reader.line_num + 1}: {error}") from None


def _columns(heads: Sequence[str], where: str) -> list[str]:
    """The heads of the columns of pictures and of captions."""
    named = {(name or "").strip(): name for name in heads}
    chosen = []
    for names in (_IMAGE, _CAPTION):
        head = next((named[n] for n in names if n in named), None)
        if head is None:
            raise UserError(f"{where}: no column {names[0]!r}; there are {_some([*named])}")
        chosen.append(head)
    return chosen


def captions_of_rows(
    cells: Sequence[Any], pictures: Callable[[], Sequence[str]], where: str
) -> tuple[list[int], list[tuple[str, ...]], list[str]]:
    """Places and captions of the photographs of a table, and which rows have an empty one.

    Args:
        cells: of the column of captions: a text, a list of them (Flickr30k), or a mapping or a list
            of mappings with `raw` (COCO by Karpathy's split). Nothing is an empty caption.
        pictures: says of each row what is the same where two have the same picture; rows of one
            picture are taken together. Not asked where each row has a list.
        where: what an error calls the table.

    Raises:
        UserError: for a cell of another kind, or if no row has a caption.
    """
    lists = all(isinstance(cell, list) for cell in cells)
    keys = None if lists else pictures()
    first: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    empty: list[str] = []
    for row, cell in enumerate(cells):
        several = isinstance(cell, list)
        found = [_text(each, where, row) for each in (cell if several else [cell])]
        if not found or not all(found):
            empty.append(f"row {row}")
        if any(found):
            key = f"row {row}" if several or keys is None else keys[row]
            first.setdefault(key, row)
            texts.setdefault(key, []).extend(text for text in found if text)
    if not texts:
        raise UserError(f"{where}: no row has a caption")
    return list(first.values()), [tuple(found) for found in texts.values()], empty


def _text(cell: Any, where: str, row: int) -> str:
    text = cell.get("raw") if isinstance(cell, dict) else cell
    if text is None:
        return ""
    if not isinstance(text, str):
        raise UserError(
            f"{where}: row {row}: a caption is a text, a list of texts, or has one as 'raw'"
        )
    return text.strip()
