"""Whether a model computes in the precision that was asked for, and whether that suffices."""

import torch

from typoattack.doctor.finding import Finding
from typoattack.models.base import Model

LEAST = {"fp32": 0.999999, "fp16": 0.999, "bf16": 0.99}
"""The cosine with the answer in 32 bits below which a precision is not what it says."""


def finding(model: Model, batch: torch.Tensor, precision: str) -> Finding:
    """Compare pictures' vectors with those of the same weights in 32 bits.

    Args:
        model: opened with `precision`.
        batch: (n, 3, s, s), as the model takes it.
        precision: `fp32`, `bf16` or `fp16`.
    """
    made = model.encode_image(batch)
    if not bool(torch.isfinite(made).all()):
        said = f"in {precision} some vectors are no numbers; use a higher precision"
        return Finding("precision", "wrong", said)
    exact = _exact(model, batch)
    if exact is None:
        return Finding("precision", "untold", f"{precision}; there is nothing to compare it with")
    least = float((made * exact).sum(dim=1).min())
    said = f"{precision}: cosine {least:.6f} at least with 32 bits"
    if least >= LEAST[precision]:
        return Finding("precision", "well", said)
    return Finding("precision", "wrong", f"{said}; it should be {LEAST[precision]} or more")


def _exact(model: Model, batch: torch.Tensor) -> torch.Tensor | None:
    """(n, d): what the weights give in 32 bits, whatever the model was opened with; or None."""
    module = getattr(model, "module", None)
    held = getattr(model, "precision", None)
    if not isinstance(module, torch.nn.Module) or held is None:
        return None
    stored = {name: part.dtype for name, part in module.named_parameters()}
    buffers = {name: part.dtype for name, part in module.named_buffers()}
    model.precision = "fp32"  # type: ignore[attr-defined]
    try:
        module.float()
        return model.encode_image(batch)
    finally:
        model.precision = held  # type: ignore[attr-defined]
        for name, part in (*module.named_parameters(), *module.named_buffers()):
            part.data = part.data.to({**stored, **buffers}[name])
