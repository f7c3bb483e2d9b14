"""`typoattack bundle`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Plugins, load_plugins

app = new_app()


@app.command(epilog="Example: `typoattack bundle runs/quick-mini-blind runs/quick-mini --out site`")
def bundle(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; a run may hold several models.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The site's folder, a new one.")],
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    baseline: Annotated[
        str, typer.Option("--baseline", help="A model that all others are held against, too.")
    ] = "",
    cluster: Cluster = "auto",
    plugin: Plugins = None,
) -> None:
    """Make a static site of runs: the ranking, and a page a model with its pictures."""
    from typoattack.report.bundle import bundle as made  # imports what draws the pictures

    load_plugins(plugin)
    page = made(*runs, out=out, figure=figure, baseline=baseline, by=cluster)
    console.out.print(Text(f"site: {page}"), soft_wrap=True)
