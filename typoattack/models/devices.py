"""Where a model runs."""

from typoattack.core.errors import UserError


def resolve_device(wish: str) -> str:
    """The torch device for `auto`, `cpu`, `cuda` (or `cuda:N`) or `mps`.

    Raises:
        UserError: if the wish is no device, or this machine has none such.
    """
    import torch

    kind = wish.partition(":")[0]
    if wish == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if kind not in available:
        raise UserError(f"device {wish!r}: use auto, cpu, cuda or mps")
    if not available[kind]:
        raise UserError(f"device {wish!r} is not available on this machine; use --device auto")
    return wish
