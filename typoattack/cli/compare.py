"""`typoattack compare`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Plugins, load_plugins
from typoattack.report.comparison import PAGE, tell, terminal_tables

app = new_app()


@app.command(epilog="Example: `typoattack compare runs/quick-mini-blind runs/quick-mini`")
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; a run may hold several models.")],
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page and tables there.")
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Is one model really more robust than another? Paired by photograph, with intervals."""
    load_plugins(plugin)
    found = typoattack.compare(*runs, figure=figure, out=out)
    for table in terminal_tables(found):
        console.out.print(table)
    for line in (*tell(found), *found.notes):
        console.out.print(Text(line))
    if out is not None:
        console.out.print(Text(f"comparison page: {out / PAGE}"), soft_wrap=True)
