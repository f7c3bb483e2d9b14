"""`typoattack rank`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Plugins, load_plugins
from typoattack.report.field import PAGE, tell_field, terminal_field

app = new_app()


@app.command(
    epilog="Example: `typoattack rank runs/quick-mini-blind runs/quick-mini --out ranking`"
)
def rank(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; a run may hold several models.")],
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    baseline: Annotated[
        str, typer.Option("--baseline", help="A model that all others are held against, too.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page, tables and charts there.")
    ] = None,
    cluster: Cluster = "auto",
    plugin: Plugins = None,
) -> None:
    """Which of many models is the most robust, and which are not told apart?

    All are placed on the same photographs, with what is uncertain about each place.
    """
    load_plugins(plugin)
    found = typoattack.rank(*runs, figure=figure, baseline=baseline, out=out, by=cluster)
    console.out.print(terminal_field(found))
    for sentence in tell_field(found):
        console.out.print(Text(sentence))
    if out is not None:
        console.out.print(Text(f"ranking page: {out / PAGE}"), soft_wrap=True)
