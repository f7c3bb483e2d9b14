"""`typoattack transfer`."""

from pathlib import Path
from typing import Annotated

import typer

from typoattack.cli.commands import new_app
from typoattack.cli.options import Canvas, DatasetName, Device, Plugins, Seed, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress
from typoattack.core.resources import default_cache_dir
from typoattack.factory import load_models
from typoattack.metrics.transfer import transfer_matrix
from typoattack.models.devices import resolve_device
from typoattack.models.text_cache import TextCache
from typoattack.recipes import parse_recipe
from typoattack.report.transfer import (
    tell_transfer,
    terminal_transfer,
    transfer_frame,
    write_transfer,
)
from typoattack.runner.transfer import UNSEARCHED, Search
from typoattack.runner.transfer import transfer as transferred
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import read_lines
from typoattack.words import vocabulary as common_words

app = new_app()

_TRIED = 30
"""Words of the shipped vocabulary that are tried where no file is given."""


@app.command(epilog="Example: `typoattack transfer words --model mini --model mini-blind`")
@prints
def transfer(
    how: Printing,
    kind: Annotated[str, typer.Argument(help="words, places or pictures.")],
    model: Annotated[
        list[str], typer.Option("--model", "-m", help="Searched, and tried; two at least.")
    ],
    dataset: DatasetName = "bundled",
    recipe: Annotated[str, typer.Option("--recipe", "-r", help="What draws.")] = "printed-label",
    vocabulary: Annotated[
        Path | None, typer.Option("--vocabulary", help="A file with a word a line [30 nouns].")
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=2, help="Of a picture, among which one is found.")
    ] = 8,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Photographs; 0 for all.")] = 0,
    seed: Seed = 0,
    canvas: Canvas = 448,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder for the matrix and every row.")
    ] = None,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """Does what fools one model fool another? Found on A, tried on B, on held-out photographs."""
    load_plugins(plugin)
    every = common_words()
    words = (
        read_lines(str(vocabulary), "vocabulary")
        if vocabulary
        else every[:: len(every) // _TRIED][:_TRIED]
    )
    search = Search(kind, parse_recipe(recipe), words, draws, seed, canvas)
    data = open_dataset(DatasetSpec(dataset))
    where = resolve_device(device)
    cache = TextCache(default_cache_dir())
    with StageProgress() as progress:
        models = load_models(model, device=where)
        rows = transferred(
            models, data, search, limit=limit, device=where, cache=cache, progress=progress
        )
    found = transfer_matrix(rows)
    how.results(tables=lambda: [terminal_transfer(found)], frame=lambda: transfer_frame(found))
    how.tell(tell_transfer(found))
    if kind != "pictures":
        best = rows[rows["source"] != UNSEARCHED].drop_duplicates("source")
        for line in best.itertuples():
            how.tell(f"found on {line.source}: {line.found}")
    if out is not None:
        write_transfer(found, rows, out)
        how.tell(f"matrix: {out / 'matrix.csv'}", soft=True)
