"""The embedded models: `mini`, which sees objects and reads, and `mini-blind`, which only sees.

A stand-in for trying the product without a download, for teaching and for tests. They are no
evidence about any published CLIP.
"""

from typoattack.models.mini.blind import MiniBlind

__all__ = ["MiniBlind", "load_mini_blind"]


def load_mini_blind(device: str = "cpu") -> MiniBlind:
    """EfficientNet-Lite0 as a dual encoder, on `device`.

    Raises:
        UserError: if the package with the ImageNet weights is not installed.
    """
    return MiniBlind(device)
