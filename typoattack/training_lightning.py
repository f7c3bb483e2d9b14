"""The callback for Lightning; imported only where Lightning is installed."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from typoattack.core.errors import UserError

try:
    from lightning.pytorch import Callback
except ImportError:
    from pytorch_lightning import Callback  # type: ignore[assignment]

Measure = Callable[[Any, int, int], Mapping[str, float]]
"""Model, epoch and step to figures by name; none where the epoch is not measured."""


class RobustnessCallback(Callback):
    """Measures after training epochs; see `typoattack.training.lightning_callback`.

    Args:
        measure: called in the first process alone.
        clip: the attribute of the module that holds its CLIP, or a function of the module.
        always: figures that are told in every epoch, NaN before they are known.
    """

    def __init__(
        self, measure: Measure, clip: str | Callable[[Any], Any], always: Iterable[str]
    ) -> None:
        self._measure = measure
        self._clip = clip
        self._last = dict.fromkeys(always, math.nan)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        found: Mapping[str, float] = {}
        if trainer.is_global_zero:
            model = self._model(pl_module)
            found = self._measure(model, trainer.current_epoch, trainer.global_step)
        self._last |= trainer.strategy.broadcast(found)
        pl_module.log_dict(self._last)

    def _model(self, pl_module: Any) -> Any:
        clip = self._clip
        model = clip(pl_module) if callable(clip) else getattr(pl_module, clip, None)
        if model is None:
            raise UserError(f"the module has no {clip!r}; say with clip= where its CLIP is")
        return model
