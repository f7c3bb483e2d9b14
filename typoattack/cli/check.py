"""`typoattack check`."""

from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Plugins, load_plugins
from typoattack.core.errors import UserError
from typoattack.testing import recipe_outcomes

app = new_app()


@app.command(epilog="Example: `typoattack check 'printed-label(size=0.4)'`")
def check(
    recipe: Annotated[str, typer.Argument(help="A recipe string.")],
    plugin: Plugins = None,
) -> None:
    """Check that a recipe keeps the rules that every recipe keeps."""
    load_plugins(plugin)
    broken = 0
    for outcome in recipe_outcomes(recipe):
        mark = Text("broken ", "bold red") if outcome.problem else Text("kept   ", "green")
        console.out.print(Text.assemble(mark, outcome.check, ": ", outcome.problem or outcome.rule))
        broken += bool(outcome.problem)
    if broken:
        raise UserError(f"recipe {recipe} breaks {broken} of the rules above")
    console.out.print(Text(f"recipe {recipe} keeps them all"))
