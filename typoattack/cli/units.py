"""`typoattack units`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Precision, Seed
from typoattack.cli.progress import StageProgress
from typoattack.core.errors import UserError
from typoattack.core.resources import default_cache_dir
from typoattack.factory import load_model
from typoattack.models.text_cache import TextCache
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.cards import WordCards, read_words
from typoattack.units.cards import vocabulary as word_list
from typoattack.units.finished import UNFINISHED, unfinished
from typoattack.units.layers import shown_shape
from typoattack.units.page import file_stem, write_study
from typoattack.units.photographs import Photographs, usable_photographs
from typoattack.units.plan import StudyPlan, chosen_parts
from typoattack.units.section import Section
from typoattack.units.study import StudyOptions, study

app = new_app()

_LONGEST = 24
"""Characters of a cell that is shown whole."""


@app.command(epilog="Example: `typoattack units mini --dataset folder:photos`")
def units(
    model: Annotated[str, typer.Argument(help="A model, as in `typoattack list models`.")],
    dataset: Annotated[
        str, typer.Option("--dataset", "-d", help="Labelled photographs, two or more a class.")
    ] = "bundled",
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="NAME, NAME@mean|max|class, or list; repeatable [the last one]."
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option("--words", help="A file with one word a line to show.")
    ] = None,
    shown: Annotated[
        int, typer.Option("--show-words", min=2, help="Words to show where no file says which.")
    ] = 100,
    parts: Annotated[
        str | None,
        typer.Option(
            "--parts",
            help="Of text,multimodal,colour,curve,flips,visualise [all but the last, as far as "
            "the photographs allow].",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="The attack of the curve and the flips.")
    ] = "printed-label",
    ablation: Annotated[str, typer.Option("--ablation", help="zero, mean or resample.")] = "zero",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Only N, spread over the classes."),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Photographs and words a unit.")] = 8,
    flips: Annotated[int, typer.Option("--flips", min=0, help="Flips to explain.")] = 6,
    permutations: Annotated[
        int, typer.Option("--permutations", min=99, help="At most, for p-values.")
    ] = 9999,
    repeats: Annotated[int, typer.Option("--random-orders", min=1, help="For the curve.")] = 3,
    seed: Seed = 0,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Pictures a pass.")] = 32,
    device: Device = "auto",
    precision: Precision = "fp32",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder to write [units/MODEL].")
    ] = None,
) -> None:
    """Find the units that read, switch them off, and name those behind each flip.

    `--layer list` shows what there is to look at. Multimodal scores need two photographs a class;
    where there are fewer, the rest is done unless `--parts` asks for them. A study that was killed
    goes on where it stopped when the same command is given again.
    """
    inside = anatomy(load_model(model, device=device, precision=precision))
    if layer and "list" in layer:
        _show_layers(inside)
        return
    layers = [inside.layer(name) for name in dict.fromkeys(layer or [inside.usual])]
    photographs = _photographs(dataset, limit)
    plan = StudyPlan(
        cards=_cards(photographs, vocabulary, shown, seed),
        parts=_parts(parts),
        recipe=recipe,
        how=ablation,  # type: ignore[arg-type]
        seed=seed,
        permutations=permutations,
        repeats=repeats,
        top=top,
        flips=flips,
    )
    for one in chosen_parts(plan.parts, photographs).left_out:
        console.err.print(Text(str(one), style="yellow"))
    folder = out or Path("units") / file_stem(model)
    with _said_if_kept(folder), unfinished(folder) as store, StageProgress() as progress:
        cache = TextCache(default_cache_dir())
        options = StudyOptions(store, batch_size, cache, progress, _say_found)
        section = write_study(study(inside, layers, photographs, plan, options), folder)
    _show_section(section)
    console.out.print(Text(f"units: {folder}"), soft_wrap=True)


@contextmanager
def _said_if_kept(folder: Path) -> Iterator[None]:
    """After an interruption or an error, say what the same command will not do again."""
    try:
        yield
    except BaseException:
        if (folder / UNFINISHED).exists():
            kept = f"what is finished is kept in {folder / UNFINISHED}; the same command goes on"
            console.err.print(Text(kept), soft_wrap=True)
        raise


def _say_found(name: str) -> None:
    console.err.print(Text(f"{name}: taken from what an unfinished study left", style="dim"))


def _parts(given: str | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))


def _photographs(dataset: str, limit: int | None) -> Photographs:
    found = usable_photographs(open_dataset(DatasetSpec(dataset)), limit)
    for sample, reason in found.broken:
        console.err.print(Text(f"skipped {sample}: {reason}", style="yellow"))
    return found


def _cards(photographs: Photographs, file: Path | None, shown: int, seed: int) -> WordCards:
    present = [photographs.class_names[label] for label in photographs.classes]
    if file is None:
        words = word_list(present, photographs.class_names, shown, seed)
    else:
        try:
            text = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"words file {str(file)!r}: cannot be read ({error})") from None
        words = word_list(present, [], 0)
        words += [
            word for word in read_words(text, f"words file {str(file)!r}") if word not in words
        ]
    return WordCards(tuple(words), seed=seed, canvas=photographs.canvas)


def _show_layers(inside: Anatomy) -> None:
    rows = [("layer", "units", "shape", "what")]
    rows += [
        (name, f"{layer.units:,}", shown_shape(layer), layer.what)
        for name, layer in inside.layers.items()
    ]
    # Lines rather than a table: a long name must be there to copy whole.
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, count, shape, what in rows:
        line = f"{name:<{wide[0]}}  {count:>{wide[1]}}  {shape:<{wide[2]}}  {what}"
        console.out.print(Text(line), soft_wrap=True)
    console.out.print(Text(f"without --layer: {inside.usual}"))


def _show_section(section: Section) -> None:
    for sentence in section.sentences:
        console.out.print(Text(sentence))
    for caption, rows in section.tables:
        table = Table(*rows[0], title=caption, box=None, header_style="bold", title_justify="left")
        for row in rows[1:9]:  # units.md has all of them, and whole
            table.add_row(*(Text(_cut(cell)) for cell in row))
        console.out.print(table)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…"
