"""What is no number ends a run; it never becomes an answer."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from typoattack.core.errors import UserError
from typoattack.models.base import Lineage
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotModel, softmax
from typoattack.task import Task

TASK = Task("object", ("cat", "dog"), ("a photo of a {}.",))
NO_CACHE = TextCache(None)


class Two(ZeroShotModel):
    """A model with a scale and a bias to choose."""

    image_size, fingerprint, lineage = 8, "two", Lineage("two")

    def __init__(self, scale: float, bias: float | None = None) -> None:
        self.logit_scale, self.logit_bias = scale, bias

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        return normalize(torch.eye(2)[: len(texts)], dim=-1)


PICTURES = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("scale", "bias"), [(np.nan, None), (np.inf, None), (1e39, None), (10.0, np.nan)]
)
def test_a_scale_or_bias_that_is_no_number_ends_the_run(scale: float, bias: float | None) -> None:
    with np.errstate(all="ignore"):
        classifier = Two(scale, bias).classifier(TASK, NO_CACHE)
        with pytest.raises(UserError, match="'two' returned NaN or infinity .*logit scale"):
            classifier.scores(PICTURES)


def test_a_picture_that_became_no_number_ends_the_run() -> None:
    classifier = Two(10.0).classifier(TASK, NO_CACHE)
    with pytest.raises(UserError, match="for a picture"):
        classifier.scores(np.array([[np.nan, 1.0]], np.float32))


def test_the_answers_are_the_nearest_text_and_a_softmax_of_the_scaled_cosines() -> None:
    scores = Two(10.0).classifier(TASK, NO_CACHE).scores(PICTURES)
    np.testing.assert_allclose(scores.similarity, PICTURES)
    assert scores.predicted.tolist() == [1, 0]
    expected = np.exp(10 * PICTURES) / np.exp(10 * PICTURES).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores.probability, expected, rtol=1e-5)
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0]], np.float32)), [[1, 0]])


def rows_of(texts: Sequence[str]) -> torch.Tensor:
    return normalize(torch.tensor([[len(one), ord(one[-1])] for one in texts]).float(), dim=-1)


class TellsLater(ZeroShotModel):
    """A model that answers when it is asked for the answer, and notes what it did."""

    image_size, fingerprint, lineage, logit_scale = 8, "later", Lineage("later"), 10.0

    def __init__(self) -> None:
        self.did: list[str] = []

    def begin_text(self, texts: Sequence[str]) -> Callable[[], torch.Tensor]:
        number = sum(one.startswith("begin") for one in self.did)
        self.did.append(f"begin {number}")

        def answer() -> torch.Tensor:
            self.did.append(f"wait {number}")
            return rows_of(texts)

        return answer

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        return self.begin_text(texts)()


class TellsAtOnce(TellsLater):
    """One that redefines what it encodes, and nothing of how."""

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        return -rows_of(texts)


LONG = Task("object", tuple(f"class {n}" for n in range(600)), ("{}",))


def test_the_next_sentences_are_begun_before_the_last_answer_is_waited_for() -> None:
    model = TellsLater()
    weights = model.classifier(LONG, NO_CACHE).weights
    assert model.did == ["begin 0", "begin 1", "begin 2", "wait 0", "wait 1", "wait 2"]
    assert weights == pytest.approx(rows_of(LONG.class_names).numpy(), abs=1e-6)


def test_a_class_that_redefines_the_encoder_alone_is_taken_at_its_word() -> None:
    model = TellsAtOnce()
    weights = model.classifier(LONG, NO_CACHE).weights
    assert model.did == []
    assert weights == pytest.approx(-rows_of(LONG.class_names).numpy(), abs=1e-6)
