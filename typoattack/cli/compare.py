"""`typoattack compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Plugins, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.core.files import make_folder
from typoattack.metrics.comparison import Entrant, read_entrants
from typoattack.metrics.recipe_comparison import compare_recipes
from typoattack.report.comparison import (
    PAGE,
    compare_read,
    markdown,
    pairings_frame,
    tell,
    terminal_comparison,
)
from typoattack.report.recipe_comparison import (
    FILE,
    recipe_frame,
    recipe_markdown,
    recipe_table,
    tell_recipes,
    write_recipes,
)

app = new_app()


@app.command(
    epilog="Examples: `typoattack compare runs/quick-mini-blind runs/quick-mini`; "
    "`typoattack compare runs/demo --recipes printed-label handwritten-note`"
)
@prints
def compare(
    how: Printing,
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
            _compare_recipes(how, entrants, recipes or (), figure, out, cluster)
            return
        opened = [typoattack.Run(run) for run in runs]
        found = compare_read(entrants, opened, figure=figure, out=out, by=cluster)
    else:
        found = typoattack.compare(*runs, figure=figure, out=out, by=cluster)
    hint = ["`typoattack rank` places them all."] if len(found.names) > 2 else []
    how.results(
        tables=lambda: [terminal_comparison(found, console.out.width)],
        frame=lambda: pairings_frame(found),
        markdown=lambda: markdown(found),
    )
    for sentence in (*tell(found), *found.notes, *hint):
        how.tell(sentence)
    if out is not None:
        how.tell(f"comparison page: {out / PAGE}", soft=True)


def _compare_recipes(
    how: Printing,
    entrants: Sequence[Entrant],
    recipes: Sequence[str],
    figure: str,
    out: Path | None,
    by: str,
) -> None:
    found = compare_recipes(entrants, recipes, figure=figure, by=by)
    how.results(
        tables=lambda: [recipe_table(found, console.out.width)],
        frame=lambda: recipe_frame(found),
        markdown=lambda: recipe_markdown(found),
    )
    for sentence in (*tell_recipes(found), *found.notes):
        how.tell(sentence)
    if out is not None:
        make_folder(out)
        write_recipes(found, out)
        how.tell(f"comparison of recipes: {out / FILE}", soft=True)
