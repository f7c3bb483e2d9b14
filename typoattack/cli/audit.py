"""`typoattack audit`."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Device, Limit, Plugins, Seed, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress
from typoattack.core.errors import UserError

app = new_app()

_FEW = 200
"""Pictures up to which starting processes costs more than it saves."""


@app.command(epilog="Example: `typoattack audit bundled --out audit`")
@prints
def audit(
    how: Printing,
    dataset: Annotated[
        str,
        typer.Argument(help="captions:FILE, hf:NAME, folder:PATH, … of pictures with captions."),
    ],
    caption_column: Annotated[
        str | None, typer.Option("--caption-column", help="Where captions are.")
    ] = None,
    image_column: Annotated[
        str | None, typer.Option("--image-column", help="Where pictures are.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Also asked how alike they are.")
    ] = None,
    limit: Limit = 0,
    first: Annotated[int, typer.Option("--first", min=0, help="Only the first N pictures.")] = 0,
    seed: Seed = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, help="Processes that look [automatic].")
    ] = None,
    cluster: Cluster = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A page and tables; goes on where it stopped."),
    ] = None,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """How much of an image–text set is text that its captions repeat? Needs the extra `ocr`."""
    from typoattack.factory import load_model
    from typoattack.metrics.audit import audit_figures
    from typoattack.models.devices import resolve_device
    from typoattack.report.audit import Looking, chosen, look_through, repeating
    from typoattack.report.audited import (
        SHOWN,
        Audited,
        audit_frame,
        tell_audit,
        terminal_audit,
        write_audit,
    )
    from typoattack.results.folder import RunFolder
    from typoattack.samples import DatasetSpec, open_dataset
    from typoattack.samples.captions import Captioned

    if out is not None and RunFolder(out).exists():
        raise UserError(f"--out {str(out)!r} holds a run; choose another folder")
    load_plugins(plugin)
    data = open_dataset(
        DatasetSpec(dataset, image_column=image_column, caption_column=caption_column)
    )
    where = resolve_device(device)
    asked = load_model(model, device=where) if model else None
    if isinstance(data, Captioned) and data.left_out:
        how.warn(data.left_out_told)
    looking = Looking(limit, first, seed, workers or 0, where)
    indices = chosen(data, looking)
    if workers is None and len(indices) > _FEW:
        looking = replace(looking, workers=os.cpu_count() or 1)
    with StageProgress() as progress:
        rows = look_through(data, indices, looking, asked, out, progress)
    whole = rows[rows["broken"] == ""].reset_index(drop=True)
    shown = list(repeating(data, indices, rows, SHOWN)) if out is not None else []
    found = Audited(data.name, model or "", rows, audit_figures(whole, cluster), shown)
    how.results(tables=lambda: [terminal_audit(found)], frame=lambda: audit_frame(found))
    for sentence in tell_audit(found):
        how.tell(sentence)
    if out is not None:
        write_audit(found, out)
        how.tell(f"page: {out / 'audit.html'}", soft=True)
