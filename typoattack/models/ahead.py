"""Forward passes begun before the last one's answer is there, so that a GPU never waits."""

from collections.abc import Callable
from typing import Any, Protocol, cast

import torch
from torch.nn import functional as F

from typoattack.models.base import Model
from typoattack.models.wrappers import Wrapped

Answer = Callable[[], torch.Tensor]
"""Waits for the rows of a batch and gives them: (n, d), float32 on the CPU, L2-normalised."""


class Ahead(Protocol):
    """A model that can begin a forward pass and tell the answer later."""

    def begin_image(self, batch: torch.Tensor) -> Answer:
        """`encode_image`, of which the answer is waited for when it is asked for."""
        ...


def begun(model: Model, batch: torch.Tensor) -> Answer:
    """The forward pass of a batch on its way, where the model can; else made here and now.

    A class that redefines `encode_image` alone is taken at its word: only that is called.
    """
    for cls in () if "encode_image" in vars(model) else type(model).__mro__:
        if "begin_image" in vars(cls):
            return cast("Ahead", model).begin_image(batch)
        if cls is Wrapped:
            return begun(cast("Wrapped", model).inner, batch)
        if "encode_image" in vars(cls):
            break
    rows = model.encode_image(batch)
    return lambda: rows


def normalised_later(features: torch.Tensor) -> Answer:
    """(n, d) features, perhaps still being computed, as `Model` promises them.

    From a GPU they are copied to pinned memory behind the forward pass, without a wait.
    """
    rows = F.normalize(features.float(), dim=-1)
    if rows.device.type != "cuda":
        return rows.cpu
    held = torch.empty(rows.shape, dtype=rows.dtype, pin_memory=True)
    held.copy_(rows, non_blocking=True)
    done: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(rows.device))

    def answer() -> torch.Tensor:
        done.synchronize()
        return held

    return answer
