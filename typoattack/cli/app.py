"""The command line: which commands there are, and how its errors end."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from typoattack import __version__
from typoattack.cli.commands import LazyGroup, new_app
from typoattack.cli.console import fail, out
from typoattack.core.errors import RunFailure, UserError

app = new_app(
    name="typoattack",
    cls=LazyGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A typographic attack benchmark for CLIP-like models."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit with 2 for the user's mistakes and 1 for ours.

    Args:
        arguments: what follows `typoattack`; those of this process if None.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(args=given, obj=shlex.join(["typoattack", *given]))
    except UserError as error:
        fail(str(error), 2)
    except RunFailure as error:
        fail(str(error), 1)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on from here", 130)
