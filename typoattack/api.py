"""The product from Python: run a suite, attack a picture, evaluate a model in memory."""

import datetime
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typoattack.core.errors import UserError
from typoattack.report.run import Run as Run
from typoattack.results.folder import RunFolder
from typoattack.samples import open_dataset
from typoattack.suite.suite import Suite, load_suite

if TYPE_CHECKING:
    from PIL import Image

    from typoattack.metrics.comparison import Comparison
    from typoattack.models.base import Model
    from typoattack.models.text_cache import TextCache
    from typoattack.recipes import Recipe
    from typoattack.runner.local import Progress
    from typoattack.samples import Dataset


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
        from typoattack.defences import with_defences

        suite = replace(suite, models=with_defences(suite.models, defences))
    data = open_dataset(suite.dataset)
    models = load_models(suite, machine)
    return execute(suite, models, data, out, machine, progress, shard=shard)


def load_models(suite: Suite, machine: Machine) -> list["Model"]:
    """The suite's models, opened; see `typoattack.models.load_model`."""
    from typoattack.models import load_models

    return load_models(suite.models, device=machine.device, precision=machine.precision)


def execute(
    suite: Suite,
    models: Sequence["Model"],
    data: "Dataset",
    out: str | Path | None = None,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    cache: "TextCache | None" = None,
    shard: str | None = None,
) -> Run:
    """Run a suite on models and data that are open already; see `run`.

    Args:
        cache: where text features are kept; the user's cache folder if None.
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
                command=_command(),
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
            return execute(suite, [wrapped], data, out, where, cache=cache)
        with tempfile.TemporaryDirectory() as folder:
            done = execute(suite, [wrapped], data, Path(folder) / "run", where, cache=cache)
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


def _command() -> str:
    """The command line that this process was started with, as a user would type it."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
