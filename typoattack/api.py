"""The product from Python: run a suite, attack a picture, evaluate a model in memory."""

import dataclasses
import datetime
import functools
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.core.randomness import stream
from typoattack.defences import with_defences
from typoattack.drawing.canvas import decode, square_canvas
from typoattack.metrics import comparison
from typoattack.metrics.comparison import Comparison
from typoattack.models import load_models as load_named_models
from typoattack.models.base import Model
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.text_cache import TextCache
from typoattack.recipes import Recipe, parse_recipe
from typoattack.report.comparison import write_comparison
from typoattack.results.folder import RunFolder
from typoattack.runner.local import Progress
from typoattack.samples import Dataset, open_dataset
from typoattack.suite.choose import changes_of, choose_suite
from typoattack.suite.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

    from typoattack.metrics.figures import RecipeSummary
    from typoattack.metrics.stroop import Interference
    from typoattack.report.units import UnitsStudy
    from typoattack.report.view import Painter


class Run:
    """A run: its predictions and what they amount to.

    Args:
        path: the run's folder.

    Attributes:
        path: the run's folder; gone where `evaluate` was given none to keep.
        manifest: what was run; see `typoattack.results.manifest`.
        skipped: the samples that could not be used, and why.

    Raises:
        UserError: if there is no run.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.folder = RunFolder(self.path)
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
        from typoattack.metrics.legibility import Reader, read_back, write_legibility
        from typoattack.models.text_cache import default_cache_dir
        from typoattack.runner.local import silent

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


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a run computes; nothing here is part of the question.

    Attributes:
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `fp32`, `bf16` or `fp16`.
        workers: processes that draw; None: none for a small run, else the cores but one, or a
            quarter of them where the model runs on them too.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file.
        engine: `local`, or `ray` on a cluster; see `typoattack.runner.engines`.
    """

    device: str = "auto"
    precision: str = "fp32"
    workers: int | None = None
    batch_size: int = 64
    chunk_size: int = 32
    engine: str = "local"


HERE = Machine()
"""This machine, with nothing wished for."""

_SMALL = 400
"""Pictures up to which starting drawing processes costs more than it saves."""


def run(
    suite: str | Suite = "quick",
    *,
    model: str | Sequence[str] | None = None,
    defences: Sequence[str] = (),
    probes: Sequence[str | Path] = (),
    dataset: str | None = None,
    image_column: str | None = None,
    label_column: str | None = None,
    class_names: str | None = None,
    recipes: Sequence[str] | None = None,
    controls: Sequence[str] | None = None,
    words: str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    canvas: int | None = None,
    templates: str | None = None,
    limit: int | None = None,
    plugins: Sequence[str | Path] = (),
    legibility: bool = False,
    out: str | Path | None = None,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    shard: str | None = None,
    command: str | None = None,
) -> Run:
    """Run a suite, or go on with it if `out` holds the same one unfinished.

    What is None is as the suite says.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`, which is run as it is.
        model: one or several model names.
        defences: each is tried beside every model, such as `mirror`.
        probes: files of `typoattack probe fit`, each tried beside zero-shot.
        dataset: a data set's spec.
        image_column: where a table's pictures are.
        label_column: where its labels are.
        class_names: a file with one class name a line.
        recipes: recipe strings, `name(param=value) @ words`.
        controls: kinds of control that stand beside every attack, such as `blank`.
        words: the word source of recipes that ask for none, such as `nearest`.
        replicates: words and draws a photograph and recipe.
        seed: keys every random stream.
        canvas: side of the canvas in pixels.
        templates: `simple`, `openai`, or a file with a line each.
        limit: only the first so many photographs; 0 for all.
        plugins: Python files with recipes.
        legibility: whether text recognition reads every attacked picture back.
        out: the run's folder; `runs/SUITE-MODEL` if None.
        machine: device, precision, workers and sizes.
        progress: told how far the run is.
        shard: `i/n` does the i-th of n parts, to be joined by `typoattack.results.merge.merge`.
        command: what the manifest says to repeat the run with; this call if None, with
            the name `suite` for a `Suite` that no suite's name and changes describe.

    Raises:
        UserError: for any mistake in these, and where `out` holds another run.
    """
    if command is None:
        command = _as_called("run", _by_name(suite, locals()), ["suite"])
    changes = {
        "models": [model] if isinstance(model, str) else model and list(model),
        "dataset": dataset,
        "image_column": image_column,
        "label_column": label_column,
        "class_names": class_names,
        "recipes": recipes and list(recipes),
        "controls": controls and list(controls),
        "words": words,
        "replicates": replicates,
        "seed": seed,
        "canvas": canvas,
        "templates": templates,
        "limit": limit,
    }
    chosen = choose_suite(suite, changes, plugins)
    beside = [*defences, *(f"probe({str(file)!r})" for file in probes)]
    if beside:
        chosen = replace(chosen, models=with_defences(chosen.models, beside))
    data = open_dataset(chosen.dataset)
    models = load_models(chosen, machine)
    done = execute(chosen, models, data, out, machine, progress, shard=shard, command=command)
    if legibility:
        done.measure_legibility(progress)
    return done


def load_models(suite: Suite, machine: Machine) -> list["Model"]:
    """The suite's models, opened; see `typoattack.models.load_model`."""
    return load_named_models(suite.models, device=machine.device, precision=machine.precision)


def execute(
    suite: Suite,
    models: Sequence["Model"],
    data: "Dataset",
    out: str | Path | None = None,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    cache: "TextCache | None" = None,
    shard: str | None = None,
    command: str = "",
) -> Run:
    """Run a suite on models and data that are open already; see `run`.

    Args:
        cache: where text features are kept; the user's cache folder if None.
        command: what the manifest says to repeat the run with.
    """
    from typoattack.models.text_cache import TextCache, default_cache_dir
    from typoattack.results.manifest import build_manifest
    from typoattack.results.merge import parse_shard
    from typoattack.runner.engines import ENGINES
    from typoattack.runner.local import Options, chosen_indices, silent, task_of

    part = parse_shard(shard) if shard else None
    folder = RunFolder(Path(out) if out is not None else default_folder(suite, shard))
    engine = ENGINES[machine.engine]
    device = engine.device(machine.device)
    planned = len(chosen_indices(suite, data, part))
    options = Options(
        workers=_workers(machine.workers, planned * suite.passes, device),
        batch_size=machine.batch_size,
        chunk_size=machine.chunk_size,
        span_samples=device != "cpu",
        shard=part,
        cache=cache or TextCache(default_cache_dir()),
        progress=progress or silent,
        device=device,
        precision=machine.precision,
    )
    with folder.lock():
        folder.start(
            build_manifest(
                suite,
                models,
                data,
                task_of(suite, data),
                planned=planned,
                shard=part,
                command=command,
                settings={
                    "device": device,
                    "precision": machine.precision,
                    "engine": machine.engine,
                },
                now=datetime.datetime.now(datetime.timezone.utc),
            )
        )
        engine.run(suite, models, data, folder, options)
    return Run(folder.path)


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
    machine: Machine = Machine(workers=0),
) -> Run:
    """Run a suite on an open_clip model that is in memory, for a training loop's log.

    The model is put into evaluation mode and back into the mode it was in.

    Args:
        model: as `open_clip.create_model` returns it, on any device.
        preprocess: its inference transform.
        tokenizer: its tokenizer.
        suite: a suite's name, file, or a `Suite`, which is run as it is.
        name: what the tables call it.
        recipes: recipe strings; the suite's own if None.
        dataset: a data set's spec; the suite's own if None.
        limit: only the first so many photographs.
        out: keeps the run there; else only the returned object has it.
        machine: workers and sizes; the device is the model's own.

    Raises:
        UserError: for any mistake in these, and where `out` holds another run.
    """
    called = _as_called("evaluate", locals(), ["model", "preprocess", "tokenizer", "suite"])
    changes = {"recipes": recipes and list(recipes), "dataset": dataset, "limit": limit}
    chosen = replace(choose_suite(suite, changes), models=(name,))
    device = str(next(model.parameters()).device)
    training = model.training
    try:
        wrapped = OpenClipModel(name, model, preprocess, tokenizer, device=device)
        data = open_dataset(chosen.dataset)
        where = replace(machine, device=device)
        cache = TextCache(None)  # its weights change every epoch
        if out is not None:
            return execute(chosen, [wrapped], data, out, where, cache=cache, command=called)
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "run"
            done = execute(chosen, [wrapped], data, kept, where, cache=cache, command=called)
            _ = done.predictions  # read while the folder is there
            return done
    finally:
        model.train(training)


def attack(
    image: Image.Image | str | Path,
    recipe: Recipe | str = "printed-label",
    *,
    word: str,
    seed: int = 0,
    canvas: int = 448,
) -> Image.Image:
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
    if not word.strip():
        raise UserError("word is empty; name one to write")
    chosen = parse_recipe(recipe) if isinstance(recipe, str) else recipe
    try:
        clean = square_canvas(decode(image), canvas)
    except (BrokenImage, RunFailure) as error:
        raise UserError(f"picture {str(image)[:200]!r}: {error}") from None
    return chosen(clean, word, stream(seed, chosen.stream_key)).image


def compare(
    *runs: Run | str | Path, figure: str = "flip_rate", out: str | Path | None = None
) -> Comparison:
    """Two or more models on the same attacked pictures, paired by photograph.

    Args:
        runs: runs or their folders; a run may hold several models.
        figure: what is compared, such as `targeted_success`.
        out: a folder for the page and the tables; none is written if None.

    Raises:
        UserError: for runs that cannot be compared; the difference is named.
    """
    opened = [run if isinstance(run, Run) else Run(run) for run in runs]
    entrants = comparison.read_entrants([run.path for run in opened])
    found = comparison.compare(entrants, figure=figure)
    if out is not None:
        painters = {
            entrant.name: run.painter()
            for run in opened
            for entrant in entrants
            if entrant.manifest == run.manifest
        }
        Path(out).mkdir(parents=True, exist_ok=True)
        write_comparison(found, entrants, Path(out), painters)
    return found


def default_folder(suite: Suite, shard: str | None = None) -> Path:
    """`runs/SUITE-MODEL`, with what no folder's name should hold replaced."""
    names = "+".join([suite.name, *suite.models]).replace("+", "-", 1)
    part = f"-{shard.replace('/', '-of-')}" if shard else ""
    return Path("runs") / (re.sub(r"[^A-Za-z0-9._+-]+", "_", names)[:120] + part)


def _workers(wish: int | None, pictures: int, device: str) -> int:
    if wish is not None:
        if wish < 0:
            raise UserError(f"workers must be 0 or more, not {wish}")
        return wish
    if pictures <= _SMALL:
        return 0
    cores = os.cpu_count() or 2
    # On a CPU the model itself fills the cores: a process that draws takes them away from it.
    return cores // 4 if device == "cpu" else max(1, cores - 1)


def _by_name(suite: str | Suite, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments of `run`, with a `Suite` said by its name and changes where that can be."""
    if not isinstance(suite, Suite) or (changes := changes_of(suite)) is None:
        return given
    models = changes.pop("models", None)
    return {**given, "suite": suite.name, "model": models, **changes}


def _as_called(function: str, given: Mapping[str, Any], positional: Sequence[str]) -> str:
    """The call that repeats a run, such as `typoattack.run('quick', seed=1)`.

    Args:
        function: its name.
        given: its arguments by name; what is None, empty or False, and what only watches the run,
            is left out.
        positional: those that go without their name.
    """
    said = [_as_written(name, given[name]) for name in positional]
    said += [
        f"{name}={_as_written(name, value)}"
        for name, value in given.items()
        if name not in (*positional, "progress", "command")
        and not (value is None or value is False or value == () or value == HERE)
    ]
    return f"typoattack.{function}({', '.join(said)})"


def _as_written(name: str, value: Any) -> str:
    """An argument's value as Python; the name stands for an object that has no literal."""
    if isinstance(value, Machine):
        wishes = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        changed = {key: wish for key, wish in wishes.items() if wish != getattr(HERE, key)}
        return f"typoattack.Machine({', '.join(f'{k}={v!r}' for k, v in changed.items())})"
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_as_written(name, part) for part in value)}]"
    return repr(value) if isinstance(value, (str, int)) else name
