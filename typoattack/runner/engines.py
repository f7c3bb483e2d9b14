"""Where the work of a run is done: in this process and its workers, or on a cluster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from typoattack.core.registry import Registry
from typoattack.models.base import Described, Model
from typoattack.models.devices import resolve_device
from typoattack.results.folder import RunFolder
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import task_of
from typoattack.runner.ray import cluster_device, run_on_ray
from typoattack.runner.reading import ask_to_read
from typoattack.samples.base import Dataset
from typoattack.suite import Suite
from typoattack.task import Task

__all__ = ["ENGINES", "Engine", "M"]


M = TypeVar("M", bound=Described)


@dataclass(frozen=True, slots=True)
class Engine(Generic[M]):
    """Draws what a run folder lacks and has it answered; all in `ENGINES` give the same.

    Attributes:
        device: the torch device that the models will run on, for `auto`, `cpu`, `cuda` or `mps`;
            raises `UserError` if it is no device, or there is none such.
        run: finishes the run in a folder that is started and locked, as `run_suite` does.
        task: the question that it has answered of a suite's pictures.
        read: has models read word-only pictures, as `ask_to_read` does; None if it cannot.
        settings: what a report says of where it ran; device, precision and engine if empty.
    """

    device: Callable[[str], str]
    run: Callable[[Suite, Sequence[M], Dataset, RunFolder, RunOptions], None]
    task: Callable[[Suite, Dataset], Task] = task_of
    read: Callable[[Suite, Sequence[M], RunFolder, RunOptions], None] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


def _read_here(
    suite: Suite, models: Sequence[Model], folder: RunFolder, options: RunOptions
) -> None:
    """As `ask_to_read`, on this machine, whatever the cluster has."""
    ask_to_read(suite, models, folder, replace(options, device=resolve_device("auto")))


ENGINES: Registry[Engine[Model]] = Registry("engine")
ENGINES.add("local", Engine(resolve_device, run_suite, read=ask_to_read))
ENGINES.add("ray", Engine(cluster_device, run_on_ray, read=_read_here))
