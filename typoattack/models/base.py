"""What every model offers: a dual encoder with its own preprocessing."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from PIL import Image

Preprocess = Callable[[Image.Image], torch.Tensor]
"""A square RGB canvas to a float32 tensor (3, image_size, image_size); must pickle."""


class Model(Protocol):
    """A dual encoder: pictures and texts to vectors in one space."""

    @property
    def name(self) -> str:
        """As the user wrote it: `ViT-B-32/openai`, `local-dir:path`, `mini`."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of weights, preprocessing and precision."""
        ...

    @property
    def image_size(self) -> int:
        """Side of the square input in pixels."""
        ...

    @property
    def logit_scale(self) -> float:
        """What multiplies a cosine before the softmax."""
        ...

    @property
    def logit_bias(self) -> float | None:
        """What is added before a sigmoid, for models trained with one (SigLIP); None: softmax.

        With a sigmoid each class is asked about by itself: a probability says how well this one
        class fits, and a picture's probabilities do not sum to 1.
        """
        ...

    @property
    def reads(self) -> bool:
        """False where the model is known to be blind to text; the report says so."""
        ...

    @property
    def preprocess(self) -> Preprocess:
        """Turns a canvas into the model's input."""
        ...

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d): float32 on the CPU, L2-normalised rows."""
        ...

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d): float32 on the CPU, L2-normalised rows."""
        ...
