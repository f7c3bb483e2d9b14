"""Zero-shot classification: the class whose sentences lie nearest to the picture."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch

from typoattack.core.errors import UserError
from typoattack.models.base import Classifier, Lineage, Model, Scores, Told
from typoattack.models.text_cache import Features, TextCache
from typoattack.task import Task

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
        progress: Told | None = None,
    ) -> None:
        self.task = task
        self._model = model
        self._cache = cache
        self._scale = np.float32(model.logit_scale)
        self._bias = None if model.logit_bias is None else np.float32(model.logit_bias)
        self.weights = self._encode(task.class_names, progress)
        self._index = {name: index for index, name in reversed(list(enumerate(task.class_names)))}
        self._words: dict[str, Features] = {}

    def scores(self, embeddings: Features) -> Scores:
        """Score (n, d) image embeddings.

        Raises:
            UserError: if the model returned something that is no number.
        """
        _refuse_nonsense(embeddings, self._model.name, "for a picture")
        # By torch: numpy's thread pool would compete for the cores with torch's, still spinning.
        similarity = (torch.from_numpy(embeddings) @ torch.from_numpy(self.weights).T).numpy()
        logits = similarity * self._scale
        if self._bias is not None:
            probability = 1 / (1 + np.exp(-np.clip(logits + self._bias, -80, 80)))
        else:
            probability = softmax(logits)
        _refuse_nonsense(probability, self._model.name, f"(its logit scale is {self._scale})")
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

    def _encode(self, names: Sequence[str], progress: Told | None = None) -> Features:
        def encode(texts: Sequence[str]) -> Callable[[], Features]:
            starts = range(0, len(texts), _SENTENCES)
            begun = [_begun_text(self._model, texts[at : at + _SENTENCES]) for at in starts]

            def answer() -> Features:
                rows = np.concatenate([one().numpy() for one in begun])
                rows = rows.astype(np.float32, copy=False)
                _refuse_nonsense(rows, self._model.name, "for a text")
                return rows

            return answer

        return self._cache.features(
            self._model.fingerprint,
            [f"{self._model.name_prefix}{name}" for name in names],
            self.task.templates,
            encode,
            progress,
        )


def _begun_text(model: Model, texts: Sequence[str]) -> Callable[[], torch.Tensor]:
    """Sentences on their way through the encoder, where it can begin before it answers.

    So the next ones are tokenized while a GPU is at these. A class that redefines `encode_text`
    alone is taken at its word: only that is called.
    """
    for cls in () if "encode_text" in vars(model) else type(model).__mro__:
        if "begin_text" in vars(cls):
            begun: Callable[[], torch.Tensor] = model.begin_text(texts)  # type: ignore[attr-defined]
            return begun
        if "encode_text" in vars(cls):
            break
    rows = model.encode_text(texts)
    return lambda: rows


def _refuse_nonsense(values: Features, model: str, where: str) -> None:
    """Raise `UserError` unless all values are numbers: a table must not count what is none."""
    if not np.isfinite(values).all():
        raise UserError(
            f"model {model!r} returned NaN or infinity {where}; try --precision fp32, or another "
            "checkpoint"
        )


def softmax(logits: Features) -> Features:
    """(n, n_classes) logits to probabilities, rows summing to 1."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), dtype=logits.dtype)


_BLIND = (
    "this model cannot read: its flips come from what the label covers, not from the word on it"
)
_SIGMOID = (
    "this model scores with a sigmoid: a probability says how well one class fits by itself, and a "
    "picture's probabilities do not sum to 1"
)


class ZeroShotModel:
    """What a dual encoder offers beside its encoders, unless it says otherwise; see `Model`.

    Attributes:
        lineage: the encoder and what stands before it.
        logit_bias: None for a softmax.
        reads: whether it may know written words.
        name_prefix: nothing stands before a class's name.
    """

    lineage: Lineage
    logit_bias: float | None = None
    reads: bool = True
    name_prefix: str = ""

    @property
    def name(self) -> str:
        """Its lineage, printed."""
        return str(self.lineage)

    @property
    def note(self) -> str:
        """That it cannot read, or that its probabilities are a sigmoid's, where that is so."""
        notes = ["" if self.reads else _BLIND, "" if self.logit_bias is None else _SIGMOID]
        return "; ".join(note for note in notes if note)

    def answers(self, task: Task) -> bool:  # noqa: ARG002 (a text encoder takes any name)
        """Any task's."""
        return True

    def classifier(self, task: Task, cache: TextCache, told: Told | None = None) -> Classifier:
        """Zero-shot; see `ZeroShotClassifier`."""
        return ZeroShotClassifier(cast("Model", self), task, cache, told)
