"""`typoattack list`."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.listing import LISTINGS, describe_recipe
from typoattack.cli.options import Plugins, load_plugins
from typoattack.core.errors import UserError

app = new_app()


@app.command("list", epilog="Example: `typoattack list recipes`")
def list_parts(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(LISTINGS)}.")],
    name: Annotated[str | None, typer.Argument(help="One recipe, to see its parameters.")] = None,
    plugin: Plugins = None,
) -> None:
    """List what there is: names as the other commands take them."""
    load_plugins(plugin)
    listing = LISTINGS[kind]
    if name is not None:
        if kind != "recipes":
            raise UserError(f"`typoattack list {kind}` takes no name")
        console.out.print(Text(describe_recipe(name)))
        return
    table = Table(*listing.columns, box=None, header_style="bold", pad_edge=False)
    for row in listing.rows():
        table.add_row(*(Text(cell) for cell in row))
    console.out.print(table)
