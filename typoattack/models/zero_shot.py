"""Zero-shot classification: the class whose sentences lie nearest to the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.models.base import Model
from typoattack.models.text_cache import Features, TextCache
from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class Scores:
    """What a classifier thinks of n pictures.

    Attributes:
        similarity: (n, n_classes) cosines.
        probability: (n, n_classes), rows summing to 1; but for a model with a sigmoid (SigLIP)
            how well each class fits by itself, whatever the others.
        predicted: (n,) the most probable class.
    """

    similarity: Features
    probability: Features
    predicted: NDArray[np.int64]


_SENTENCES = 256
"""Sentences a forward pass: thousands at once would need gigabytes."""

_KEPT_WORDS = 4096
"""Words that are no class whose features stay in memory, so that it does not grow with a run."""


class ZeroShotClassifier:
    """A model asked a task's question, after Radford et al. 2021, section 3.1.

    A class's weight is the mean of its normalised sentence embeddings, normalised again.

    Args:
        model: the dual encoder.
        task: class names and templates.
        cache: where text features are kept.
        progress: called with (names done, names in all) while text is encoded.
    """

    def __init__(
        self,
        model: Model,
        task: Task,
        cache: TextCache,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.task = task
        self._model = model
        self._cache = cache
        self._prefix = str(getattr(model, "name_prefix", ""))  # of Defense-Prefix
        self._scale = np.float32(model.logit_scale)
        bias = getattr(model, "logit_bias", None)  # older stand-ins have none
        self._bias = None if bias is None else np.float32(bias)
        self.weights = self._encode(task.class_names, progress)
        self._index = {name: index for index, name in reversed(list(enumerate(task.class_names)))}
        self._words: dict[str, Features] = {}

    def scores(self, embeddings: Features) -> Scores:
        """Score (n, d) image embeddings.

        Raises:
            UserError: if the model returned something that is no number.
        """
        if not np.isfinite(embeddings).all():
            raise UserError(
                f"model {self._model.name!r} returned NaN or infinity for a picture; "
                "try --precision fp32, or another checkpoint"
            )
        # By torch, whose threads are awake: numpy's own would fight with them for the cores.
        similarity = (torch.from_numpy(embeddings) @ torch.from_numpy(self.weights).T).numpy()
        logits = similarity * self._scale
        if self._bias is not None:
            probability = 1 / (1 + np.exp(-np.clip(logits + self._bias, -80, 80)))
            return Scores(similarity, probability, similarity.argmax(axis=1))
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        probability = exponents / exponents.sum(axis=1, keepdims=True)
        return Scores(similarity, probability, similarity.argmax(axis=1))

    def class_index(self, word: str) -> int:
        """The class called `word` (the first, of two of one name), or -1."""
        return self._index.get(word, -1)

    def word_features(self, words: Sequence[str]) -> Features:
        """(n, d) text features of any words, class or not, made with the task's templates."""
        strangers = sorted({w for w in words if w not in self._index and w not in self._words})
        if strangers:
            if len(self._words) + len(strangers) > _KEPT_WORDS:
                self._words = {word: self._words[word] for word in words if word in self._words}
            rows = self._encode(strangers)
            self._words.update(zip(strangers, rows, strict=True))
        return np.stack([self._feature(word) for word in words])

    def _feature(self, word: str) -> Features:
        index = self._index.get(word)
        return self._words[word] if index is None else self.weights[index]

    def _encode(
        self, names: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Features:
        def encode(texts: Sequence[str]) -> Features:
            starts = range(0, len(texts), _SENTENCES)
            parts = [self._model.encode_text(texts[i : i + _SENTENCES]).numpy() for i in starts]
            rows = np.concatenate(parts).astype(np.float32, copy=False)
            if not np.isfinite(rows).all():
                raise UserError(
                    f"model {self._model.name!r} returned NaN or infinity for a text; "
                    "try --precision fp32, or another checkpoint"
                )
            return rows

        return self._cache.features(
            self._model.fingerprint,
            [f"{self._prefix}{name}" for name in names],
            self.task.templates,
            encode,
            progress,
        )
