"""What every model offers: a dual encoder with its own preprocessing, and what answers for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from typoattack.models.text_cache import Features, TextCache
from typoattack.task import Task

if TYPE_CHECKING:  # what looks at finished runs needs no torch
    import torch

Preprocess = Callable[[Image.Image], "torch.Tensor"]
"""A square RGB canvas to a float32 tensor (3, image_size, image_size); must pickle."""


Told = Callable[[int, int], None]
"""Told how far text encoding is: (names done, names in all)."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a model is made of; its name is printed from this and never taken apart again.

    Attributes:
        base: the encoder as the user wrote it: `ViT-B-32/openai`, `local-dir:path`, `mini`.
        defences: what it stands behind, the innermost first: `mirror`.
        classifier: what answers in place of zero-shot, such as `probe("p.safetensors")`.
    """

    base: str
    defences: tuple[str, ...] = ()
    classifier: str = ""

    def __str__(self) -> str:
        return " + ".join(part for part in (self.base, *self.defences, self.classifier) if part)


@dataclass(frozen=True, slots=True)
class Scores:
    """What a classifier thinks of n pictures.

    Attributes:
        similarity: (n, n_classes) cosines with the classes' texts.
        probability: (n, n_classes), rows summing to 1; but for a model with a sigmoid (SigLIP)
            how well each class fits by itself, whatever the others.
        predicted: (n,) the most probable class.
    """

    similarity: Features
    probability: Features
    predicted: NDArray[np.int64]


class Classifier(Protocol):
    """A model asked a task's question: zero-shot, or a probe on its embeddings."""

    @property
    def task(self) -> Task:
        """The question."""
        ...

    @property
    def weights(self) -> Features:
        """(n_classes, d): the text features of the classes."""
        ...

    def scores(self, embeddings: Features) -> Scores:
        """Score (n, d) image embeddings; `UserError` if they hold no numbers."""
        ...

    def class_index(self, word: str) -> int:
        """The class called `word` (the first, of two of one name), or -1."""
        ...

    def word_features(self, words: Sequence[str]) -> Features:
        """(n, d) text features of any words, class or not, made with the task's templates."""
        ...


class Described(Protocol):
    """What a run says of whoever answers, whatever it answers by."""

    @property
    def name(self) -> str:
        """Its lineage, printed."""
        ...

    @property
    def lineage(self) -> Lineage:
        """The encoder and what stands before it."""
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
    def reads(self) -> bool:
        """False where the model is known to be blind to text; the report says so."""
        ...

    @property
    def note(self) -> str:
        """What a report must say of the model's figures; empty if nothing."""
        ...

    def answers(self, task: Task) -> bool:
        """Whether it knows the task's answers: a dual encoder does, a probe may not."""
        ...


class Model(Described, Protocol):
    """A dual encoder: pictures and texts to vectors in one space.

    A class of your own that derives from `typoattack.models.zero_shot.ZeroShotModel` has all but
    the encoders from there.
    """

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
    def name_prefix(self) -> str:
        """Stands before a class's name in every sentence, as the token of Defense-Prefix does."""
        ...

    @property
    def preprocess(self) -> Preprocess:
        """Turns a canvas into the model's input."""
        ...

    def encode_image(self, batch: "torch.Tensor") -> "torch.Tensor":
        """(n, 3, image_size, image_size) to (n, d): float32 on the CPU, L2-normalised rows."""
        ...

    def encode_text(self, texts: Sequence[str]) -> "torch.Tensor":
        """n sentences to (n, d): float32 on the CPU, L2-normalised rows."""
        ...

    def classifier(self, task: Task, cache: TextCache, told: Told | None = None) -> Classifier:
        """The model asked a task's question, its text features from the cache where there.

        Raises:
            UserError: if it does not know the task's answers, or a text gives no number.
        """
        ...
