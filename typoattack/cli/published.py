"""`typoattack published`."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.metrics.published import read_published

app = new_app()


@app.command(epilog="Example: `typoattack published --model ViT-L-14`")
def published(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Only models whose name holds this.")
    ] = None,
) -> None:
    """What papers and model cards report for public checkpoints, with the source of each figure."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("model", "data", "set", "clean %", "figure", "attacked %", "source"):
        table.add_column(head, justify="right" if head.endswith("%") else "left")
    for row in read_published():
        if model is None or model.lower() in row.model.lower():
            numbers = f"{row.clean_percent:.2f}", row.figure, f"{row.attacked_percent:.2f}"
            cells = row.model, row.training_data, row.dataset, *numbers, row.source
            table.add_row(*map(Text, cells))
    console.out.print(table)
