"""Photographs with captions in place of classes, several a photograph, as Flickr30k and COCO have.

Each photograph is a class of its own, called by its first caption: a run asks which photograph's
caption fits, and `typoattack.runner.retrieval` asks with all captions.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.core.spreadsheet import plain_cell
from typoattack.samples.base import Dataset, Sample
from typoattack.samples.files import FileSamples, refuse_links_outside
from typoattack.samples.labels import check_class_names
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
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    pictures: Dataset = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    captions: tuple[tuple[str, ...], ...] = field(repr=False)
    variant_kinds: ClassVar[frozenset[str]] = frozenset()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        return replace(self.pictures[self.rows[index]], label=index)


def captioned(
    pictures: Dataset, rows: Sequence[int], captions: Sequence[tuple[str, ...]]
) -> Captioned:
    """Photographs with their captions.

    Args:
        pictures: where they are.
        rows: places in it.
        captions: of each of the rows, at least one.

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
    )


def captioned_files(path: str, *, follow_links: bool = False) -> Captioned:
    """Open `captions:FILE`: a CSV with a picture and one of its captions a line.

    Columns are separated by commas, tabs or `|`, as the first line has it; a picture's path is
    relative to the file's folder.

    Args:
        path: a UTF-8 file whose first line names its columns.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: for a missing column, an empty cell, a picture that is not there.
    """
    where, file = f"dataset 'captions:{path}'", Path(path)
    found: dict[str, list[str]] = {}
    for number, (image, caption) in enumerate(_lines(file, where), start=2):
        if not image or not caption:
            raise UserError(f"{where}: line {number} needs a picture and a caption")
        name = PurePosixPath(os.path.normpath(image.replace("\\", "/"))).as_posix()
        if name.startswith(("../", "/")) or not (file.parent / name).is_file():
            raise UserError(f"{where}: line {number}: there is no {image!r} beside the file")
        found.setdefault(name, []).append(caption)
    paths = tuple(file.parent / name for name in found)
    if not follow_links:
        refuse_links_outside(file.parent, paths, where)
    sizes = (f"{name} {path.stat().st_size}" for name, path in zip(found, paths, strict=True))
    nothing = Task(CAPTION, (), ())
    files = FileSamples(
        f"captions:{path}", digest(*sizes), nothing, "the user's own files",
        tuple(found), paths, (0,) * len(found),
    )  # fmt: skip
    return captioned(files, range(len(found)), [tuple(texts) for texts in found.values()])


def _lines(file: Path, where: str) -> Iterable[tuple[str, str]]:
    """The picture and the caption of each line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{where}: cannot read it ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{where}: not UTF-8 text") from None
    head = text.partition("\n")[0]
    separator = next((one for one in "\t|" if one in head), ",")
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    heads = {(name or "").strip(): name for name in reader.fieldnames or ()}
    chosen = [next((heads[n] for n in names if n in heads), None) for names in (_IMAGE, _CAPTION)]
    for column, names in zip(chosen, (_IMAGE, _CAPTION), strict=True):
        if column is None:
            raise UserError(f"{where}: no column {names[0]!r}; there are {', '.join(heads)}")
    try:
        for line in reader:
            image, caption = ((line.get(str(name)) or "").strip() for name in chosen)
            yield plain_cell(image), plain_cell(caption)
    except csv.Error as error:
        raise UserError(f"{where}: line {reader.line_num}: {error}") from None


def captions_of_rows(
    cells: Sequence[Any], pictures: Iterable[Mapping[str, Any]], where: str
) -> tuple[list[int], list[tuple[str, ...]]]:
    """Places and captions of the photographs of a table.

    Args:
        cells: of the column of captions: a text, a list of them (Flickr30k), or a mapping or a list
            of mappings with `raw` (COCO by Karpathy's split).
        pictures: of each row, its bytes or its path; rows of one picture are taken together.
        where: what an error calls the table.

    Raises:
        UserError: for a cell of another kind.
    """
    first: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    for row, (cell, picture) in enumerate(zip(cells, pictures, strict=True)):
        several = isinstance(cell, list)
        found = [_text(each, where, row) for each in (cell if several else [cell])]
        key = str(row) if several else _of_picture(picture, row)
        first.setdefault(key, row)
        texts.setdefault(key, []).extend(found)
    return list(first.values()), [tuple(found) for found in texts.values()]


def _text(cell: Any, where: str, row: int) -> str:
    text = cell.get("raw") if isinstance(cell, dict) else cell
    if not isinstance(text, str):
        raise UserError(
            f"{where}: row {row}: a caption is a text, a list of texts, or has one as 'raw'"
        )
    return text.strip()


def _of_picture(picture: Mapping[str, Any], row: int) -> str:
    """What is the same where two rows have the same picture."""
    data, path = picture.get("bytes"), picture.get("path")
    return digest(data) if data else path or str(row)
