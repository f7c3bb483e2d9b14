"""Where and how a run computes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how a run computes; nothing here is part of the question.

    Attributes:
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `fp32`, `bf16` or `fp16`.
        workers: processes that draw; None: none for a small run, else the cores but one, or a
            quarter of them where the model runs on them too.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file; fewer where they take longer than a minute.
        engine: `local`, or `ray` on a cluster; see `typoattack.runner.engines`.
        keep_embeddings: stores the pictures' embeddings, so that the run can be scored by other
            rules; see `typoattack.rescore`.
        actors: how many processes hold the models, on a cluster; None: one a GPU, or one on CPUs.
        compiled: whether image encoders are compiled, of models that are opened by name.
        channels_last: whether their channels lie last in memory.
    """

    device: str = "auto"
    precision: str = "fp32"
    workers: int | None = None
    batch_size: int = 64
    chunk_size: int = 32
    engine: str = "local"
    keep_embeddings: bool = False
    actors: int | None = None
    compiled: bool = False
    channels_last: bool = False


HERE = Machine()
"""This machine, with nothing wished for."""
