"""`typoattack word-search`."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import (
    Canvas,
    DatasetName,
    Device,
    ModelName,
    Plugins,
    Seed,
    load_plugins,
)
from typoattack.cli.progress import StageProgress
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.models.devices import resolve_device
from typoattack.recipes import parse_recipe
from typoattack.recipes.artefacts import SHAPE_NAMES
from typoattack.runner.word_search import (
    WordScore,
    photographs_of_others,
    rank_words,
    write_ranking,
)
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import imagenet_class_names, read_lines
from typoattack.task import Task

app = new_app()

SHAPES = "shapes"
"""The vocabulary of shapes, in place of a file."""


@app.command(
    "word-search",
    epilog="Example: `typoattack word-search 'piggy bank' --limit 1`",
)
def word_search(
    target: Annotated[str, typer.Argument(help="The class to drive photographs to.")],
    vocabulary: Annotated[
        str,
        typer.Option(
            "--vocabulary",
            help="A file with a string a line, or `shapes`, the shapes that the recipe artefact "
            "draws [class names, and ImageNet's].",
        ),
    ] = "",
    others: Annotated[
        bool, typer.Option("--no-class-names", help="Leave out strings that name a class.")
    ] = False,
    together: Annotated[
        int,
        typer.Option("--together", min=1, max=8, help="Strings on one picture, found greedily."),
    ] = 1,
    model: ModelName = "mini",
    dataset: DatasetName = "bundled",
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="What the strings are drawn with.")
    ] = "printed-label",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many photographs.")] = 10,
    top: Annotated[int, typer.Option("--top", min=1, help="How many strings to show.")] = 20,
    seed: Seed = 0,
    canvas: Canvas = 448,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A CSV file for the whole ranking.")
    ] = None,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """Rank strings by how often they drive photographs to a wanted class (Goh et al. 2021)."""
    load_plugins(plugin)
    drawn_with = parse_recipe(recipe)
    data = open_dataset(DatasetSpec(dataset))
    strings = _strings(vocabulary, data.task, without_classes=others)
    photographs = photographs_of_others(data, target, limit=limit, canvas=canvas)
    where = resolve_device(device)
    with StageProgress() as progress:
        ranked = rank_words(
            strings,
            photographs,
            target,
            drawn_with,
            load_model(model, device=where),
            data.task,
            together=together,
            seed=seed,
            device=where,
            progress=progress,
        )
    if out is not None:
        write_ranking(ranked, out)
    table = Table("string", "hits", "mean probability", box=None, header_style="bold")
    for score in ranked[:top]:
        table.add_row(Text(score.word), f"{score.hits:.0%}", _shown(score.probability))
    console.out.print(table)
    asked = sum(score.queries for score in ranked)
    console.out.print(f"{len(ranked)} strings, {asked} pictures asked about", highlight=False)
    for sentence in _told(ranked, target, len(photographs)):
        console.out.print(Text(sentence), soft_wrap=True)


def _shown(probability: float) -> str:
    """Three places, or two digits of what is less than they can tell."""
    return f"{probability:.3f}" if probability >= 0.001 else f"{probability:.2g}"


def _told(ranked: Sequence[WordScore], target: str, photographs: int) -> Iterator[str]:
    """What the table does not say of itself."""
    if not any(score.hits for score in ranked):
        yield f"none drove a photograph to {target!r}"
    yield (
        f"counted on the very {photographs} photograph{'s' * (photographs > 1)} that the strings "
        "were found on, so that the best do less on others; `typoattack transfer` tries them there"
    )


def _strings(vocabulary: str, task: Task, *, without_classes: bool) -> list[str]:
    """The candidate strings, each once.

    Raises:
        UserError: if the file cannot be read, or none are left.
    """
    if vocabulary == SHAPES:
        found = list(SHAPE_NAMES)
    elif vocabulary:
        if not Path(vocabulary).exists() and difflib.get_close_matches(vocabulary, [SHAPES]):
            raise UserError(
                f"--vocabulary {vocabulary!r}: there is no such file; did you mean {SHAPES!r}?"
            )
        found = list(read_lines(vocabulary, "vocabulary"))
    else:
        found = [*task.class_names, *imagenet_class_names()]
    classes = {name.casefold() for name in task.class_names} if without_classes else set()
    kept = [one for one in dict.fromkeys(found) if one.casefold() not in classes]
    if not kept:
        raise UserError("every string names a class; give others by --vocabulary FILE")
    return kept
