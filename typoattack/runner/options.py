"""How to run, none of which changes a row of the predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from typoattack.core.progress import Progress, silent
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.suite import Shard


class OpenModels(Protocol):
    """Opens models by name, as `typoattack.factory.load_models` does; pickles."""

    def __call__(
        self, names: Sequence[str], *, device: str = ..., precision: str = ...
    ) -> list[Model]:
        """The models of these names."""
        ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, none of which changes a row.

    Attributes:
        workers: processes that draw; 0 draws in this one.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file; with a minute, the work that a kill can cost.
        span_samples: whether a batch may hold several samples' pictures. It keeps a GPU busy;
            on a CPU it gains nothing, and one sample a batch makes the floats independent of
            chunks and resumption to the last bit.
        shard: does only the samples that belong to it; None: all.
        cache: where text features are kept.
        progress: told how far the run is.
        device: where the models run, for an engine that opens them elsewhere.
        precision: in what they compute there.
        open_models: how such an engine opens them.
        actors: how many actors classify on a cluster; None: one a GPU, or one on CPUs.
        keep_embeddings: whether the pictures' embeddings are stored beside the predictions.
    """

    workers: int = 0
    batch_size: int = 64
    chunk_size: int = 32
    span_samples: bool = False
    shard: Shard | None = None
    cache: TextCache = field(default_factory=lambda: TextCache(None))
    progress: Progress = silent
    device: str = "cpu"
    precision: str = "fp32"
    open_models: OpenModels | None = None
    actors: int | None = None
    keep_embeddings: bool = False
