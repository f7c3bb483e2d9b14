"""`typoattack retrieve`."""

from pathlib import Path
from typing import Annotated

import typer

from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Device, Plugins, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress

app = new_app()


@app.command(
    epilog="Example: `typoattack run retrieval --keep-embeddings --out runs/gallery`, then "
    "`typoattack retrieve runs/gallery --out found`"
)
@prints
def retrieve(
    how: Printing,
    run: Annotated[Path, typer.Argument(help="The folder of a run with --keep-embeddings.")],
    share: Annotated[
        float, typer.Option("--share", help="Of the gallery's photographs that carry a word.")
    ] = 0.1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page, figures and every rank.")
    ] = None,
    cluster: Cluster = "auto",
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """What do words on some photographs do to a search among all of them?"""
    from typoattack.report.retrieval import (
        retrieval_frame,
        tell_retrieval,
        terminal_retrieval,
        write_retrieval,
    )
    from typoattack.report.retrieval import retrieve as retrieved  # imports torch

    load_plugins(plugin)
    with StageProgress() as progress:
        found = retrieved(run, share=share, device=device, by=cluster, progress=progress)
    how.results(
        tables=lambda: terminal_retrieval(found),
        frame=lambda: retrieval_frame(found),
    )
    for sentence in tell_retrieval(found):
        how.tell(sentence)
    if out is not None:
        write_retrieval(found, out)
        how.tell(f"page: {out / 'retrieval.html'}", soft=True)
    else:
        how.tell(
            "nothing was written: --out FOLDER writes the page, the figures and every rank",
            soft=True,
        )
