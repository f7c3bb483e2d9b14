"""`typoattack verify`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Plugins, load_plugins
from typoattack.cli.printing import Printing, lines_of, prints
from typoattack.cli.progress import StageProgress

if TYPE_CHECKING:
    from typoattack.cards.verify import Check

app = new_app()

_SIGNS = {
    True: ("agrees", "green"),
    False: ("DIFFERS", "bold red"),
    None: ("not checked", "yellow"),
}


@app.command(epilog="Example: `typoattack verify runs/quick-mini`")
@prints
def verify(
    how: Printing,
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
    how.results(
        tables=lambda: _lines(checks),
        frame=lambda: lines_of(
            ("check", "verdict", "told"),
            [(one.name, _SIGNS[one.agrees][0].lower(), one.told) for one in checks],
        ),
    )
    if any(check.agrees is False for check in checks):
        raise typer.Exit(1)


def _lines(checks: "Sequence[Check]") -> Iterator[Text]:
    wide = max(len(check.name) for check in checks)
    for check in checks:
        sign, style = _SIGNS[check.agrees]
        line = Text(f"{check.name:<{wide}}  ")
        yield line.append(f"{sign:<11}", style=style).append(f"  {check.told}")
