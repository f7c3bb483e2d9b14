"""`typoattack generate`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, takes_suite
from typoattack.cli.progress import StageProgress
from typoattack.export.attacked import write_attacked
from typoattack.factory import load_model
from typoattack.runner.plan import needs_text_space
from typoattack.suite import Suite, without_searches

app = new_app()


@app.command(epilog="Example: `typoattack generate quick --recipe printed-label --out attacked/`")
@takes_suite(without=["reads"])
def generate(
    chosen: Suite,
    out: Annotated[Path, typer.Option("--out", "-o", help="The new folder.")],
    layout: Annotated[
        str, typer.Option("--format", "-f", help="See `typoattack list formats`.")
    ] = "imagefolder",
    device: Device = "auto",
) -> None:
    """Write an attacked data set that `datasets` loads, clean pictures included.

    A model is needed only where words are chosen by its text space (`nearest`, `farthest`).
    Searches, which ask a model what to draw, are left out.
    """
    drawn, searches = without_searches(chosen)
    with StageProgress() as progress:
        asked = needs_text_space(drawn)
        model = load_model(drawn.models[0], device=device) if asked else None
        skipped = write_attacked(drawn, out, layout, model, progress)
    console.say_left_out(searches, skipped)
    console.out.print(Text(f"attacked data set: {out}"), soft_wrap=True)
