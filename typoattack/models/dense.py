"""What each patch of a vision transformer says: MaskCLIP's features (Zhou et al. 2022).

In the last block every token keeps its own value instead of what attention mixes from all: queries
and keys are left out, value and last linear layer stay (section 3.2 of the paper). The block's
residual, its perceptron, and what follows it, `ln_post` and the projection into the joint space,
are as ever; so a patch can be asked for any text as a picture can.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from typoattack.core.errors import UserError
from typoattack.models.base import Model
from typoattack.models.inference import autocast
from typoattack.models.open_clip_backend import OpenClipModel


def patch_features(model: Model, batch: torch.Tensor) -> torch.Tensor:
    """The joint-space feature of each patch.

    Args:
        model: one whose image encoder is open_clip's own vision transformer.
        batch: (n, 3, image_size, image_size), preprocessed.

    Returns:
        (n, rows, columns, d): float32 on the CPU, L2-normalised.

    Raises:
        UserError: for any other model.
    """
    visual = vision_transformer(model)
    assert isinstance(model, OpenClipModel)
    device = next(visual.parameters()).device
    kept: list[torch.Tensor] = []
    last = visual.transformer.resblocks[-1]
    handle = last.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        with torch.inference_mode(), autocast(device.type, model.precision), _own_values(last.attn):
            visual(batch.to(device))
            tokens = kept[0] if last.attn.batch_first else kept[0].transpose(0, 1)
            features = visual.ln_post(tokens[:, -_patches(visual) :])
            if visual.proj is not None:
                features = features @ visual.proj
    finally:
        handle.remove()
    rows, columns = visual.grid_size
    unit = F.normalize(features.float(), dim=-1).cpu()
    return unit.reshape(len(batch), rows, columns, -1)


def vision_transformer(model: Model) -> Any:
    """The image encoder of `model`, if its patches can be asked.

    Raises:
        UserError: if it is none of open_clip's own vision transformers, or pools by attention.
    """
    from open_clip.transformer import VisionTransformer

    visual = model.module.visual if isinstance(model, OpenClipModel) else None
    if not isinstance(visual, VisionTransformer) or visual.attn_pool is not None:
        raise UserError(
            f"model {model.name!r}: patches are asked of open_clip's own vision transformers, such "
            "as ViT-B-32/openai or local-dir:PATH, without a defence before them"
        )
    if not isinstance(
        getattr(visual.transformer.resblocks[-1], "attn", None), nn.MultiheadAttention
    ):
        raise UserError(f"model {model.name!r}: its last block has no plain attention to leave out")
    return visual


def _patches(visual: Any) -> int:
    rows, columns = visual.grid_size
    return int(rows * columns)


@contextlib.contextmanager
def _own_values(attention: nn.MultiheadAttention) -> Iterator[None]:
    """Attention in which each token attends to itself alone."""

    def values(_: nn.Module, inputs: tuple[Any, ...], __: Any) -> tuple[torch.Tensor, None]:
        weight, bias = attention.in_proj_weight, attention.in_proj_bias
        width = attention.embed_dim
        own = F.linear(inputs[2], weight[2 * width :], None if bias is None else bias[2 * width :])
        return attention.out_proj(own), None

    handle = attention.register_forward_hook(values)
    try:
        yield
    finally:
        handle.remove()
