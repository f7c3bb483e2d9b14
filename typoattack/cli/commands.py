"""The commands, each a file that is imported when its command is called."""

import contextlib
import importlib
import signal
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from typoattack.cli.stop import Stopped, refuse_if_asked
from typoattack.cli.terminal import visible

COMMANDS = {
    "run": "Attack a suite's photographs, classify clean and attacked ones, report flip rates.",
    "merge": "Join the shards of a run, done with `run --shard i/n`, into one run, and show its "
    "table.",
    "report": "Write a run's page, tables and figures beside its predictions, and show the table.",
    "score": "Score answers that were computed elsewhere: every figure and page that a run of ours "
    "gets.",
    "compare": "Is one model really more robust than another? Paired by photograph, with "
    "intervals.",
    "rank": "Which of many models is the most robust, and which are not told apart?",
    "bundle": "Make a static site of runs: the ranking, and a page a model with its pictures.",
    "verify": "Are a run's figures what its pictures and its model give? Draws and classifies some "
    "again.",
    "rescore": "Does a conclusion depend on the rule of scoring? Figures and places under each.",
    "retrieve": "What do words on some photographs do to a search among all of them?",
    "power": "How many photographs does it take? What a difference needs to be shown.",
    "published": "What papers and model cards report for public checkpoints, with the source of "
    "each figure.",
    "word-search": "Rank strings by how often they drive photographs to a wanted class (Goh et "
    "al. 2021).",
    "transfer": "Does what fools one model fool another? Found on A, tried on B, on held-out "
    "photographs.",
    "words": "Make a table of words from a run's clean answers, for the word source `table:FILE`.",
    "generate": "Write an attacked data set that `datasets` loads, clean pictures included.",
    "show": "Draw a contact sheet of recipes on photographs.",
    "check": "Check that a recipe keeps the rules that every recipe keeps.",
    "doctor": "Is this installation fit, and is a model opened as it was trained?",
    "new": "Write a commented recipe that works, and its test, to start from.",
    "list": "List what there is: names as the other commands take them.",
    "chat": "Ask a chat model: is it the object, or what is written on it?",
    "explain": "What does the text in one picture weigh in a model's answer? Needs the extra "
    "`ocr`.",
    "audit": "How much of an image–text set is text that its captions repeat? Needs the extra "
    "`ocr`.",
    "dense": "Does the word change answers away from where it stands? Asks a ViT patch by patch.",
    "units": "Find the units that read, switch them off, and name those behind each flip.",
    "probe": "Fit a linear probe, a classifier in place of zero-shot.",
    "defence": "Fit a learned defence.",
}
"""The first line of each command's help by its name, in the order of `typoattack --help`.

It is said here too, so that this help needs no command's file and what that imports.
"""


def new_app(**settings: Any) -> typer.Typer:
    """A Typer with what all parts of the command line have in common."""
    return typer.Typer(
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        add_completion=False,
        **settings,
    )


def load_command(name: str) -> TyperCommand | TyperGroup:
    """The command called `name`, from the `app` of its file: `word-search` is in word_search.py."""
    module = importlib.import_module(f"typoattack.cli.{name.replace('-', '_')}")
    command = get_command(module.app)
    assert isinstance(command, (TyperCommand, TyperGroup))
    return command


class LazyGroup(TyperGroup):
    """Holds a stand-in for each command, with its name and help, until the command is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, line in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """The command that `args` begin with, imported now, and the arguments left to it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name else None, rest

    def make_context(self, *given: Any, **settings: Any) -> Any:
        """Read the command line; what Typer says of it shows no control characters."""
        with _as_ours():
            return super().make_context(*given, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _as_ours():
            return super().invoke(ctx)


@contextlib.contextmanager
def _as_ours() -> Iterator[None]:
    """What Typer would print itself, or take for an end like any other, made ours."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(signal.SIGINT) from None
    except Exception as error:
        refuse_if_asked()
        if isinstance(getattr(error, "message", None), str):
            error.message = visible(error.message)  # type: ignore[attr-defined]
        raise
