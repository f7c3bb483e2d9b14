"""Fingerprints and inputs of a photograph's pictures, from what each changed on its canvas."""

from collections.abc import Sequence

import torch
from PIL import Image

from typoattack.drawing.changes import Ground
from typoattack.models.base import Preprocess
from typoattack.models.parts import CanvasInputs
from typoattack.runner.draw import fingerprint_of


class OnCanvas:
    """A photograph's canvas, and what is made of the pictures drawn on it.

    Args:
        canvas: the clean picture; nobody draws on it any more.
        preprocesses: distinct preprocessings of the models.
    """

    def __init__(self, canvas: Image.Image, preprocesses: Sequence[Preprocess]) -> None:
        self._ground = Ground(canvas)
        self._inputs = [CanvasInputs(preprocess, canvas) for preprocess in preprocesses]

    def told(self, image: Image.Image) -> tuple[str, list[torch.Tensor]]:
        """A picture's fingerprint, and its input (3, s, s) for each preprocessing."""
        changed = self._ground.changed(image)
        with self._ground.packed(image, changed) as packed:
            fingerprint = fingerprint_of(packed.data)
        return fingerprint, [inputs.of(image, changed) for inputs in self._inputs]

    def inputs(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """n pictures' inputs (n, 3, s, s) for the first preprocessing."""
        (first, *_) = self._inputs
        return torch.stack([first.of(image, self._ground.changed(image)) for image in images])
