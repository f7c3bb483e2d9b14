"""What is no number ends a run; it never becomes an answer."""

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
