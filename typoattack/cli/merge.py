"""`typoattack merge`."""

from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli.commands import new_app
from typoattack.cli.options import Plugins, load_plugins
from typoattack.cli.summary import show_run
from typoattack.results.merge import merge as joined

app = new_app()


@app.command(epilog="Example: `typoattack merge runs/quick-mini-*-of-4 --out runs/quick-mini`")
def merge(
    runs: Annotated[list[Path], typer.Argument(help="The folders of all shards of one run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new run folder.")],
    plugin: Plugins = None,
) -> None:
    """Join the shards of a run, done with `run --shard i/n`, into one run, and show its table.

    Gaps, overlaps, unfinished shards and shards of other runs are refused.
    """
    load_plugins(plugin)
    show_run(typoattack.Run(joined(runs, out).path))
