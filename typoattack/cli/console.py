"""Where the command line prints: results to `out`, all else to `err`."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from typoattack.results.folder import Skipped


def _width() -> int | None:
    """As wide as the terminal; without one, as wide as a line is, so that nothing is cut."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _NO_TERMINAL


_NO_TERMINAL = 10_000

out = Console(width=_width())
err = Console(stderr=True)


def fail(message: str, status: int) -> NoReturn:
    """Say what was wrong on one line, and exit."""
    err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
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
