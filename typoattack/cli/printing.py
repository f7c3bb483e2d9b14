"""How a command prints what it found: for people, or for programs, and how much of it."""

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from typoattack.cli import console
from typoattack.core.errors import unknown
from typoattack.core.spreadsheet import csv_text

if TYPE_CHECKING:
    import pandas as pd

TABLE = "table"
FORMATS = (TABLE, "markdown", "csv", "json")

_FORMAT = typer.Option("--format", help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")
_QUIET = typer.Option("--quiet", "-q", help="The results alone: no progress, no notes.")
_VERBOSE = typer.Option("--verbose", "-v", help="Every note, and progress more often.")


@dataclass(frozen=True, slots=True)
class Printing:
    """How results are printed.

    Attributes:
        format: one of `FORMATS`.
        quiet: only results.
        verbose: every note, however many there are.
    """

    format: str = TABLE
    quiet: bool = False
    verbose: bool = False

    def results(
        self,
        *,
        tables: Callable[[], Iterable[RenderableType]],
        frame: "Callable[[], pd.DataFrame]",
        markdown: Callable[[], str] | None = None,
        as_json: Callable[[], str] | None = None,
    ) -> None:
        """Print what was found on standard output.

        Args:
            tables: for a terminal.
            frame: every figure, unrounded.
            markdown: tables in Markdown; those of `frame` if None.
            as_json: JSON; the records of `frame` if None.
        """
        if self.format == TABLE:
            for table in tables():
                console.out.print(table)
            return
        makers: dict[str, Callable[[], str]] = {
            "markdown": markdown or (lambda: markdown_frame(frame())),
            "csv": lambda: csv_text(frame()),
            "json": as_json or (lambda: json_text(frame())),
        }
        console.print_raw(makers[self.format]())

    def tell(self, sentence: str, style: str = "", *, soft: bool = False) -> None:
        """Print a note: beside a table for people, on standard error beside what programs read."""
        if self.quiet:
            return
        to = console.out if self.format == TABLE else console.err
        to.print(Text(sentence, style=style), soft_wrap=soft)

    def warn(self, sentence: str) -> None:
        """Print what nobody may miss, quiet or not."""
        to = console.out if self.format == TABLE and not self.quiet else console.err
        console.be_quiet(False)
        to.print(Text(sentence, style="yellow"), soft_wrap=True)
        console.be_quiet(self.quiet)


FOR_PEOPLE = Printing()
"""A table, and the notes beside it."""


def json_text(frame: "pd.DataFrame") -> str:
    """The lines of `frame` as JSON records; null where there is no number."""
    records = json.loads(frame.to_json(orient="records", double_precision=15))
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def markdown_frame(frame: "pd.DataFrame") -> str:
    """The cells of `frame` as they are, in Markdown."""
    from typoattack.report.tables import escape_markdown, markdown_lines

    heads = [str(name) for name in frame.columns]
    rows = [[escape_markdown(str(cell)) for cell in row] for row in frame.to_numpy()]
    return markdown_lines([heads, ["---"] * len(heads), *rows])


def prints(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator: a command with a parameter `how` takes the options that say how it prints."""
    given = inspect.signature(command).parameters
    own = [each for name, each in given.items() if name != "how"]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, default, kind in (
            ("format", TABLE, Annotated[str, _FORMAT]),
            ("quiet", False, Annotated[bool, _QUIET]),
            ("verbose", False, Annotated[bool, _VERBOSE]),
        )
    ]

    @functools.wraps(command)
    def with_options(*, format: str, quiet: bool, verbose: bool, **rest: Any) -> None:
        if format not in FORMATS:
            raise unknown("--format", format, FORMATS)
        console.be_quiet(quiet)
        command(**rest, how=Printing(format, quiet, verbose))

    by_name = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *options)]
    with_options.__signature__ = inspect.Signature(by_name)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in by_name}
    return with_options


def lines_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> "pd.DataFrame":
    """A frame of texts, as lists are."""
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame([list(row) for row in rows], columns=list(columns))
    return frame
