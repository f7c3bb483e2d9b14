"""The product from Python: run a suite, attack a picture, evaluate a model in memory."""

import datetime
import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typoattack.errors import UserError
from typoattack.samples import open_dataset
from typoattack.store import RunFolder, Skipped
from typoattack.suite import Suite, load_suite

if TYPE_CHECKING:
    import pandas as pd

    from typoattack.metrics import RecipeSummary
    from typoattack.models.base import Model
    from typoattack.runner import Progress
    from typoattack.samples import Dataset


class Run:
    """A run on disk: its predictions and what they amount to.

    Args:
        path: the run's folder.

    Raises:
        UserError: if there is no run.
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = RunFolder(Path(path))
        self.manifest = self.folder.manifest()

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def predictions(self) -> "pd.DataFrame":
        """One row a (model, task, recipe, sample, replicate); see `typoattack.predictions`."""
        return self.folder.predictions()

    @property
    def skipped(self) -> list[Skipped]:
        """The samples that could not be used, and why."""
        return self.folder.skipped()

    def summaries(self) -> list["RecipeSummary"]:
        """Every reported figure with its interval, for each model and recipe."""
        from typoattack.metrics import summarise

        return summarise(self.predictions)

    def summary(self) -> "pd.DataFrame":
        """The same as a table: one row a (model, recipe)."""
        from typoattack.metrics import to_frame

        return to_frame(self.summaries())

    def report(self) -> Path:
        """Write the page, tables and figures into the run's folder; the page's path."""
        from typoattack.redraw import Painter
        from typoattack.report.page import write_report
        from typoattack.report.view import RunView

        try:
            picture: Any = Painter(self.folder)
        except UserError:  # the photographs are gone: a report without pictures is still one
            from typoattack.report.view import no_pictures

            picture = no_pictures
        skipped = [(skip.sample, skip.reason) for skip in self.skipped]
        return write_report(RunView(self.predictions, self.manifest, picture, skipped), self.path)[
            0
        ]

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(float_format="{:.3f}".format))

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a run computes; nothing here is part of the question.

    Attributes:
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `fp32`, `bf16` or `fp16`.
        workers: processes that draw; None: none for a small run, else the cores but one.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file.
    """

    device: str = "auto"
    precision: str = "fp32"
    workers: int | None = None
    batch_size: int = 64
    chunk_size: int = 32


_SMALL = 400
"""Pictures up to which starting drawing processes costs more than it saves."""


def run(
    suite: str | Suite = "quick",
    *,
    model: str | Sequence[str] | None = None,
    dataset: str | None = None,
    recipes: Sequence[str] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    machine: Machine = Machine(),
    progress: "Progress | None" = None,
) -> Run:
    """Run a suite, or go on with it if `out` holds the same one unfinished.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`.
        model: one or several model names; the suite's own if None.
        dataset: a data set's spec; the suite's own if None.
        recipes: recipe strings; the suite's own if None.
        seed: keys every random stream; the suite's own if None.
        out: the run's folder; `runs/SUITE-MODEL` if None.
        machine: device, precision, workers and sizes.
        progress: told how far the run is.

    Raises:
        UserError: for any mistake in these, and where `out` holds another run.
    """
    if not isinstance(suite, Suite):
        changes = {
            "models": [model] if isinstance(model, str) else model and list(model),
            "dataset": dataset,
            "recipes": recipes and list(recipes),
            "seed": seed,
        }
        suite = load_suite(suite, changes)
    data = open_dataset(suite.dataset)
    models = load_models(suite, machine)
    return execute(suite, models, data, out, machine, progress)


def load_models(suite: Suite, machine: Machine) -> list["Model"]:
    """The suite's models, opened; see `typoattack.models.load_model`."""
    from typoattack.models import load_model

    return [
        load_model(name, device=machine.device, precision=machine.precision)
        for name in suite.models
    ]


def execute(
    suite: Suite,
    models: Sequence["Model"],
    data: "Dataset",
    out: str | Path | None = None,
    machine: Machine = Machine(),
    progress: "Progress | None" = None,
) -> Run:
    """Run a suite on models and data that are open already; see `run`."""
    from typoattack.manifest import build_manifest
    from typoattack.models.devices import resolve_device
    from typoattack.models.text_cache import TextCache, default_cache_dir
    from typoattack.runner import Options, chosen_indices, run_suite, silent, task_of

    folder = RunFolder(Path(out) if out is not None else default_folder(suite))
    device = resolve_device(machine.device)
    pictures = len(chosen_indices(suite, data)) * suite.passes
    options = Options(
        workers=_workers(machine.workers, pictures),
        batch_size=machine.batch_size,
        chunk_size=machine.chunk_size,
        span_samples=device != "cpu",
        cache=TextCache(default_cache_dir()),
        progress=progress or silent,
    )
    with folder.lock():
        folder.start(
            build_manifest(
                suite,
                models,
                data,
                task_of(suite, data),
                command=_command(),
                settings={"device": device, "precision": machine.precision},
                now=datetime.datetime.now(datetime.timezone.utc),
            )
        )
        run_suite(suite, models, data, folder, options)
    return Run(folder.path)


def write_attacked(
    suite: Suite,
    out: str | Path,
    layout: str = "imagefolder",
    machine: Machine = Machine(),
    progress: "Progress | None" = None,
) -> list[Skipped]:
    """Write the clean and attacked pictures of a suite as a data set in the new folder `out`.

    Args:
        suite: what is drawn on what.
        out: must not exist.
        layout: see `typoattack.export.FORMATS`.
        machine: where the model runs that tells near classes, if a word source needs one.
        progress: told how far it is.

    Returns:
        the samples that could not be decoded.
    """
    from typoattack.export import Entries, export
    from typoattack.generator import Generator
    from typoattack.models.text_cache import TextCache, default_cache_dir
    from typoattack.runner import (
        Options,
        build_classifiers,
        chosen_indices,
        needs_text_space,
        silent,
        task_of,
        text_space,
    )

    data = open_dataset(suite.dataset)
    task = task_of(suite, data)
    told = progress or silent
    near = None
    if needs_text_space(suite):
        options = Options(cache=TextCache(default_cache_dir()), progress=told)
        near = text_space(
            suite, build_classifiers(load_models(suite, machine)[:1], task, options)[0]
        )
    entries = Entries(
        Generator(suite, task.class_names, near),
        data,
        chosen_indices(suite, data),
        lambda done, total: told("photographs", done, total),
        [],
    )
    export(entries, Path(out), layout)
    return entries.skipped


def default_folder(suite: Suite) -> Path:
    """`runs/SUITE-MODEL`, with what no folder's name should hold replaced."""
    names = "+".join([suite.name, *suite.models]).replace("+", "-", 1)
    return Path("runs") / re.sub(r"[^A-Za-z0-9._+-]+", "_", names)[:120]


def _workers(wish: int | None, pictures: int) -> int:
    if wish is not None:
        if wish < 0:
            raise UserError(f"workers must be 0 or more, not {wish}")
        return wish
    return 0 if pictures <= _SMALL else max(1, (os.cpu_count() or 2) - 1)


def _command() -> str:
    """The command line that this process was started with, as a user would type it."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
