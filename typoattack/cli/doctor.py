"""`typoattack doctor`."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Precision
from typoattack.core.errors import UserError
from typoattack.doctor import Finding, examine_installation, examine_model
from typoattack.samples.labels import templates as parse_templates

app = new_app()

_MARKS = {
    "well": ("well    ", "green"),
    "wrong": ("WRONG   ", "bold red"),
    "suspect": ("suspect ", "bold yellow"),
    "untold": ("untold  ", "dim"),
}


@app.command(epilog="Example: `typoattack doctor`")
def doctor(
    model: Annotated[
        str, typer.Option("--model", "-m", help="Also look at a model; `typoattack list models`.")
    ] = "",
    templates: Annotated[
        str,
        typer.Option("--templates", help="simple, openai, a sentence with {}, or a file of them."),
    ] = "simple",
    device: Device = "auto",
    precision: Precision = "fp32",
) -> None:
    """Is this installation fit, and is a model opened as it was trained?

    Of a model: channel order, mean and std, resizing, padding, context length, prompt template,
    activation, precision, and whether it recognises the package's photographs. *wrong* differs from
    what is known of it; *suspect* is unusual, or another way of opening it answers clearly better.
    """
    found = examine_installation(device)
    _show(found)
    if model:
        more = examine_model(
            model, templates=parse_templates(templates), device=device, precision_asked=precision
        )
        _show(more)
        found += more
    ill = [one.check for one in found if one.ill]
    if ill:
        raise UserError(f"look into {', '.join(dict.fromkeys(ill))}")


def _show(found: Sequence[Finding]) -> None:
    for one in found:
        line = Text.assemble(_MARKS[one.state], f"{one.check}: ", one.said)
        console.out.print(line, soft_wrap=True)
