"""Options that several commands take: the name, bounds and help of each stand here once."""

import functools
import inspect
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from typoattack.cli.terminal import visible
from typoattack.core.errors import UserError
from typoattack.recipes.registry import load_plugin
from typoattack.suite import Suite
from typoattack.suite.choose import choose_suite

Command = Callable[..., None]

_DATASET = typer.Option(
    "--dataset", "-d", help="bundled, folder:PATH, hf:NAME, …; see `typoattack list datasets`."
)
_WORDS = typer.Option("--words", help="random, nearest, farthest, fixed:WORD, list:A,B, pseudo.")
_SEED = typer.Option("--seed", min=0, help="Keys every random stream.")
_CANVAS = typer.Option("--canvas", min=32, help="Side of the canvas in pixels.")
_LIMIT = typer.Option(
    "--limit", min=0, help="Only N photographs, spread over the classes; 0 for all."
)
_FIRST = typer.Option("--first", min=0, help="Only the first N photographs of the data set.")

ModelName = Annotated[str, typer.Option("--model", "-m", help="See `typoattack list models`.")]
DatasetName = Annotated[str, _DATASET]
WordSpec = Annotated[str, _WORDS]
Seed = Annotated[int, _SEED]
Canvas = Annotated[int, _CANVAS]
Limit = Annotated[int, _LIMIT]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Precision = Annotated[str, typer.Option("--precision", help="fp32, bf16 or fp16.")]
Legibility = Annotated[
    bool, typer.Option("--legibility", help="Can the writing be read? Text recognition tells.")
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster",
        help="Intervals by what photographs share: auto, none, label, word, label+word, or another "
        "column or fact.",
    ),
]
SafetensorsFile = Annotated[
    Path, typer.Option("--out", "-o", help="The file to write, .safetensors.")
]
Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugin", help="A Python file that adds recipes or other parts; repeatable."),
]


def load_plugins(paths: Iterable[str] | None) -> None:
    """Load what `--plugin` names."""
    for path in paths or ():
        load_plugin(path)


def must_be_safetensors(out: Path) -> None:
    """Refuse an `--out` that could not hold what is fitted, before the work is done.

    Raises:
        UserError: if the name ends otherwise, or its folder is not there.
    """
    if out.suffix != ".safetensors":
        raise UserError(f"--out {str(out)!r}: the file's name must end in .safetensors")
    if not out.parent.is_dir():
        raise UserError(f"--out {str(out)!r}: there is no folder {str(out.parent)!r}")


def may_be_replaced(out: Path, overwrite: bool) -> None:
    """Ask before a file that took an hour to fit is replaced.

    Raises:
        UserError: if nobody is there to say yes, or it is not said.
    """
    if overwrite or not out.exists():
        return
    if not sys.stdin.isatty():
        raise UserError(f"--out {str(out)!r}: the file exists; replace it with --overwrite")
    if not typer.confirm(f"{visible(str(out))} exists. Replace it?", err=True):
        raise UserError(f"--out {str(out)!r}: the file stays as it is")


def chosen_suite(
    suite: Annotated[str, typer.Argument(help="A suite's name, or the path of its YAML file.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", help="mini, ARCH/TAG, hf-hub:ORG/NAME or local-dir:PATH; repeatable."
        ),
    ] = None,
    dataset: Annotated[str | None, _DATASET] = None,
    recipe: Annotated[
        list[str] | None,
        typer.Option("--recipe", "-r", help="'name(param=value) @ words'; repeatable."),
    ] = None,
    words: Annotated[str | None, _WORDS] = None,
    replicates: Annotated[
        int | None, typer.Option("--replicates", help="Words and draws per photograph and recipe.")
    ] = None,
    seed: Annotated[int | None, _SEED] = None,
    canvas: Annotated[int | None, _CANVAS] = None,
    templates: Annotated[
        str | None,
        typer.Option("--templates", help="simple, openai, a sentence with {}, or a file of them."),
    ] = None,
    limit: Annotated[int | None, _LIMIT] = None,
    first: Annotated[int | None, _FIRST] = None,
    clean_as_published: Annotated[
        bool,
        typer.Option("--clean-as-published", help="Also classify photographs without a canvas."),
    ] = False,
    reads: Annotated[
        int | None,
        typer.Option("--reads", min=0, help="Also ask models to read N word-only pictures."),
    ] = None,
    plugin: Plugins = None,
    image_column: Annotated[
        str | None, typer.Option("--image-column", help="Where pictures are.")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option("--label-column", help="Where labels are.")
    ] = None,
    caption_column: Annotated[
        str | None, typer.Option("--caption-column", help="Where captions are, in place of labels.")
    ] = None,
    class_names: Annotated[
        str | None, typer.Option("--class-names", help="A file with one class name a line.")
    ] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Links may lead out of the data set's folder.")
    ] = False,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="RTA-100 and PAINT with their phantom classes.")
    ] = False,
) -> Suite:
    """The suite that a command line names, with what its options change."""
    changes = {
        "models": model,
        "dataset": dataset,
        "image_column": image_column,
        "label_column": label_column,
        "caption_column": caption_column,
        "class_names": class_names,
        "follow_links": follow_links or None,
        "as_published": as_published or None,
        "clean_as_published": clean_as_published or None,
        "recipes": recipe,
        "words": words,
        "replicates": replicates,
        "seed": seed,
        "canvas": canvas,
        "templates": templates,
        "limit": limit,
        "first": first,
        "reads": reads,
    }
    return choose_suite(suite, changes, plugin or ())


def takes_suite(*, without: Collection[str] = ()) -> Callable[[Command], Command]:
    """Decorator: a command whose first parameter is a suite takes `chosen_suite`'s options for it.

    Typer knows no group of options, so they are written into the command's signature. An option
    that the command declares too looks as the command says, and is given to both.

    Args:
        without: parameters of `chosen_suite` that mean nothing to the command.
    """
    options = inspect.signature(chosen_suite).parameters
    shared = {name: each for name, each in options.items() if name not in without}

    def decorate(command: Command) -> Command:
        _, *own = inspect.signature(command).parameters.values()
        parameters = shared | {each.name: each for each in own}

        @functools.wraps(command)
        def with_options(**given: Any) -> None:
            suite = chosen_suite(**{name: given[name] for name in shared})
            command(suite, **{each.name: given[each.name] for each in own})

        by_name = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters.values()]
        with_options.__signature__ = inspect.Signature(by_name)  # type: ignore[attr-defined]
        with_options.__annotations__ = {p.name: p.annotation for p in by_name}
        return with_options

    return decorate
