"""`typoattack verify`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Plugins, load_plugins
from typoattack.cli.progress import StageProgress

app = new_app()

_SIGNS = {
    True: ("agrees", "green"),
    False: ("DIFFERS", "bold red"),
    None: ("not checked", "yellow"),
}


@app.command(epilog="Example: `typoattack verify runs/quick-mini`")
def verify(
    path: Annotated[Path, typer.Argument(help="A run's folder, or its card.json alone.")],
    sample: Annotated[
        int, typer.Option("--sample", "-n", min=1, help="Pictures that are drawn again.")
    ] = 40,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses them.")] = 0,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """Are a run's figures what its pictures and its model give? Draws and classifies some again.

    Ends with status 1 if anything differs.
    """
    from typoattack.cards.verify import verify as checked  # imports torch

    load_plugins(plugin)
    with StageProgress() as progress:
        checks = checked(path, sample=sample, seed=seed, device=device, progress=progress)
    wide = max(len(check.name) for check in checks)
    for check in checks:
        sign, style = _SIGNS[check.agrees]
        line = Text(f"{check.name:<{wide}}  ")
        console.out.print(line.append(f"{sign:<11}", style=style).append(f"  {check.told}"))
    if any(check.agrees is False for check in checks):
        raise typer.Exit(1)
