"""`typoattack rank`."""

from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Plugins, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.report.field import (
    PAGE,
    field_frame,
    json_field,
    markdown_field,
    tell_field,
    terminal_field,
)

app = new_app()


@app.command(
    epilog="Example: `typoattack rank runs/quick-mini-blind runs/quick-mini --out ranking`"
)
@prints
def rank(
    how: Printing,
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
    how.results(
        tables=lambda: [terminal_field(found, console.out.width)],
        frame=lambda: field_frame(found),
        markdown=lambda: markdown_field(found),
        as_json=lambda: json_field(found),
    )
    for sentence in tell_field(found):
        how.tell(sentence)
    if out is not None:
        how.tell(f"ranking page: {out / PAGE}", soft=True)
