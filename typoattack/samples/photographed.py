"""Photographs of real attacks as their authors publish them: RTA-100, PAINT, Materzyńska, CSV."""

import contextlib
import csv
import io
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.core.spreadsheet import plain_cell
from typoattack.drawing.canvas import decode
from typoattack.samples.files import (
    decoded_text,
    is_picture,
    loader,
    refuse_links_outside,
    text_at,
)
from typoattack.samples.paired import ATTACKED, AnnotatedPicture, PairedSamples, pair
from typoattack.samples.stores import (
    Copied,
    Stored,
    below,
    copied,
    files_below,
    folder_and_name,
    in_store,
)

_NAME = re.compile(r"label=(?P<label>[^_=]+)_text=(?P<word>[^_=]+)")
_CUT = 4
"""Characters that the authors of RTA-100 cut off a file's name: `.png`, `.jpg`, but not `.jpeg`."""

_LARGEST = 1 << 28
"""Bytes that a file in a zip may unpack to: far above any photograph, far below a bomb."""

STAND_INS = {"_": "\uff3f", "=": "\uff1d", "/": "\u2215", "\\": "\uff3c"}
"""What `typoattack generate` writes in file names for characters that would break them."""

_RTA_LICENCE = (
    "RTA-100 (Azuma and Matsui 2023), published with code under MIT; its card states no licence "
    "of the photographs"
)
_PAINT_LICENCE = (
    "photographs of PAINT (Ilharco et al. 2022), published without a licence of their own"
)
_MATERZYNSKA_LICENCE = "photographs of Materzyńska et al. 2022, MIT"


class Pictures:
    """The files of a folder, or of a zip without unpacking it, of this machine or of a store.

    Args:
        path: a folder or a `.zip` file.
        spec: names the data set in errors.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: if there is no such folder or file, the zip is damaged, or a link leads out of
            the folder.
    """

    def __init__(self, path: str, spec: str, *, follow_links: bool = False) -> None:
        self.path = path
        self.spec = spec
        self._zip: Path | Copied | None = None
        self._sizes: dict[str, int] = {}
        where, zipped = f"dataset {spec!r}", PurePosixPath(path).suffix.lower() == ".zip"
        if in_store(path):
            if zipped:
                self._zip = copied(path, where)
            else:
                self._sizes = files_below(path, where)
        elif Path(path).is_dir():
            self._sizes = _files_here(Path(path), where, follow_links)
        elif zipped and Path(path).is_file():
            self._zip = Path(path)
        names = list(self._sizes) if self._zip is None else self._members(self._zip)
        if not names and self._zip is None and not Path(path).is_dir():
            raise UserError(f"{where}: there is no folder or zip file {path!r}")
        visible = (n for n in names if not any(p.startswith((".", "__")) for p in n.split("/")))
        self.names = tuple(sorted(visible))

    def pictures(self) -> list[str]:
        """The names of the files whose ending Pillow knows."""
        return [name for name in self.names if is_picture(name)]

    def loader(self, name: str) -> Callable[[], Image.Image]:
        """What decodes a picture when called; it pickles."""
        if self._zip is None:
            return loader(self._place(name))
        return partial(_from_zip, self._zip, name)

    def text(self, name: str) -> str:
        """A text file's content; `UserError` if it is not UTF-8."""
        try:
            if self._zip is not None:
                return decoded_text(_unpacked(_local(self._zip), name))
            _refuse_huge(self._sizes.get(name, 0))
            return text_at(self._place(name))
        except (OSError, UnicodeDecodeError, RunFailure, _BadMember) as error:
            raise UserError(f"dataset {self.spec!r}: cannot read {name!r} ({error})") from None

    def _place(self, name: str) -> Path | Stored:
        return below(self.path, name) if in_store(self.path) else Path(self.path) / name

    def _members(self, archive: Path | Copied) -> list[str]:
        try:
            with _opened(_local(archive)) as members:
                return [name for name in members.namelist() if name and not name.endswith("/")]
        except (OSError, _BadMember) as error:
            raise UserError(f"dataset {self.spec!r}: not a zip file ({error})") from None


def _files_here(root: Path, where: str, follow_links: bool) -> dict[str, int]:
    files = [file for file in root.rglob("*") if file.is_file()]
    if not follow_links:
        refuse_links_outside(root, files, where)
    return {file.relative_to(root).as_posix(): file.stat().st_size for file in files}


def _local(archive: Path | Copied) -> Path:
    return archive.here() if isinstance(archive, Copied) else archive


_DAMAGES = (
    *(LookupError, ValueError, RuntimeError, EOFError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
"""What the unpackers raise on damaged data."""


class _BadMember(Exception):
    """What is wrong with a file of a data set, or with its place in a zip."""


def _refuse_huge(size: int) -> None:
    if size > _LARGEST:
        raise _BadMember(f"it unpacks to more than {_LARGEST >> 20} MiB")


def _unpacked(path: Path, name: str) -> bytes:
    """A file of a zip; `_BadMember` if it is too large, encrypted, damaged or oddly packed."""
    with _opened(path) as archive:
        info = archive.getinfo(name)
        _refuse_huge(info.file_size)
        if info.flag_bits & 1:
            raise _BadMember("it is encrypted; unpack the zip with its password first")
        return archive.read(info)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip, read; what is wrong with it as a whole, or with a member, is `_BadMember`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except NotImplementedError as error:
        raise _BadMember(f"it is packed in a way that Python cannot unpack: {error}") from None
    except _DAMAGES as error:
        raise _BadMember(f"the zip is damaged: {error}") from None


def _from_zip(archive: Path | Copied, name: str) -> Image.Image:
    path = _local(archive)
    try:
        data = _unpacked(path, name)
    except OSError as error:
        raise RunFailure(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    except _BadMember as error:
        raise BrokenImage(f"cannot be read from the zip: {error}") from None
    return decode(data)


def named_photographs(
    spec: str, *, follow_links: bool = False, as_published: bool = False
) -> PairedSamples:
    """Open `rta:PATH` or `paint:PATH`: the file name is the annotation, `label=dog_text=cat.png`.

    There are no clean pictures. The classes are all labels and all written words, the template
    `a photo of a {}.`, as in Defense-Prefix's evaluation (`datasets/rta100.py`). That loader, and
    SCAM's after it, takes the ending off a file's name by cutting four characters: a `.jpeg` leaves
    a full stop behind the word, and so a class of its own that is nothing's name.

    Args:
        spec: `rta:` or `paint:` and a folder or zip; folders in it are searched too.
        follow_links: also takes what links lead to outside the folder.
        as_published: cuts four characters, as the authors did, to make their phantom classes.

    Raises:
        UserError: for a picture whose name is no annotation.
    """
    kind, _, path = spec.partition(":")
    pictures = Pictures(path, spec, follow_links=follow_links)
    found = []
    for name in pictures.pictures():
        match = _NAME.fullmatch(PurePosixPath(name).stem)
        if match is None:
            raise UserError(
                f"dataset {spec!r}: picture {name!r} must be called like label=dog_text=cat.png"
            )
        label, word = (_restored(match[part]) for part in ("label", "word"))
        if as_published:
            word += PurePosixPath(name).suffix[:-_CUT]
        found.append(AnnotatedPicture(name, label, word, pictures.loader(name)))
    licence = _RTA_LICENCE if kind == "rta" else _PAINT_LICENCE
    return pair(found, name=spec, templates=("a photo of a {}.",), licence=licence)


def _restored(text: str) -> str:
    for character, stand_in in STAND_INS.items():
        text = text.replace(stand_in, character)
    return text.strip()


def materzynska(spec: str, *, follow_links: bool = False) -> PairedSamples:
    """Open `materzynska:PATH`: photographs with `annotation.json`.

    It maps a file name to its `true object` and `typographic attack label`; a photograph without
    an attack has an empty label (or null, or `none`). An attacked photograph is paired with the
    clean one that its entry names under `clean` (ours), or else with the only clean photograph
    of its object; otherwise it stands alone. The classes are those of `classes.json` if it is
    there, else all objects and attack labels; the template is `a photo of {}.`.

    Args:
        spec: `materzynska:` and a folder or zip; pictures may lie in a folder beside the file.

    Raises:
        UserError: for a missing or damaged file, an entry without its keys, a missing picture.
    """
    pictures = Pictures(spec.partition(":")[2], spec, follow_links=follow_links)
    table = _json(pictures, ("annotation.json", "annotations.json"), required=True)
    if not isinstance(table, dict):
        raise UserError(f"dataset {spec!r}: annotation.json must map file names to annotations")
    places = {PurePosixPath(name).name: name for name in pictures.pictures()}
    entries = {name: _entry(name, entry, spec) for name, entry in table.items()}
    clean = Counter(label for label, word, _ in entries.values() if not word)
    only = {entry[0]: name for name, entry in entries.items() if not entry[1]}
    found = []
    for name, (label, word, named) in entries.items():
        if name not in places:
            raise UserError(f"dataset {spec!r}: the picture {name!r} is missing")
        partner = named or (only[label] if clean[label] == 1 else "")
        loader = pictures.loader(places[name])
        found.append(AnnotatedPicture(name, label, word, loader, partner if word else ""))
    classes = _json(pictures, ("classes.json",), required=False)
    return pair(
        found,
        name=spec,
        templates=(MATERZYNSKA_TEMPLATE,),
        licence=_MATERZYNSKA_LICENCE,
        class_names=[str(name) for name in classes] if classes else None,
    )


ANNOTATION = ("true object", "typographic attack label")
"""What `annotation.json` says of each of Materzyńska's photographs."""

MATERZYNSKA_TEMPLATE = "a photo of {}."
"""As Defense-Prefix asks them; their authors' own evaluation is not published."""

_NO_ATTACK = ("", "none")


def _entry(name: str, entry: Any, spec: str) -> tuple[str, str, str]:
    """An annotation's object, attack label (empty if clean) and clean partner (or empty)."""
    keys = ANNOTATION
    if not isinstance(entry, dict) or any(key not in entry for key in keys):
        raise UserError(f"dataset {spec!r}: {name!r} needs {keys[0]!r} and {keys[1]!r}")
    label, word = (str(entry[key] or "").strip() for key in keys)
    if not label:
        raise UserError(f"dataset {spec!r}: {name!r} has an empty {keys[0]!r}")
    return label, "" if word.lower() in _NO_ATTACK else word, str(entry.get("clean") or "")


def _json(pictures: Pictures, names: tuple[str, ...], *, required: bool) -> Any:
    """The content of the first file of these names, at any depth."""
    found = [name for name in pictures.names if PurePosixPath(name).name in names]
    if not found:
        if required:
            raise UserError(f"dataset {pictures.spec!r}: there is no {names[0]}")
        return None
    try:
        return json.loads(pictures.text(found[0]))
    except (ValueError, RecursionError) as error:
        raise UserError(f"dataset {pictures.spec!r}: {found[0]!r} is not JSON ({error})") from None


_COLUMNS = ("image", "label", "word")
_OPTIONAL = ("clean", "kind")


def annotated(spec: str, *, follow_links: bool = False) -> PairedSamples:
    """Open `csv:FILE`: one attacked picture a line, with `image`, `label`, `word`.

    The column `clean` (the same subject without the word; empty for none) and the column `kind`
    (what `as-given` asks for, `attacked` if absent) may be there; other columns are passed over.
    Paths are relative to the file's folder and lie below it. A line with an empty word is a clean
    picture by itself. The classes are all labels and words, the template `a photo of a {}.`.

    Args:
        spec: `csv:` and the path of a UTF-8 file with a header.

    Raises:
        UserError: for a missing column, an empty cell, a path that leaves the folder or leads
            nowhere.
    """
    path = spec.partition(":")[2]
    if not in_store(path) and not Path(path).is_file():
        raise UserError(f"dataset {spec!r}: there is no file {path!r}")
    folder, name = folder_and_name(path, f"dataset {spec!r}")
    pictures = Pictures(folder, spec, follow_links=follow_links)
    reader = csv.DictReader(io.StringIO(pictures.text(name)))
    for column in _COLUMNS:
        if column not in (reader.fieldnames or ()):
            raise UserError(
                f"dataset {spec!r}: no column {column!r}; it needs {', '.join(_COLUMNS)} and may "
                f"have {', '.join(_OPTIONAL)}"
            )
    found: dict[str, AnnotatedPicture] = {}
    try:
        lines = list(reader)
    except csv.Error as error:
        raise UserError(f"dataset {spec!r}: line {reader.line_num}: {error}") from None
    for number, line in enumerate(lines, start=2):
        for photograph in _of_line(line, pictures, f"dataset {spec!r}: line {number}"):
            before = found.setdefault(photograph.id, photograph)
            if before != photograph:
                raise UserError(
                    f"dataset {spec!r}: line {number}: {photograph.id!r} stands twice, differently"
                )
    return pair(
        found.values(),
        name=spec,
        templates=("a photo of a {}.",),
        licence="the user's own files",
    )


def _of_line(line: dict[str, Any], pictures: Pictures, where: str) -> list[AnnotatedPicture]:
    """The attacked picture of a line and the clean one it names."""
    cells = {name: (line.get(name) or "").strip() for name in (*_COLUMNS, *_OPTIONAL)}
    for column in ("image", "label"):
        if not cells[column]:
            raise UserError(f"{where}: the cell of {column!r} is empty")
    image, label, word = cells["image"], plain_cell(cells["label"]), plain_cell(cells["word"])
    clean = _inside(cells["clean"], pictures, where) if cells["clean"] and word else ""
    image = _inside(image, pictures, where)
    kind = cells["kind"] or ATTACKED if word else ATTACKED
    made = [AnnotatedPicture(image, label, word, pictures.loader(image), clean, kind)]
    if clean:
        made.append(AnnotatedPicture(clean, label, "", pictures.loader(clean)))
    return made


def _inside(cell: str, pictures: Pictures, where: str) -> str:
    """A cell's path as the folder lists it."""
    name = PurePosixPath(cell.replace("\\", "/")).as_posix()
    if name not in pictures.names:
        raise UserError(f"{where}: there is no picture {cell!r} in {pictures.path!r}")
    return name
