"""What stands behind ` + ` in a model's name: parts that wrap a model, and the wrapped model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from typoattack.core.errors import UserError
from typoattack.core.part import Part
from typoattack.models.zero_shot import ZeroShotModel

if TYPE_CHECKING:
    import torch

    from typoattack.models.base import Model, Preprocess


@dataclass(frozen=True, repr=False)
class Wrapper(Part):
    """Makes another model of a model; prints and is read as `name(param=value)`."""

    classifies: ClassVar[bool] = False
    """Whether it answers in place of zero-shot, as a probe does; it then comes last in a name."""

    def wrap(self, model: "Model") -> "Model":
        """The same model, wrapped.

        Raises:
            UserError: if the part does not fit the model, or needs a file or package that is not
                there.
        """
        raise NotImplementedError


class Wrapped(ZeroShotModel):
    """A model with a part before it: the `Model` protocol, handed on but for what is overridden.

    Args:
        inner: the model.
        part: what stands before it; the last in the lineage.
        fingerprint: of both, and of the files that the part uses.

    Raises:
        UserError: if `inner` has a classifier of its own already, which must come last.
    """

    def __init__(self, inner: "Model", part: Wrapper, fingerprint: str) -> None:
        if inner.lineage.classifier:
            raise UserError(f"model '{inner.name} + {part}': the probe must come last")
        if part.classifies:
            self.lineage = replace(inner.lineage, classifier=str(part))
        else:
            defences = (*inner.lineage.defences, str(part))
            self.lineage = replace(inner.lineage, defences=defences)
        self.inner = inner
        self.part = part
        self.fingerprint = fingerprint
        self.image_size = inner.image_size
        self.logit_scale = inner.logit_scale
        self.logit_bias = inner.logit_bias
        self.reads = inner.reads
        self.name_prefix = inner.name_prefix

    @property
    def note(self) -> str:
        """The inner model's."""
        return self.inner.note

    @property
    def preprocess(self) -> "Preprocess":
        """The inner model's."""
        return self.inner.preprocess

    def encode_image(self, batch: "torch.Tensor") -> "torch.Tensor":
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self.inner.encode_image(batch)

    def encode_text(self, texts: Sequence[str]) -> "torch.Tensor":
        """n sentences to (n, d); see `Model`."""
        return self.inner.encode_text(texts)
