"""The product from Python: run a suite, attack a picture, evaluate a model in memory."""

import functools
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typoattack.core.errors import UserError
from typoattack.core.progress import silent
from typoattack.factory import load_models
from typoattack.results.folder import RunFolder
from typoattack.runner.execute import HERE, Machine, execute
from typoattack.samples import open_dataset
from typoattack.suite import Suite, load_suite

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

    from typoattack.core.progress import Progress
    from typoattack.metrics.comparison import Comparison
    from typoattack.metrics.figures import RecipeSummary
    from typoattack.metrics.stroop import Interference
    from typoattack.recipes import Recipe
    from typoattack.report.units import UnitsStudy
    from typoattack.report.view import Painter


__all__ = ["HERE", "Machine", "Run", "attack", "compare", "evaluate", "run"]

_IN_MEMORY = Machine(workers=0)


class Run:
    """A run: its predictions and what they amount to.

    Args:
        path: the run's folder, or where it lies.

    Attributes:
        path: where it lies; gone where `evaluate` was given none to keep.
        manifest: what was run; see `typoattack.results.manifest`.
        skipped: the samples that could not be used, and why.

    Raises:
        UserError: if there is no run.
    """

    def __init__(self, path: str | Path | RunFolder) -> None:
        self.folder = path if isinstance(path, RunFolder) else RunFolder(Path(path))
        self.path = self.folder.path
        self.manifest = self.folder.manifest()
        self.skipped = self.folder.skipped()

    @functools.cached_property
    def predictions(self) -> "pd.DataFrame":
        """One row a (model, task, recipe, sample, replicate); see `typoattack.results.schema`.

        With the column `readable` where `measure_legibility` was asked for.
        """
        from typoattack.metrics.legibility import read_legibility, with_legibility

        rows = self.folder.predictions()
        read = read_legibility(self.path)
        return rows if read is None else with_legibility(rows, read)

    @property
    def left(self) -> int:
        """How many photographs are still to do; 0 for a finished run."""
        return max(int(self.manifest.get("planned", 0)) - len(self.folder.done()), 0)

    @functools.cached_property
    def summaries(self) -> list["RecipeSummary"]:
        """Every reported figure with its interval, for each model and recipe."""
        from typoattack.metrics.figures import summarise

        return summarise(self.predictions)

    def summary(self) -> "pd.DataFrame":
        """The same as a table: one row a (model, recipe)."""
        from typoattack.metrics.figures import to_frame

        return to_frame(self.summaries)

    def defences(self) -> "pd.DataFrame":
        """Attack by defence, with the cost in clean accuracy; empty if none was tried."""
        from typoattack.metrics.defences import defence_table

        return defence_table(self.summaries)

    def stroop(self) -> list["Interference"]:
        """What colour words do to the answers about their ink; empty if that was not asked."""
        from typoattack.metrics.stroop import interference

        return interference(self.predictions)

    def units(self) -> "UnitsStudy | None":
        """What `typoattack units MODEL --out RUN/units` found; None if that was not done."""
        from typoattack.report.units import read_units

        return read_units(self.path, self.manifest)

    def report(self) -> Path:
        """Write the page, tables and figures into the run's folder; the page's path."""
        from typoattack.report.page import write_report
        from typoattack.report.view import RunView

        skipped = [(skip.sample, skip.reason) for skip in self.skipped]
        view = RunView(self.predictions, self.manifest, self.painter(), skipped)
        return write_report(view, self.path)[0]

    def measure_legibility(self, progress: "Progress | None" = None) -> None:
        """Read back every attacked picture with text recognition, and keep what was read.

        Raises:
            UserError: if the extra `ocr` is not installed.
        """
        from typoattack.core.progress import silent
        from typoattack.core.resources import default_cache_dir
        from typoattack.metrics.legibility import Reader, read_back, write_legibility

        told = progress or silent
        with Reader(default_cache_dir() / "readings.sqlite") as reader:
            table = read_back(
                self.predictions,
                self.painter(),
                reader,
                lambda done, total: told("pictures read back", done, total),
            )
        write_legibility(self.path, table)
        for stale in ("predictions", "summaries"):
            self.__dict__.pop(stale, None)

    def painter(self) -> "Painter":
        """Draws the run's pictures again; none where the photographs are gone."""
        from typoattack.report.view import no_pictures
        from typoattack.runner.redraw import RunPainter

        try:
            return RunPainter(self.folder)
        except UserError:
            return no_pictures

    def _repr_html_(self) -> str:
        from typoattack.report.notebook import notebook_html

        return notebook_html(self.summaries, self.predictions, self.painter())

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def run(
    suite: str | Suite = "quick",
    *,
    model: str | Sequence[str] | None = None,
    defences: Sequence[str] = (),
    dataset: str | None = None,
    recipes: Sequence[str] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    shard: str | None = None,
) -> Run:
    """Run a suite, or go on with it if `out` holds the same one unfinished.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`.
        model: one or several model names; the suite's own if None.
        defences: each is tried beside every model, such as `mirror`.
        dataset: a data set's spec; the suite's own if None.
        recipes: recipe strings; the suite's own if None.
        seed: keys every random stream; the suite's own if None.
        out: the run's folder; `runs/SUITE-MODEL` if None.
        machine: device, precision, workers and sizes.
        progress: told how far the run is.
        shard: `i/n` does the i-th of n parts, to be joined by `typoattack.results.merge.merge`.

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
    if defences:
        from typoattack.factory import with_wrappers

        suite = replace(suite, models=with_wrappers(suite.models, defences))
    data = open_dataset(suite.dataset)
    models = load_models(suite.models, device=machine.device, precision=machine.precision)
    return Run(
        execute(
            suite,
            models,
            data,
            out,
            machine,
            progress=progress or silent,
            shard=shard,
            command=_command(),
            open_models=load_models,
        )
    )


def evaluate(
    model: Any,
    preprocess: Any,
    tokenizer: Any,
    suite: str | Suite = "quick",
    *,
    name: str = "in-memory",
    recipes: Sequence[str] | None = None,
    dataset: str | None = None,
    limit: int | None = None,
    out: str | Path | None = None,
    machine: Machine = _IN_MEMORY,
) -> Run:
    """Run a suite on an open_clip model that is in memory, for a training loop's log.

    The model is put into evaluation mode and back into the mode it was in.

    Args:
        model: as `open_clip.create_model` returns it, on any device.
        preprocess: its inference transform.
        tokenizer: its tokenizer.
        suite: a suite's name, file, or a `Suite`.
        name: what the tables call it.
        recipes: recipe strings; the suite's own if None.
        dataset: a data set's spec; the suite's own if None.
        limit: only the first so many photographs.
        out: keeps the run there; else only the returned object has it.
        machine: workers and sizes; the device is the model's own.
    """
    from typoattack.models.open_clip_backend import OpenClipModel
    from typoattack.models.text_cache import TextCache

    if not isinstance(suite, Suite):
        chosen = {"models": [name], "recipes": recipes and list(recipes), "dataset": dataset}
        suite = load_suite(suite, chosen | {"limit": limit})
    device = str(next(model.parameters()).device)
    training = model.training
    try:
        wrapped = OpenClipModel(name, model, preprocess, tokenizer, device=device)
        data = open_dataset(suite.dataset)
        where = replace(machine, device=device)
        cache = TextCache(None)  # its weights change every epoch
        if out is not None:
            return Run(execute(suite, [wrapped], data, out, where, cache=cache))
        with tempfile.TemporaryDirectory() as folder:
            done = Run(execute(suite, [wrapped], data, Path(folder) / "run", where, cache=cache))
            _ = done.predictions  # read while the folder is there
            return done
    finally:
        model.train(training)


def attack(
    image: "Image.Image | str | Path",
    recipe: "Recipe | str" = "printed-label",
    *,
    word: str,
    seed: int = 0,
    canvas: int = 448,
) -> "Image.Image":
    """`image` on the square canvas with `word` on it.

    Args:
        image: a picture or its file.
        recipe: a recipe or its string, such as `handwritten-note(size=0.5)`.
        word: what is written.
        seed: another one gives another place and hand.
        canvas: side in pixels.

    Raises:
        UserError: for an unknown recipe, or a word that it cannot draw.
    """
    from typoattack.core.errors import BrokenImage, RunFailure
    from typoattack.core.randomness import stream
    from typoattack.drawing.canvas import decode, square_canvas
    from typoattack.recipes import parse_recipe

    if not word.strip():
        raise UserError("word is empty; name one to write")
    chosen = parse_recipe(recipe) if isinstance(recipe, str) else recipe
    try:
        clean = square_canvas(decode(image), canvas)
    except (BrokenImage, RunFailure) as error:
        raise UserError(f"picture {str(image)[:200]!r}: {error}") from None
    return chosen(clean, word, stream(seed, chosen.stream_key)).image


def compare(*runs: "Run | str | Path", figure: str = "flip_rate") -> "Comparison":
    """Two or more models on the same attacked pictures, paired by photograph."""
    from typoattack.metrics.comparison import compare as compared
    from typoattack.metrics.comparison import read_entrants

    folders = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    return compared(read_entrants(folders), figure=figure)


def _command() -> str:
    """The command line that this process was started with, as a user would type it."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
