"""Where the work of a run is done: in this process and its workers, or on a cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from typoattack.core.registry import Registry
from typoattack.models.base import Model
from typoattack.models.devices import resolve_device
from typoattack.results.folder import RunFolder
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.runner.ray import cluster_device, run_on_ray
from typoattack.samples.base import Dataset
from typoattack.suite import Suite

__all__ = ["ENGINES", "Engine"]


@dataclass(frozen=True, slots=True)
class Engine:
    """Draws and classifies what a run folder lacks; every engine gives the same predictions.

    Attributes:
        device: the torch device that the models will run on, for `auto`, `cpu`, `cuda` or `mps`;
            raises `UserError` if it is no device, or there is none such.
        run: finishes the run in a folder that is started and locked, as `run_suite` does.
    """

    device: Callable[[str], str]
    run: Callable[[Suite, Sequence[Model], Dataset, RunFolder, RunOptions], None]


ENGINES: Registry[Engine] = Registry("engine")
ENGINES.add("local", Engine(resolve_device, run_suite))
ENGINES.add("ray", Engine(cluster_device, run_on_ray))
