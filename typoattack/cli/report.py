"""`typoattack report`."""

from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Legibility, Plugins, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress
from typoattack.cli.summary import show_run

app = new_app()


@app.command(epilog="Example: `typoattack report runs/quick-mini`")
@prints
def report(
    how: Printing,
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    legibility: Legibility = False,
    cluster: Cluster = "auto",
    plugin: Plugins = None,
) -> None:
    """Write a run's page, tables and figures beside its predictions, and show the table."""
    load_plugins(plugin)
    done = typoattack.Run(run, cluster)
    if legibility:
        with StageProgress(often=how.verbose) as progress:
            done.measure_legibility(progress)
    show_run(done, how)
