"""Attention heads that read, switched off for the class token (Hufe et al. 2026)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.defences.base import Defence, defence
from typoattack.models.wrappers import Wrapped
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.reading_heads import Head, heads_off

if TYPE_CHECKING:
    import torch

    from typoattack.models.base import Model

KIND = "dyslexify"

HeadName = Annotated[str, Field(pattern=r"^\d+\.\d+$")]
"""`BLOCK.HEAD`, both counted from 0."""


@defence(
    "dyslexify",
    source="Hufe et al., Dyslexify: A Mechanistic Defense Against Typographic Attacks in CLIP, "
    "ICLR 2026; dyslexify/defend.py of lowlorenz/dyslexify",
)
class Dyslexify(Defence):
    """Vision transformers of open_clip without the attention heads that read.

    A head that is off writes nothing to the class token; patches hear it as before.

    Attributes:
        file: what `typoattack defence heads` wrote for the same model; the heads that it kept off.
        heads: instead of a file, heads by name, such as `("9.3", "11.0")`.
    """

    file: str = ""
    heads: tuple[HeadName, ...] = ()

    def wrap(self, model: "Model") -> "Model":
        """Fits open_clip's own vision transformers, and a file only the model it was made for."""
        if bool(self.file) == bool(self.heads):
            raise UserError(f"defence {self}: give a file of `typoattack defence heads`, or heads")
        heads = [_head(name) for name in self.heads] or read_heads(Path(self.file), model)
        inside = anatomy(model)
        with heads_off(inside, heads):
            pass  # a head that is not there is refused here, and not at the first picture
        return _Without(model, self, inside, heads)


class _Without(Wrapped):
    def __init__(self, inner: "Model", part: Dyslexify, inside: Anatomy, heads: list[Head]) -> None:
        super().__init__(inner, part, digest(inner.fingerprint, KIND, repr(sorted(heads))))
        self._inside = inside
        self._heads = heads

    def encode_image(self, batch: "torch.Tensor") -> "torch.Tensor":
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        with heads_off(self._inside, self._heads):
            return self.inner.encode_image(batch)


def _head(name: str) -> Head:
    block, _, head = name.partition(".")
    return int(block), int(head)


def read_heads(path: Path, model: "Model") -> list[Head]:
    """The heads that a file of `typoattack defence heads` keeps off.

    Raises:
        UserError: if it cannot be read, is no such file, was made for other weights or keeps none.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
        steps = [(_head(step["head"]), bool(step["kept"])) for step in told["steps"]]
        fingerprint = told["model_fingerprint"]
    except OSError as error:
        raise UserError(f"heads: cannot read {str(path)!r} ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{str(path)!r} is no file of `typoattack defence heads` ({error!r:.80})"
        ) from None
    if fingerprint != model.fingerprint:
        raise UserError(
            f"{str(path)!r} was made for {told.get('model', 'another model')}, whose weights are "
            f"not those of {model.name}; run `typoattack defence heads`"
        )
    heads = [head for head, kept in steps if kept]
    if not heads:
        raise UserError(f"{str(path)!r} keeps no head off: none of those tried helped")
    return heads
