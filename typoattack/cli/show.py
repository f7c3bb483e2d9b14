"""`typoattack show`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Canvas, DatasetName, Plugins, Seed, load_plugins
from typoattack.runner.sheet import write_sheet

app = new_app()


@app.command(epilog="Example: `typoattack show 'printed-label(size=0.4)' --word pizza`")
def show(
    recipe: Annotated[list[str], typer.Argument(help="Recipe strings; a row each.")],
    word: Annotated[
        list[str] | None, typer.Option("--word", "-w", help="Target words, in turn; repeatable.")
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", help="PARAM=VALUE,VALUE,…: a row for each; repeatable."),
    ] = None,
    dataset: DatasetName = "bundled",
    photographs: Annotated[
        int, typer.Option("--photographs", "-n", min=1, max=50, help="How many columns.")
    ] = 4,
    first: Annotated[
        bool, typer.Option("--first", help="The first ones, not some spread over the classes.")
    ] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Begin with the clean pictures.")] = False,
    seed: Seed = 0,
    cell: Annotated[int, typer.Option("--cell", min=32, help="Side of a picture.")] = 224,
    canvas: Canvas = 448,
    across: Annotated[int, typer.Option("--across", min=1, help="Recipes beside one another.")] = 1,
    plugin: Plugins = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file: .png, .jpg or .webp.")] = Path(
        "sheet.png"
    ),
) -> None:
    """Draw a contact sheet of recipes on photographs."""
    load_plugins(plugin)
    write_sheet(
        recipe,
        out,
        words=word or ["pizza"],
        sweeps=sweep or [],
        dataset=dataset,
        photographs=photographs,
        clean=clean,
        seed=seed,
        cell=cell,
        canvas=canvas,
        across=across,
        in_order=first,
    )
    console.out.print(Text(f"contact sheet: {out}"), soft_wrap=True)
