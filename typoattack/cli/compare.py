"""`typoattack compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Plugins, load_plugins
from typoattack.core.files import make_folder
from typoattack.metrics.comparison import Entrant, read_entrants
from typoattack.metrics.recipe_comparison import compare_recipes
from typoattack.report.comparison import PAGE, tell, terminal_comparison
from typoattack.report.recipe_comparison import FILE, recipe_table, tell_recipes, write_recipes

app = new_app()


@app.command(
    epilog="Examples: `typoattack compare runs/quick-mini-blind runs/quick-mini`; "
    "`typoattack compare runs/demo --recipes printed-label handwritten-note`"
)
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; a run may hold several models.")],
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    recipes: Annotated[
        tuple[str, str] | None,
        typer.Option("--recipes", metavar="A B", help="Compare two attacks, under each model."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page and tables there.")
    ] = None,
    cluster: Cluster = "auto",
    plugin: Plugins = None,
) -> None:
    """Is one model really more robust than another? Paired by photograph, with intervals.

    Of one run with one model, its attacks are compared instead: all those that are the same
    recipe with other parameters, or the two that --recipes names.
    """
    load_plugins(plugin)
    if recipes is not None or len(runs) == 1:
        entrants = read_entrants(runs)
        if recipes is not None or len(entrants) == 1:
            _compare_recipes(entrants, recipes or (), figure, out, cluster)
            return
    found = typoattack.compare(*runs, figure=figure, out=out, by=cluster)
    hint = ["`typoattack rank` places them all."] if len(found.names) > 2 else []
    _show(terminal_comparison(found), [*tell(found), *found.notes, *hint])
    if out is not None:
        console.out.print(Text(f"comparison page: {out / PAGE}"), soft_wrap=True)


def _compare_recipes(
    entrants: Sequence[Entrant], recipes: Sequence[str], figure: str, out: Path | None, by: str
) -> None:
    found = compare_recipes(entrants, recipes, figure=figure, by=by)
    _show(recipe_table(found), [*tell_recipes(found), *found.notes])
    if out is not None:
        make_folder(out)
        write_recipes(found, out)
        console.out.print(Text(f"comparison of recipes: {out / FILE}"), soft_wrap=True)


def _show(table: Table, sentences: Sequence[str]) -> None:
    console.out.print(table)
    for sentence in sentences:
        console.out.print(Text(sentence))
