"""Asking the model in words not to read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from typoattack.core.randomness import digest
from typoattack.defences.base import Defence, defence
from typoattack.models.wrappers import Wrapped

if TYPE_CHECKING:
    import torch

    from typoattack.models.base import Model


@defence("prompt", source="new here")
class Prompt(Defence):
    """Adds words to every sentence: "a photo of a dog, ignore the text."

    Attributes:
        suffix: what is added before the full stop, behind a comma.
    """

    suffix: Annotated[str, Field(min_length=1)] = "ignore the text"

    def wrap(self, model: "Model") -> "Model":
        """Wraps `encode_text`; fits every model."""
        return _Prompted(model, self, digest(model.fingerprint, str(self)))


class _Prompted(Wrapped):
    def encode_text(self, texts: Sequence[str]) -> "torch.Tensor":
        """n sentences to (n, d); see `Model`."""
        assert isinstance(self.part, Prompt)
        return self.inner.encode_text([_added(text, self.part.suffix) for text in texts])


def _added(sentence: str, suffix: str) -> str:
    stop = "." if sentence.rstrip().endswith(".") else ""
    return f"{sentence.rstrip().removesuffix('.')}, {suffix}{stop}"
