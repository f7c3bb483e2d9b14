"""The one way from a suite to a finished run: commands, Python and notebooks all go through it."""

import contextlib
import datetime
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from typoattack.core.errors import UserError
from typoattack.core.progress import Progress, silent
from typoattack.core.resources import default_cache_dir
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.results.manifest import build_manifest
from typoattack.runner.engines import ENGINES, Engine, M
from typoattack.runner.machine import HERE, Machine
from typoattack.runner.options import OpenModels, RunOptions
from typoattack.runner.plan import chosen_indices
from typoattack.samples.base import Dataset
from typoattack.suite import Suite, parse_shard

_SMALL = 400
"""Pictures up to which starting drawing processes costs more than it saves."""


def execute(
    suite: Suite,
    models: Sequence[M],
    data: Dataset,
    out: str | Path | None = None,
    machine: Machine = HERE,
    *,
    progress: Progress = silent,
    cache: TextCache | None = None,
    shard: str | None = None,
    command: str = "",
    open_models: OpenModels | None = None,
    engine: Engine[M] | None = None,
) -> RunFolder:
    """Run a suite on models and data that are open already, or go on with it; the finished run.

    Args:
        suite: what is run.
        models: on what, in the order of the suite's names.
        data: the suite's photographs.
        out: the run's folder; `runs/SUITE-MODEL` if None.
        machine: device, precision, workers and sizes.
        progress: told how far the run is.
        cache: where text features are kept; the user's cache folder if None.
        shard: `i/n` does the i-th of n parts.
        command: what repeats the run, for its manifest.
        open_models: opens the models by name, for an engine that needs them on other machines.
        engine: what draws and has it answered; that of `machine` if None, which asks `Model`s.

    Raises:
        UserError: if the suite does not fit the data, or `out` holds another run or is in use.
        RunFailure: if a drawing process dies; what is finished is kept.
    """
    if machine.actors is not None and machine.actors < 1:
        raise UserError(f"actors is {machine.actors}; at least one has to classify")
    if machine.actors is not None and machine.engine != "ray":
        raise UserError("--actors says how many processes of a cluster classify; give --engine ray")
    part = parse_shard(shard) if shard else None
    folder = RunFolder(Path(out) if out is not None else default_folder(suite, shard))
    by = engine or cast("Engine[M]", ENGINES[machine.engine])
    device = by.device(machine.device)
    planned = len(chosen_indices(suite, data, part))
    options = RunOptions(
        workers=_workers(machine.workers, planned * suite.passes, device),
        batch_size=machine.batch_size,
        chunk_size=machine.chunk_size,
        span_samples=device != "cpu",
        shard=part,
        cache=cache or TextCache(default_cache_dir()),
        progress=progress,
        device=device,
        precision=machine.precision,
        open_models=open_models,
        actors=machine.actors,
        keep_embeddings=machine.keep_embeddings,
    )
    with folder.lock():
        folder.start(
            build_manifest(
                suite,
                models,
                data,
                by.task(suite, data),
                planned=planned,
                shard=part,
                command=command,
                settings=by.settings
                or {
                    "device": device,
                    "precision": machine.precision,
                    "engine": machine.engine,
                    **({"compiled": "yes"} if machine.compiled else {}),
                    **({"channels last": "yes"} if machine.channels_last else {}),
                },
                now=datetime.datetime.now(datetime.timezone.utc),
            )
        )
        by.run(suite, models, data, folder, options)
        if suite.reads and by.read is not None and (part is None or part.number == 1):
            by.read(suite, models, folder, options)  # once: it asks for no photograph
        with contextlib.suppress(UserError):  # all is there without it, in more files
            folder.compact()
    return folder


def default_folder(suite: Suite, shard: str | None = None) -> Path:
    """`runs/SUITE-MODEL`, with what no folder's name should hold replaced."""
    names = "+".join([suite.name, *suite.models]).replace("+", "-", 1)
    part = f"-{shard.replace('/', '-of-')}" if shard else ""
    return Path("runs") / (re.sub(r"[^A-Za-z0-9._+-]+", "_", names)[:120] + part)


def _workers(wish: int | None, pictures: int, device: str) -> int:
    if wish is None:
        return automatic_workers(pictures, device, os.cpu_count() or 2)
    if wish < 0:
        raise UserError(f"workers must be 0 or more, not {wish}")
    return wish


def automatic_workers(pictures: int, device: str, cores: int) -> int:
    """How many processes draw where nobody says: none for a small run, else by the device.

    Beside a GPU every core but one draws. On a CPU the model itself fills the cores, and a
    process that draws takes them away from it: a quarter of them does.
    """
    if pictures <= _SMALL:
        return 0
    return cores // 4 if device == "cpu" else max(1, cores - 1)
