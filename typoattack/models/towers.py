"""Image encoders run in another way: compiled, or with their channels last in memory."""

from typing import Any

import torch

from typoattack.core.errors import UserError
from typoattack.models.base import Model


def rearrange(model: Model, *, compiled: bool, channels_last: bool) -> None:
    """Have a model's image encoder run in another way, in place; its weights stay what they are.

    Args:
        model: as its backend opens it, before any defence: a compiled encoder would not notice what
            a defence later changes in it.
        compiled: by `torch.compile`, once for batches of any size.
        channels_last: in PyTorch's memory format of that name, which convolutions may like.

    Raises:
        UserError: if it has no encoder that this can be done to, or it cannot be compiled here.
    """
    tower = _tower(model)
    if tower is None:
        wish = "--compile" if compiled else "--channels-last"
        raise UserError(
            f"model {model.name!r}: {wish} is for open_clip's and transformers' models alone"
        )
    if channels_last:
        tower.to(memory_format=torch.channels_last)
    if not compiled:
        return
    tower.compile(dynamic=True)
    try:
        model.encode_image(torch.zeros(2, 3, model.image_size, model.image_size))
    except Exception as error:  # compilers of several languages raise nearly anything
        told = " ".join(str(error).split())[:200]
        raise UserError(
            f"model {model.name!r} cannot be compiled here ({told}); leave out --compile"
        ) from None


def _tower(model: Model) -> Any:
    """The module that encodes images; None if it is not known where a backend has it."""
    module = getattr(model, "module", None)
    for name in ("visual", "vision_model"):  # open_clip's, transformers'
        tower = getattr(module, name, None)
        if isinstance(tower, torch.nn.Module):
            return tower
    return None
