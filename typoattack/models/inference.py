"""What backends share: precision, normalised features, and fingerprints of weights."""

import contextlib
import hashlib
from typing import Any

import torch
from torch.nn import functional as F

from typoattack.core.errors import UserError

PRECISIONS = ("fp32", "bf16", "fp16")


def check_precision(precision: str) -> None:
    """Raise `UserError` unless `precision` is one of `PRECISIONS`."""
    if precision not in PRECISIONS:
        raise UserError(f"precision {precision!r}: use one of {', '.join(PRECISIONS)}")


def autocast(device: str, precision: str) -> contextlib.AbstractContextManager[Any]:
    """Autocast to bf16 or fp16 on `device`; nothing for fp32."""
    if precision == "fp32":
        return contextlib.nullcontext()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float16
    return torch.autocast(torch.device(device).type, dtype=dtype)


def reduced(precision: str) -> str:
    """What a fingerprint says of the precision; nothing of fp32."""
    return "" if precision == "fp32" else f" {precision}"


def normalised(features: torch.Tensor) -> torch.Tensor:
    """(n, d) as `Model` promises it: float32 on the CPU, L2-normalised rows."""
    return F.normalize(features.float(), dim=-1).cpu()


def learned_scale_and_bias(module: Any) -> tuple[float, float | None]:
    """What a dual encoder multiplies cosines by (its logarithm was learned), and adds if anything.

    open_clip and `transformers` call both alike; a bias goes with a sigmoid loss (SigLIP).
    """
    bias = getattr(module, "logit_bias", None)
    return (
        float(module.logit_scale.detach().float().exp()),
        None if bias is None else float(bias.detach().float()),
    )


def weights_fingerprint(module: torch.nn.Module, *more: str) -> str:
    """A hash (16 digits) of a module's weights and buffers, and of `more`."""
    hasher = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        hasher.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}".encode())
        hasher.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    for part in more:
        hasher.update(part.encode())
    return hasher.hexdigest()[:16]
