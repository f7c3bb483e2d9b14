"""The embedded models: `mini`, which sees objects and reads, and `mini-blind`, which only sees.

A stand-in for trying the product without a download, for teaching and for tests. They are no
evidence about any published CLIP.
"""

from typoattack.models.mini.blind import MiniBlind
from typoattack.models.mini.model import Mini

__all__ = ["Mini", "MiniBlind", "load_mini", "load_mini_blind"]


def load_mini(_: str = "mini", *, device: str = "cpu", precision: str = "fp32") -> Mini:
    """The model that sees objects and reads, on `device`; its weights lie beside this file.

    Raises:
        UserError: if the package with the ImageNet weights is not installed, or for an unknown
            precision.
    """
    return Mini(device, precision)


def load_mini_blind(
    _: str = "mini-blind", *, device: str = "cpu", precision: str = "fp32"
) -> MiniBlind:
    """EfficientNet-Lite0 as a dual encoder, on `device`.

    Raises:
        UserError: if the package with the ImageNet weights is not installed, or for an unknown
            precision.
    """
    return MiniBlind(device, precision)
