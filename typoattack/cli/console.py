"""Where the command line prints: results to `out`, all else to `err`."""

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from typoattack.cli.terminal import visible

if TYPE_CHECKING:
    from typoattack.results.parts import Skipped


def _width(stream: TextIO) -> int | None:
    """As wide as the terminal; without one, as wide as a line is, so that nothing is cut."""
    return None if stream.isatty() or "COLUMNS" in os.environ else _NO_TERMINAL


_NO_TERMINAL = 10_000


class Results(Console):
    """A console on which nothing that is shown acts on the terminal but its own styles.

    Names come from anywhere, so that no `[bold]` and no `:smile:` in them is markup.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, markup=False, emoji=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """What `renderable` looks like, with others' control characters made visible."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


class Messages(Results):
    """The same for what is said on the way; where nobody can be told, the work goes on."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print where it can be printed."""
        with contextlib.suppress(OSError):
            super().print(*objects, **options)


out = Results(width=_width(sys.stdout))
err = Messages(stderr=True, width=_width(sys.stderr))


def be_quiet(quiet: bool) -> None:
    """Whether what is said on the way is left out; errors are said all the same."""
    err.quiet = quiet


def print_raw(text: str) -> None:
    """Print what programs read, as it is but for control characters."""
    out.file.write(visible(text))
    out.file.flush()


def say_error(message: str) -> None:
    """Say what was wrong, on one line."""
    be_quiet(False)
    err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)


def fail(message: str, status: int) -> NoReturn:
    """Say what was wrong on one line, and exit."""
    say_error(message)
    sys.exit(status)


def say_left_out(searches: Sequence[str], skipped: "Sequence[Skipped]") -> None:
    """Name the attacks that were not drawn, and the photographs that could not be."""
    told = [
        f"left out {label}: it asks a model what to draw, which `typoattack run` does"
        for label in searches
    ]
    told += [f"skipped {skip.sample}: {skip.reason}" for skip in skipped]
    for line in told:
        err.print(Text(line, "yellow"), soft_wrap=True)
