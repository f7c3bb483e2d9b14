"""A run on Ray Data: samples drawn by tasks on CPUs, classified by one actor a GPU.

```
positions ──▶ draw (tasks on CPUs) ──▶ classify (actors, one a GPU) ──▶ this process ──▶ parts
```

Ray starts more tasks and actors where the cluster grows, holds drawing back where classifying is
slower, and repeats what a lost node was doing. The photographs must lie at the same path on every
node. This process alone writes the run's folder, so a killed run resumes as any other.
"""

import itertools
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from typoattack.core.errors import RunFailure, UserError
from typoattack.models.base import Model
from typoattack.models.devices import resolve_device
from typoattack.results.folder import RunFolder
from typoattack.results.writer import Finished, ResultWriter
from typoattack.runner.classify import Evaluation, classifier_for
from typoattack.runner.draw import Generator
from typoattack.runner.options import OpenModels, RunOptions
from typoattack.runner.plan import make_plan, task_of
from typoattack.runner.worker import Drawing, Worker
from typoattack.samples.base import Dataset
from typoattack.suite import Suite

_BLOCK = 8
"""Samples a drawing task: a second or so of work."""


def _ray() -> Any:
    """Ray, connected to the cluster that is there or else to a local one."""
    try:
        import ray
        import ray.data
    except ImportError:
        raise UserError("--engine ray needs Ray; pip install 'typoattack[ray]'") from None
    if not ray.is_initialized():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def _gpus(ray: Any) -> int:
    return int(ray.cluster_resources().get("GPU", 0))


def cluster_device(wish: str) -> str:
    """Where the actors run their models: `cuda` if wished for, or if `auto` and there is one.

    Raises:
        UserError: if the cluster has no such device.
    """
    gpus = _gpus(_ray())
    if wish == "auto":
        return "cuda" if gpus else "cpu"
    if wish == "cuda" and not gpus:
        raise UserError("device 'cuda': the Ray cluster has no GPU; use --device auto")
    return wish if wish == "cuda" else resolve_device(wish)


@dataclass(frozen=True, slots=True)
class _ActorSetup:
    """What an actor needs to classify; models are opened by name where they run.

    Attributes:
        open_models: opens models by name where they run.
        names: of the models.
        fingerprints: theirs in the process that planned the run.
        generator: draws the suite.
        dataset: the photographs.
        device: where the models run.
        precision: in what they compute.
        batch_size: pictures a forward pass at most.
        span_samples: see `RunOptions`.
        keep_embeddings: see `RunOptions`.
    """

    open_models: OpenModels
    names: tuple[str, ...]
    fingerprints: tuple[str, ...]
    generator: Generator
    dataset: Dataset
    device: str
    precision: str
    batch_size: int
    span_samples: bool
    keep_embeddings: bool


class _Classify:
    """The actor: opens the models once and classifies drawings."""

    def __init__(self, setup: _ActorSetup) -> None:
        self._options = RunOptions(
            batch_size=setup.batch_size,
            span_samples=setup.span_samples,
            device=setup.device,
            keep_embeddings=setup.keep_embeddings,
        )
        models = setup.open_models(setup.names, device=setup.device, precision=setup.precision)
        for model, expected in zip(models, setup.fingerprints, strict=True):
            if model.fingerprint != expected:
                raise UserError(
                    f"model {model.name!r} has other weights on a node of the cluster than here; "
                    "make its files the same everywhere"
                )
        task = task_of(setup.generator.suite, setup.dataset)
        classifiers = [classifier_for(model, task, self._options) for model in models]
        self._evaluation = Evaluation(
            models, classifiers, setup.generator, setup.dataset, self._options
        )

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        results: list[Finished | Exception] = []
        drawings: list[Drawing] = list(itertools.chain.from_iterable(batch["parts"]))
        try:
            for drawing in drawings:
                if drawing.failure is not None:
                    raise drawing.failure
            results += self._evaluation.finish(drawings)
        except (UserError, RunFailure) as error:
            results.append(error)
        return {"finished": _objects(results)}


def _objects(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """A column of Python objects."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def run_on_ray(
    suite: Suite,
    models: Sequence[Model],
    dataset: Dataset,
    folder: RunFolder,
    options: RunOptions,
) -> None:
    """The same as `runner.local.run_suite`, on a cluster.

    Raises:
        UserError: as `runner.local.run_suite`, and for a model that cannot be opened by its name.
        RunFailure: if Ray gives up.
    """
    ray = _ray()
    plan = make_plan(suite, models, dataset, options)
    writer = ResultWriter(
        folder,
        plan.indices,
        dataset,
        chunk_size=options.chunk_size,
        progress=options.progress,
    )
    if not writer.left:
        return
    if options.open_models is None:
        raise UserError("--engine ray opens models by name on its nodes; give names, not objects")
    setup = _ActorSetup(
        open_models=options.open_models,
        names=tuple(model.name for model in models),
        fingerprints=tuple(model.fingerprint for model in models),
        generator=plan.generator,
        dataset=dataset,
        device=options.device,
        precision=options.precision,
        batch_size=options.batch_size,
        span_samples=options.span_samples,
        keep_embeddings=options.keep_embeddings,
    )
    worker = Worker(dataset, plan.generator, plan.evaluation.preprocesses, options.batch_size)
    try:
        for finished in _results(ray, worker, writer.left, setup):
            if isinstance(finished, Exception):
                raise finished
            writer.add(finished)
    except ray.exceptions.RayError as error:
        raise _in_words(error) from error
    writer.flush()


def _results(
    ray: Any, worker: Worker, left: Sequence[int], setup: _ActorSetup
) -> Iterator[Finished | Exception]:
    """What the cluster makes of the samples that are left, as it is finished."""
    gpus = _gpus(ray) if setup.device == "cuda" else 0
    drawing = ray.put(worker)
    blocks = max(-(-len(left) // _BLOCK), 1)

    def draw(batch: dict[str, Any]) -> dict[str, Any]:
        shared: Worker = ray.get(drawing)
        # A row a sample with all its parts, so that no block boundary comes between them.
        samples = [
            [shared.draw(int(index), part) for part in range(shared.parts)]
            for index in batch["index"]
        ]
        return {"parts": _objects(samples)}

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    samples = ray.data.from_items([{"index": i} for i in left], override_num_blocks=blocks)
    classified = samples.map_batches(draw, batch_size=None, num_cpus=1).map_batches(
        _Classify,
        fn_constructor_args=(setup,),
        batch_size=None,
        num_gpus=1 if gpus else None,
        num_cpus=None if gpus else 1,
        concurrency=(1, gpus) if gpus else 1,
    )
    batches = classified.iter_batches(batch_size=None, batch_format="numpy")
    return itertools.chain.from_iterable(batch["finished"] for batch in batches)


def _in_words(error: Exception) -> Exception:
    """What ended the run: the user's mistake if there is one at the bottom, else Ray's word."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (UserError, RunFailure)):
            return cause
        cause = cause.__cause__ or cause.__context__
    told = " ".join(str(error).split())[-300:]
    return RunFailure(f"Ray gave up ({told}); what is finished is kept: run the same command again")
