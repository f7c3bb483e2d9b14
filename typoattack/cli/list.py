"""`typoattack list`."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.listing import KINDS, LISTINGS, Row, describe_recipe
from typoattack.cli.options import Plugins, load_plugins
from typoattack.cli.printing import TABLE, Printing, lines_of, prints
from typoattack.core.errors import UserError
from typoattack.suite import list_suites

app = new_app()


@app.command("list", epilog="Example: `typoattack list recipes`")
@prints
def list_parts(
    how: Printing,
    kind: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(LISTINGS)}; the kinds without one.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One recipe, to see its parameters.")] = None,
    plugin: Plugins = None,
) -> None:
    """List what there is: names as the other commands take them."""
    load_plugins(plugin)
    listing = LISTINGS[kind] if kind is not None else KINDS
    if name is not None:
        if kind != "recipes":
            where = _where_recipes_stand(name) if kind == "suites" else ""
            raise UserError(f"`typoattack list {kind}` takes no name{where}")
        if how.format != TABLE:
            raise UserError("`typoattack list recipes NAME` prints text; leave --format out")
        console.out.print(Text(describe_recipe(name)))
        return
    rows = list(listing.rows())
    how.results(
        tables=lambda: [_table(listing.columns, rows)],
        frame=lambda: lines_of(listing.columns, rows),
    )


def _where_recipes_stand(suite: str) -> str:
    known = list_suites()
    return f"; the recipes of {suite!r} stand in {str(known[suite])!r}" if suite in known else ""


def _table(columns: Row, rows: Sequence[Row]) -> Table:
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
