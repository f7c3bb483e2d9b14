"""A run on Ray: samples drawn by tasks on CPUs, classified by one actor a GPU.

```
positions ──▶ draw (tasks on CPUs) ──▶ classify (actors, one a GPU) ──▶ this process ──▶ parts
```

Two drawing tasks wait for each CPU and a few blocks for each actor, and no more: what is drawn
ahead does not grow with the photographs, however slow a model is. Ray starts more tasks where the
cluster grows, and repeats what a lost node or actor was doing. The photographs must lie at the same
path on every node, or in a store. This process alone writes the run's folder, so a killed run
resumes as any other.
"""

import contextlib
import functools
import itertools
import logging
import queue
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

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

_PICTURES = 64
"""Pictures of a block, or those of one sample if they are more: some tenths of a second to draw."""

_DRAWN_AHEAD = 2
"""Blocks for each CPU that are drawn, or wait for an actor."""

_ASKED_AHEAD = 3
"""Blocks that an actor has at once, so that its model never waits for the next."""

_TRIES = 4
"""How often what a lost process was doing is done again."""

_GROWN = 5.0
"""Seconds after which the cluster is asked again how large it is."""


def _ray() -> Any:
    """Ray, connected to the cluster that is there or else to a local one."""
    try:
        import ray
    except ImportError:
        raise UserError("--engine ray needs Ray; pip install 'typoattack[ray]'") from None
    if not ray.is_initialized():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    return ray


def _has(ray: Any, what: str) -> int:
    return int(ray.cluster_resources().get(what, 0))


def cluster_device(wish: str) -> str:
    """Where the actors run their models: `cuda` if wished for, or if `auto` and there is one.

    Raises:
        UserError: if the cluster has no such device.
    """
    gpus = _has(_ray(), "GPU")
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


def _evaluation(setup: _ActorSetup) -> Evaluation:
    """The models, opened here, and what is asked of them."""
    options = RunOptions(
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
    classifiers = [classifier_for(model, task, options) for model in models]
    return Evaluation(models, classifiers, setup.generator, setup.dataset, options)


@dataclass(slots=True)
class _Block:
    """Drawings that an actor was given, and what it makes of them.

    Attributes:
        drawn: all parts of some samples.
        finished: of those samples, in their order.
        answer: all of `finished`, and behind them what ended the run, if something did.
    """

    drawn: list[Drawing]
    finished: list[Finished | Exception] = field(default_factory=list)
    answer: "Future[list[Finished | Exception]]" = field(default_factory=Future)

    @property
    def samples(self) -> int:
        return sum(drawing.last for drawing in self.drawn)


class _Classify:
    """The actor: opens the models once and classifies blocks, as one stream while there are any.

    Ray calls it from several threads, each with a block; one thread of its own has the models, so
    that a batch is under way while the next block is taken in, and batches hold what comes next.
    """

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Sequence[Any], _Block]] = queue.SimpleQueue()
        self._open: deque[_Block] = deque()
        threading.Thread(target=self._serve, daemon=True).start()

    def classify(self, kept: Sequence[Any], drawn: list[Any]) -> list[Finished | Exception]:
        """The samples of a block, and behind them what ended the run, if something did.

        Args:
            kept: the reference of an `_ActorSetup`; the same at every call. It is no argument of
                the actor's, which Ray might have lost by the time it starts the actor anew.
            drawn: by `_draw`.
        """
        block = _Block([_unpacked(one) for one in drawn])
        self._asked.put((kept, block))
        return block.answer.result()

    def _serve(self) -> None:
        evaluation: Evaluation | None = None
        while True:
            kept, block = self._asked.get()
            self._open.append(block)
            try:
                evaluation = evaluation or _evaluation(_fetched(kept[0]))
                for finished in evaluation.finish(self._stream()):
                    block = self._open[0]
                    block.finished.append(finished)
                    if len(block.finished) == block.samples:
                        self._open.popleft().answer.set_result(block.finished)
            except (UserError, RunFailure) as error:
                while self._open:
                    block = self._open.popleft()
                    block.answer.set_result([*block.finished, error])
            except Exception as error:  # Ray tells it the process that asked
                while self._open:
                    self._open.popleft().answer.set_exception(error)

    def _stream(self) -> Iterator[Drawing]:
        """The drawings of the open block, and of those that have come by then."""
        with contextlib.suppress(queue.Empty):
            while True:
                for drawing in self._open[-1].drawn:
                    if drawing.failure is not None:
                        raise drawing.failure
                    yield drawing
                self._open.append(self._asked.get_nowait()[1])


@functools.lru_cache(maxsize=1)
def _fetched(kept: Any) -> Any:
    """What a reference leads to, once for all calls of a process."""
    import ray

    return ray.get(kept)


def _draw(kept: Sequence[Any], indices: Sequence[int]) -> list[Any]:
    """The task: all parts of some samples, by the `Worker` that `kept` refers to."""
    worker: Worker = _fetched(kept[0])
    parts = range(worker.parts)
    return [_packed(worker.draw(index, part)) for index in indices for part in parts]


def _packed(drawing: Drawing) -> Any:
    """A drawing whose inputs cross between processes without a copy."""
    return drawing, [one.numpy() for one in drawing.inputs]


def _unpacked(packed: Any) -> Drawing:
    drawing: Drawing = packed[0]
    # Copied, since what came is read-only and a model may compute in place.
    return replace(drawing, inputs=tuple(torch.from_numpy(np.array(one)) for one in packed[1]))


def run_on_ray(
    suite: Suite,
    models: Sequence[Model],
    dataset: Dataset,
    folder: RunFolder,
    options: RunOptions,
) -> None:
    """The same as `runner.local.run_suite`, on a cluster.

    Raises:
        UserError: as `runner.local.run_suite`, and for a model that cannot be opened by its name,
            or more actors than the cluster holds.
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
    cluster = _Cluster(ray, worker, setup, options.actors)
    try:
        for finished in cluster.finish(writer.left):
            if isinstance(finished, Exception):
                raise finished
            writer.add(finished)
    except ray.exceptions.RayError as error:
        raise _in_words(error) from error
    finally:
        cluster.close()
    writer.flush()


class _Cluster:
    """The drawing tasks and the actors of a run.

    Args:
        ray: connected.
        worker: draws.
        setup: of the actors.
        actors: how many; None: one a GPU, or one on CPUs.

    Raises:
        UserError: if the cluster has too few GPUs or CPUs for them.
    """

    def __init__(self, ray: Any, worker: Worker, setup: _ActorSetup, actors: int | None) -> None:
        self._ray = ray
        gpus = _has(ray, "GPU") if setup.device == "cuda" else 0
        count = actors or max(gpus, 1)
        cpus = _has(ray, "CPU")
        if not cpus:
            raise UserError("--engine ray: the Ray cluster has no CPU, and drawing takes one")
        self._reserved = 0 if gpus else _cpus_for(count, cpus, wished=bool(actors))
        if gpus and count > gpus:
            raise UserError(
                f"--actors {count}: an actor takes a GPU, and the Ray cluster has {gpus}"
            )
        self._samples = max(_PICTURES // worker.most, 1)
        self._drawer = (ray.put(worker),)
        self._setup = (ray.put(setup),)
        self._draw = ray.remote(_draw).options(num_cpus=1, max_retries=_TRIES)
        actor = ray.remote(_Classify).options(
            num_gpus=1 if gpus else 0,
            num_cpus=self._reserved / count,
            max_restarts=_TRIES,
            max_task_retries=_TRIES,
            max_concurrency=_ASKED_AHEAD,
        )
        self._actors = [actor.remote() for _ in range(count)]
        self._drawing: list[Any] = []
        self._drawn: deque[Any] = deque()
        self._asked: dict[Any, int] = {}
        self._looked, self._room = -_GROWN, 1

    def finish(self, left: Sequence[int]) -> Iterator[Finished | Exception]:
        """What the cluster makes of the samples, as it is finished."""
        blocks = (left[at : at + self._samples] for at in range(0, len(left), self._samples))
        coming = iter(blocks)
        while True:
            free = max(self._blocks_at_once() - len(self._drawing) - len(self._drawn), 0)
            for block in itertools.islice(coming, free):
                self._drawing.append(self._draw.remote(self._drawer, list(block)))
            self._ask()
            under_way = [*self._asked, *self._drawing]
            if not under_way:
                return
            done, _ = self._ray.wait(under_way, num_returns=1, fetch_local=False)
            if done[0] in self._asked:
                del self._asked[done[0]]
                yield from self._ray.get(done[0])
            else:
                self._drawing.remove(done[0])
                self._drawn.append(done[0])

    def _ask(self) -> None:
        """Give drawn blocks to the actors that have the fewest."""
        busy = [0] * len(self._actors)
        for number in self._asked.values():
            busy[number] += 1
        while self._drawn and min(busy) < _ASKED_AHEAD:
            number = busy.index(min(busy))
            asked = self._actors[number].classify.remote(self._setup, self._drawn.popleft())
            self._asked[asked] = number
            busy[number] += 1

    def _blocks_at_once(self) -> int:
        """How many blocks may be drawn or wait, by the CPUs that the cluster has by now."""
        if time.monotonic() - self._looked > _GROWN:
            cpus = _has(self._ray, "CPU") - self._reserved
            self._room = _DRAWN_AHEAD * max(int(cpus), 1)
            self._looked = time.monotonic()
        return self._room

    def close(self) -> None:
        """End what is still under way."""
        for reference in self._drawing:
            self._ray.cancel(reference)
        for actor in self._actors:
            self._ray.kill(actor)


def _cpus_for(actors: int, cpus: int, *, wished: bool) -> float:
    """How many CPUs the actors hold: one each, but for one that shares a machine's only one.

    Raises:
        UserError: if nothing would be left to draw.
    """
    if cpus > actors:
        return actors
    if wished and actors > 1:
        raise UserError(
            f"--actors {actors}: an actor takes a CPU and drawing at least one; the Ray cluster "
            f"has {cpus}"
        )
    return 0


def _in_words(error: Exception) -> Exception:
    """What ended the run: the user's mistake if there is one at the bottom, else Ray's word."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (UserError, RunFailure)):
            return cause
        cause = cause.__cause__ or cause.__context__
    told = " ".join(str(error).split())[-300:]
    return RunFailure(f"Ray gave up ({told}); what is finished is kept: run the same command again")
