"""`typoattack defence`."""

from typing import Annotated

import typer
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
from typoattack.defences.learned import FITTED
from typoattack.fitting.defences import fit_and_save
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
