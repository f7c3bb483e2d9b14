"""`typoattack probe`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import (
    Canvas,
    DatasetName,
    Device,
    Limit,
    ModelName,
    SafetensorsFile,
    Seed,
    may_be_replaced,
    must_be_safetensors,
)
from typoattack.cli.progress import StageProgress
from typoattack.core.errors import UserError, unknown
from typoattack.factory import load_model
from typoattack.fitting import probe as probes
from typoattack.models.probe import features_table, load_probe
from typoattack.samples import DatasetSpec, open_dataset

app = new_app(
    name="probe",
    help="Fit a linear probe, a classifier in place of zero-shot.",
    no_args_is_help=True,
)


@app.command(
    "fit",
    epilog="Example: `typoattack probe fit --dataset folder:train --out probe.safetensors`",
)
def fit_probe(
    dataset: DatasetName,
    out: SafetensorsFile,
    model: ModelName = "mini",
    penalty: Annotated[
        str, typer.Option("--penalty", help="l2, or l1 for few features a class.")
    ] = "l2",
    strength: Annotated[
        list[float] | None,
        typer.Option("--strength", help="scikit-learn's C; several are tried [0.001 to 10000]."),
    ] = None,
    canvas: Canvas = 448,
    limit: Limit = 0,
    seed: Seed = 0,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file without asking.")
    ] = False,
) -> None:
    """Fit logistic regression on clean photographs; C is chosen on a held-out fifth.

    Evaluate it with `typoattack run … --probe FILE`, on other photographs.
    """
    if penalty not in ("l2", "l1"):
        raise UserError(f"penalty {penalty!r}: use l2 or l1")
    if strength and min(strength) <= 0:
        raise UserError("strength must be greater than 0")
    must_be_safetensors(out)
    may_be_replaced(out, overwrite)
    data = open_dataset(DatasetSpec(dataset))
    encoder = load_model(model, device=device)
    with StageProgress() as progress:
        rows, labels, broken = probes.embed_photographs(
            encoder,
            data,
            canvas=canvas,
            limit=limit,
            progress=lambda done, total: progress("photographs", done, total),
        )
    fitted = probes.fit_probe(
        rows,
        labels,
        data.task.class_names,
        model=encoder,
        data=data.name,
        penalty="l1" if penalty == "l1" else "l2",
        strengths=tuple(strength or probes.STRENGTHS),
        seed=seed,
    )
    fitted.save(out)
    for name in broken:
        console.err.print(Text(f"skipped {name}: cannot be read", style="yellow"))
    if fitted.trials:
        _show_trials(fitted.trials, fitted.strength)
    console.out.print(Text(f"probe on {fitted.samples} photographs: {out}"), soft_wrap=True)


def _show_trials(trials: Mapping[float, float], chosen: float) -> None:
    """The held-out accuracy of each C that was tried."""
    table = Table("C", "held-out accuracy", box=None, header_style="bold", pad_edge=False)
    for tried, share in trials.items():
        mark = " chosen" if tried == chosen else ""
        table.add_row(f"{tried:g}", f"{100 * share:.1f} %{mark}")
    console.out.print(table)


@app.command("features", epilog="Example: `typoattack probe features probe.safetensors --top 5`")
def probe_features(
    file: Annotated[Path, typer.Argument(help="What `probe fit` wrote.")],
    top: Annotated[int, typer.Option("--top", min=1, help="Features a class.")] = 5,
    label: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; repeatable.")
    ] = None,
) -> None:
    """Show which features make each class, the strongest first."""
    probe = load_probe(file)
    for name in label or ():
        if name not in probe.class_names:
            raise unknown("class", name, probe.class_names)
    table = Table("class", "features used", "strongest (weight)", box=None, pad_edge=False)
    frame = features_table(probe, top)
    for group, rows in frame.groupby("class", sort=False):
        name = str(group)
        if label and name not in label:
            continue
        strongest = ", ".join(f"{r.feature} ({r.weight:+.2f})" for r in rows.itertuples())
        table.add_row(Text(name), str(rows["used"].iloc[0]), Text(strongest))
    console.out.print(table)
