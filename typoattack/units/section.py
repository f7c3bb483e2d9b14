"""What a report page shows of a study of units: plain data, read back without any model."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from typoattack.errors import UserError
from typoattack.files import write_whole

FILE = "section.json"

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A study of units as text, tables and pictures; no markup.

    Attributes:
        title: of the section.
        sentences: what was found, in full sentences.
        tables: a caption and the rows of each, heads first.
        pictures: a caption and the file's name of each, relative to the study's folder.
    """

    title: str
    sentences: tuple[str, ...]
    tables: tuple[tuple[str, Rows], ...] = field(repr=False)
    pictures: tuple[tuple[str, str], ...]


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
        found = json.loads(path.read_text("utf-8"))
        section = Section(
            str(found["title"]),
            tuple(map(str, found["sentences"])),
            tuple(
                (str(caption), tuple(tuple(map(str, row)) for row in rows))
                for caption, rows in found["tables"]
            ),
            tuple((str(caption), str(name)) for caption, name in found["pictures"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{str(path)!r} is damaged ({type(error).__name__}); run `typoattack units` again"
        ) from None
    for _, name in section.pictures:
        if Path(name).name != name:
            raise UserError(f"{str(path)!r} names the picture {name!r} outside its folder")
    return section


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
