"""What a report page shows of a study of units: plain data, read back without any model."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pydantic

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole

FILE = "section.json"

CURVE = "curve.png"
FLIPS = "flips.png"

Rows = tuple[tuple[str, ...], ...]

_LARGEST = 16_000_000
"""Bytes of a section at most: more than a thousand explained flips need."""


@dataclass(frozen=True, slots=True)
class UnitBehind:
    """One unit's part in one flip.

    Attributes:
        layer: where the unit is.
        label: what people call it.
        estimated: what its change adds to the written word's lead, in logits.
        measured: by how much that lead falls if the unit alone is set back; None if untried.
        words: those that excite it most, the first first; none if nothing shown does.
    """

    layer: str
    label: str
    estimated: pydantic.FiniteFloat
    measured: pydantic.FiniteFloat | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedFlip:
    """One attacked picture that the model got wrong, and the units behind it.

    Attributes:
        sample: the photograph's id.
        pixels: fingerprint of the attacked picture, as in a run's predictions.
        label: the true class's name.
        word: what was written.
        answer: the class that the model named.
        lead: logits of the word over the true class, clean and attacked.
        units: those that added most by estimate, the first first.
    """

    sample: str
    pixels: str
    label: str
    word: str
    answer: str
    lead: tuple[pydantic.FiniteFloat, pydantic.FiniteFloat]
    units: tuple[UnitBehind, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A study of units as text, tables and pictures; no markup.

    Attributes:
        title: of the section.
        sentences: what was found, in full sentences.
        tables: a caption and the rows of each, heads first.
        pictures: a caption and the file's name of each, relative to the study's folder.
        model: the name of the model that was studied.
        fingerprint: the model's.
        flips: for pictures of a run that show the same.
        kinds: of unit that the study looked for: `text`, `multimodal`, `colour`; none in a file
            from before they were written.
    """

    title: str
    sentences: tuple[str, ...]
    tables: tuple[tuple[str, Rows], ...] = field(repr=False)
    pictures: tuple[tuple[str, str], ...]
    model: str = ""
    fingerprint: str = ""
    flips: tuple[ExplainedFlip, ...] = field(default=(), repr=False)
    kinds: tuple[str, ...] = ()


def write_section(section: Section, folder: Path) -> None:
    """Write `section.json` into a study's folder."""
    text = json.dumps(asdict(section), ensure_ascii=False, indent=1)
    write_whole(folder / FILE, f"{text}\n".encode())


def read_section(folder: Path) -> Section | None:
    """The section of the study in `folder`, such as `units` in a run's folder; None without one.

    Raises:
        UserError: if the file is damaged, or names a picture outside the folder.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LARGEST:
            raise _damaged(path, "it is larger than any that a study writes")
        section = pydantic.TypeAdapter(Section).validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read ({error.strerror})") from None
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _damaged(path, f"{where}: {first['msg']}" if where else first["msg"]) from None
    for _, name in section.pictures:
        if name in ("", "..") or Path(name).name != name:
            raise UserError(f"{str(path)!r} names the picture {name[:200]!r} outside its folder")
    return section


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"{str(path)!r} is damaged ({why}); run `typoattack units` again")


def markdown(section: Section) -> str:
    """The section as a Markdown page."""
    parts = [f"# {section.title}", "", " ".join(section.sentences), ""]
    for caption, rows in section.tables:
        parts += [f"## {caption[0].upper()}{caption[1:]}", "", *_table(rows), ""]
    for caption, name in section.pictures:
        parts += [f"![{caption}]({name})", "", f"*{caption}*", ""]
    return "\n".join(parts)


def _table(rows: Rows) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        if number == 0:
            yield "|" + " --- |" * len(row)
