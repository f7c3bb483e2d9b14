"""`typoattack dense`."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Device, takes_suite
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress
from typoattack.core.resources import default_cache_dir
from typoattack.factory import load_models
from typoattack.models.devices import resolve_device
from typoattack.models.text_cache import TextCache
from typoattack.report.dense import collect, dense_frame, tell_dense, terminal_dense, write_dense
from typoattack.report.provenance import provenance
from typoattack.results.manifest import build_manifest
from typoattack.runner.dense import look_densely
from typoattack.runner.plan import chosen_indices, task_of
from typoattack.samples import open_dataset
from typoattack.suite import Suite, without_searches

app = new_app()


@app.command(
    epilog="Example: `typoattack dense dense --model local-dir:my-clip --limit 2 --out dense`"
)
@prints
@takes_suite(without=["reads", "clean_as_published"])
def dense(
    chosen: Suite,
    how: Printing,
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder for the page and the tables.")
    ] = None,
    cluster: Cluster = "auto",
    device: Device = "auto",
) -> None:
    """Does the word change answers away from where it stands? Asks a ViT patch by patch."""
    suite, searches = without_searches(chosen)
    data = open_dataset(suite.dataset)
    where = resolve_device(device)
    cache = TextCache(default_cache_dir())
    with StageProgress() as progress:
        models = load_models(suite.models, device=where)
        seen = (
            one
            for model in models
            for one in look_densely(
                suite, model, data, device=where, cache=cache, progress=progress
            )
        )
        found = collect(suite.name, data.name, data.licence, seen, cluster)
    how.results(tables=lambda: [terminal_dense(found)], frame=lambda: dense_frame(found))
    for sentence in tell_dense(found):
        how.tell(sentence)
    for label in searches:
        how.warn(f"left out {label}: it asks a model what to draw")
    if out is not None:
        asked = build_manifest(
            suite,
            models,
            data,
            task_of(suite, data),
            planned=len(chosen_indices(suite, data)),
            shard=None,
            command=context.obj,
            settings={"device": where},
            now=datetime.datetime.now(datetime.timezone.utc),
        )
        write_dense(found, out, provenance(asked))
        how.tell(f"page: {out / 'dense.html'}", soft=True)
    else:
        how.tell(
            "nothing was written: --out FOLDER writes the page, the tables and the figures",
            soft=True,
        )
