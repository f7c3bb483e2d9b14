"""`typoattack defence`."""

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
    Limit,
    ModelName,
    SafetensorsFile,
    Seed,
    WordSpec,
    must_be_safetensors,
)
from typoattack.cli.progress import StageProgress
from typoattack.core.resources import default_cache_dir
from typoattack.defences.learned import FITTED
from typoattack.factory import load_model
from typoattack.fitting.defences import fit_and_save
from typoattack.fitting.heads import find_heads, write_heads
from typoattack.models.devices import resolve_device
from typoattack.models.text_cache import TextCache
from typoattack.runner.options import RunOptions
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite

app = new_app(name="defence", no_args_is_help=True)


@app.callback()
def defence() -> None:
    """Fit a learned defence."""


@app.command(
    "fit",
    epilog="Example: `typoattack defence fit projection -d folder:train -o p.safetensors`",
)
def fit_defence(
    kind: Annotated[str, typer.Argument(help="projection or defense-prefix.")],
    dataset: DatasetName,
    out: SafetensorsFile,
    model: ModelName = "mini",
    recipe: Annotated[
        list[str] | None, typer.Option("--recipe", "-r", help="What writes [printed-label].")
    ] = None,
    words: WordSpec = "random",
    replicates: Annotated[
        int, typer.Option("--replicates", min=1, help="Words a photograph and recipe.")
    ] = 8,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Passes over the pictures (defense-prefix).")
    ] = 10,
    rate: Annotated[
        float, typer.Option("--rate", min=1e-8, help="Learning rate (defense-prefix).")
    ] = 0.002,
    canvas: Canvas = 448,
    limit: Limit = 0,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Fit a learned defence on photographs that are attacked for it.

    Try it with `typoattack run … --defence 'projection("p.safetensors")'`, on other photographs.
    """
    must_be_safetensors(out)
    FITTED[kind]
    settings = {
        "question": "what does writing change?",
        "models": [model],
        "dataset": dataset,
        "recipes": recipe or ["printed-label"],
        "words": words,
        "replicates": replicates,
        "canvas": canvas,
        "limit": limit,
        "seed": seed,
    }
    suite = parse_suite("{}", "fit", settings)
    with StageProgress() as progress:
        lines = fit_and_save(kind, suite, out, device, (epochs, rate), progress)
    for line in lines:
        console.out.print(Text(line))
    console.out.print(Text(f"{kind}: {out}"), soft_wrap=True)


@app.command(
    "heads",
    epilog="Example: `typoattack defence heads -m local-dir:my-clip -d folder:train -o heads.json`",
)
def find_reading_heads(
    dataset: DatasetName,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    model: ModelName,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="What writes where heads are chosen.")
    ] = "hufe2026",
    words: WordSpec = "random",
    most_lost: Annotated[
        float, typer.Option("--most-lost", min=0, max=1, help="Clean accuracy that may be lost.")
    ] = 0.01,
    canvas: Canvas = 448,
    limit: Limit = 0,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Find the attention heads that read, for the defence `dyslexify` (Hufe et al. 2026).

    Heads of a vision transformer are scored by how far the class token looks at a word at the
    bottom, then switched off one after the other, and stay off where more attacked pictures are
    called right. Try it with `typoattack run … --defence 'dyslexify("heads.json")'`, on other
    photographs.
    """
    settings = {
        "question": "which heads read?",
        "models": [model],
        "dataset": dataset,
        "recipes": [recipe],
        "words": words,
        "canvas": canvas,
        "limit": limit,
        "seed": seed,
    }
    suite = parse_suite("{}", "heads", settings)
    data = open_dataset(suite.dataset)
    where = resolve_device(device)
    encoder = load_model(model, device=where)
    with StageProgress() as progress:
        options = RunOptions(cache=TextCache(default_cache_dir()), progress=progress, device=where)
        found = find_heads(suite, encoder, data, options, most_lost=most_lost)
    write_heads(out, found, encoder, data, suite)
    table = Table("head", "score", "clean", "attacked", "stays off", box=None, header_style="bold")
    table.add_row("all on", "", f"{found.began[0]:.1%}", f"{found.began[1]:.1%}", "")
    for step in found.steps:
        name = f"{step.head[0]}.{step.head[1]}"
        kept = "yes" if step.kept else "no"
        accuracies = f"{step.clean:.1%}", f"{step.attacked:.1%}"
        table.add_row(name, f"{step.score:.3f}", *accuracies, kept)
    console.out.print(table)
    count = sum(step.kept for step in found.steps)
    console.out.print(Text(f"{count} heads stay off: {out}"), soft_wrap=True)
