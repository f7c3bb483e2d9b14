"""`typoattack new`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.scaffold import write_scaffold

app = new_app()


@app.command(epilog="Example: `typoattack new my-recipe`")
def new(
    name: Annotated[str, typer.Argument(help="Lower case with hyphens.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the files go.")] = Path(),
) -> None:
    """Write a commented recipe that works, and its test, to start from."""
    made, test = write_scaffold(name, folder)
    console.out.print(Text(f"recipe: {made}\ntest:   {test}"), soft_wrap=True)
    console.out.print(Text(f"next:   typoattack show {name} --plugin {made}"), soft_wrap=True)
    console.out.print(Text(f"        typoattack check {name} --plugin {made}"), soft_wrap=True)
