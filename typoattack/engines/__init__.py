"""Where the work of a run is done: in this process and its workers, or on a cluster."""

from collections.abc import Sequence
from typing import Protocol

from typoattack.models.base import Model
from typoattack.registry import Registry
from typoattack.runner import Options, run_suite
from typoattack.samples.base import Dataset
from typoattack.store import RunFolder
from typoattack.suite import Suite

__all__ = ["ENGINES", "Engine"]


class Engine(Protocol):
    """Draws and classifies what a run folder lacks; every engine gives the same predictions."""

    def device(self, wish: str) -> str:
        """The torch device that the models will run on, for `auto`, `cpu`, `cuda` or `mps`.

        Raises:
            UserError: if it is no device, or there is none such.
        """
        ...

    def run(
        self,
        suite: Suite,
        models: Sequence[Model],
        dataset: Dataset,
        folder: RunFolder,
        options: Options,
    ) -> None:
        """Finish the run in a folder that is started and locked; see `runner.run_suite`."""
        ...


class LocalEngine:
    """This machine: drawing processes, and the models in this process."""

    def device(self, wish: str) -> str:
        """See `Engine`."""
        from typoattack.models.devices import resolve_device

        return resolve_device(wish)

    def run(
        self,
        suite: Suite,
        models: Sequence[Model],
        dataset: Dataset,
        folder: RunFolder,
        options: Options,
    ) -> None:
        """See `Engine`."""
        run_suite(suite, models, dataset, folder, options)


class RayEngine:
    """A Ray cluster, or a local Ray where there is none; see `typoattack.engines.ray_data`."""

    def device(self, wish: str) -> str:
        """See `Engine`; `auto` is `cuda` where the cluster has GPUs."""
        from typoattack.engines.ray_data import cluster_device

        return cluster_device(wish)

    def run(
        self,
        suite: Suite,
        models: Sequence[Model],
        dataset: Dataset,
        folder: RunFolder,
        options: Options,
    ) -> None:
        """See `Engine`."""
        from typoattack.engines.ray_data import run_on_ray

        run_on_ray(suite, models, dataset, folder, options)


ENGINES: Registry[Engine] = Registry("engine")
ENGINES.add("local", LocalEngine())
ENGINES.add("ray", RayEngine())
