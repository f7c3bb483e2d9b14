"""The commands that fit something: linear probes and learned defences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from typoattack.cli.options import Canvas, DatasetName, Device, Limit, ModelName, Seed, WordSpec
from typoattack.core.errors import UserError

probe_app = typer.Typer(help="Fit a linear probe, a classifier in place of zero-shot.")
defence_app = typer.Typer(help="Fit a learned defence.")

_out = Console()
_err = Console(stderr=True)

_Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write, .safetensors.")]


@probe_app.command(
    "fit",
    epilog="Example: `typoattack probe fit --dataset folder:train --out probe.safetensors`",
)
def fit_probe(
    dataset: DatasetName,
    out: _Out,
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
) -> None:
    """Fit logistic regression on clean photographs; C is chosen on a held-out fifth.

    Evaluate it with `typoattack run … --probe FILE`, on other photographs.
    """
    from typoattack.cli.progress import StageProgress
    from typoattack.factory import load_model
    from typoattack.fitting import probe as probes
    from typoattack.samples import DatasetSpec, open_dataset

    if penalty not in ("l2", "l1"):
        raise UserError(f"penalty {penalty!r}: use l2 or l1")
    if strength and min(strength) <= 0:
        raise UserError("strength must be greater than 0")
    _must_be_safetensors(out)
    data = open_dataset(DatasetSpec(dataset))
    encoder = load_model(model, device=device)
    with StageProgress(_err) as progress:
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
        _err.print(Text(f"skipped {name}: cannot be read", style="yellow"))
    if fitted.trials:
        _show_trials(fitted.trials, fitted.strength)
    _out.print(Text(f"probe on {fitted.samples} photographs: {out}"), soft_wrap=True)


def _show_trials(trials: Mapping[float, float], chosen: float) -> None:
    """The held-out accuracy of each C that was tried."""
    table = Table("C", "held-out accuracy", box=None, header_style="bold", pad_edge=False)
    for tried, share in trials.items():
        mark = " chosen" if tried == chosen else ""
        table.add_row(f"{tried:g}", f"{100 * share:.1f} %{mark}")
    _out.print(table)


@probe_app.command(
    "features", epilog="Example: `typoattack probe features probe.safetensors --top 5`"
)
def probe_features(
    file: Annotated[Path, typer.Argument(help="What `probe fit` wrote.")],
    top: Annotated[int, typer.Option("--top", min=1, help="Features a class.")] = 5,
    label: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; repeatable.")
    ] = None,
) -> None:
    """Show which features make each class, the strongest first."""
    from typoattack.core.errors import unknown
    from typoattack.models.probe import features_table, load_probe

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
    _out.print(table)


@defence_app.command(
    "fit",
    epilog="Example: `typoattack defence fit projection -d folder:train -o p.safetensors`",
)
def fit_defence(
    kind: Annotated[str, typer.Argument(help="projection or defense-prefix.")],
    dataset: DatasetName,
    out: _Out,
    model: ModelName = "mini",
    recipe: Annotated[
        list[str] | None, typer.Option("--recipe", "-r", help="What writes [printed-label].")
    ] = None,
    words: WordSpec = "random",
    replicates: Annotated[
        int, typer.Option("--replicates", min=1, help="Words a photograph and recipe.")
    ] = 8,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Passes over the pictures (defense-prefix).")
    ] = 10,
    rate: Annotated[
        float, typer.Option("--rate", min=1e-8, help="Learning rate (defense-prefix).")
    ] = 0.002,
    canvas: Canvas = 448,
    limit: Limit = 0,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Fit a learned defence on photographs that are attacked for it.

    Try it with `typoattack run … --defence 'projection("p.safetensors")'`, on other photographs.
    """
    from typoattack.cli.progress import StageProgress
    from typoattack.defences.learned import FITTED
    from typoattack.fitting.defences import fit_and_save
    from typoattack.suite import parse_suite

    _must_be_safetensors(out)
    FITTED[kind]
    settings = {
        "question": "what does writing change?",
        "models": [model],
        "dataset": dataset,
        "recipes": recipe or ["printed-label"],
        "words": words,
        "replicates": replicates,
        "canvas": canvas,
        "limit": limit,
        "seed": seed,
    }
    suite = parse_suite("{}", "fit", settings)
    with StageProgress(_err) as progress:
        lines = fit_and_save(kind, suite, out, device, (epochs, rate), progress)
    for line in lines:
        _out.print(Text(line))
    _out.print(Text(f"{kind}: {out}"), soft_wrap=True)


def _must_be_safetensors(out: Path) -> None:
    if out.suffix != ".safetensors":
        raise UserError(f"--out {str(out)!r}: the file's name must end in .safetensors")
    if not out.parent.is_dir():
        raise UserError(f"--out {str(out)!r}: there is no folder {str(out.parent)!r}")
