"""The command line: which commands there are, and how its errors end."""

import shlex
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from typoattack import __version__
from typoattack.cli.commands import LazyGroup, new_app
from typoattack.cli.console import fail, out
from typoattack.cli.terminal import is_of_output
from typoattack.core.errors import RunFailure, UserError
from typoattack.core.secrets import without_credentials

_OF_MODELS = ("torch", "torchvision", "timm", "open_clip")
_CURE = "pip install torch torchvision timm open_clip_torch"

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


def run(given: Sequence[str]) -> None:
    """Run the command line `given`; what it says of itself is how it ends.

    Raises:
        SystemExit: always but for a signal or an output that cannot be written; 2 for the user's
            mistakes, 1 for ours.
    """
    try:
        app(args=list(given), obj=without_credentials(shlex.join(["typoattack", *given])))
    except UserError as error:
        fail(str(error), 2)
    except RunFailure as error:
        fail(str(error), 1)
    except OSError as error:
        if is_of_output(error):
            raise
        fail(traceback.format_exc(), 1)
    except ModuleNotFoundError as error:
        if error.name not in _OF_MODELS:
            fail(traceback.format_exc(), 1)
        fail(f"this needs PyTorch and what comes with it, but there is no {error.name}: {_CURE}", 2)
    except Exception:
        fail(traceback.format_exc(), 1)
