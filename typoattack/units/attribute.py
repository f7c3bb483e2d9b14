"""Which units did this flip: what each adds to the word's lead over the true class.

The change of a unit from the clean to the attacked picture, times the gradient of the logit
difference, summed over places. The gradient is the mean over a few steps of the layer on its way
from the clean answer to the attacked one (integrated gradients, Sundararajan et al. 2017, taken at
the layer): at the attacked picture alone it is nearly nothing where the word has won outright.
It stays an estimate, so the leading units are checked for real: set back to what they say of the
clean picture, all else as it is.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from typoattack.units.ablate import replaced
from typoattack.units.anatomy import Anatomy
from typoattack.units.layers import Field, Layer

STEPS = 16
"""Points on the way from the clean to the attacked answer where the gradient is taken."""


def way() -> tuple[torch.Tensor, torch.Tensor]:
    """(STEPS,) shares of the way, 0 clean and 1 attacked, and the weight of each; sum 1.

    Closer together at both ends, where an answer that tips over does most of its changing.
    """
    even = (torch.arange(STEPS) + 0.5) / STEPS
    weights = 6 * even * (1 - even)
    return 3 * even**2 - 2 * even**3, weights / weights.sum()


@dataclass(frozen=True, slots=True)
class Contribution:
    """One unit's part in one flip, in logits of the word against the true class.

    Attributes:
        layer: where the unit is.
        unit: its number.
        label: what people call it.
        clean: what it says of the clean picture, see `Layer.values`.
        attacked: of the attacked one.
        estimated: change times mean gradient; over a whole layer they add up to about the change
            of the logit difference that passes through the layer.
        measured: by how much the logit difference falls if the unit alone is set back; NaN if it
            was not tried.
    """

    layer: str
    unit: int
    label: str
    clean: float
    attacked: float
    estimated: float
    measured: float


@dataclass(frozen=True, slots=True)
class Flip:
    """One attacked picture and what stands for the question asked of it.

    Attributes:
        clean: model input (3, s, s).
        attacked: model input (3, s, s).
        toward: (d,), the class vector of the word less that of the true class, times the logit
            scale: the product with a picture's embedding is the logit difference.
    """

    clean: torch.Tensor
    attacked: torch.Tensor
    toward: torch.Tensor


def contributions(
    inside: Anatomy, layers: Sequence[Layer], flip: Flip, *, check: int = 5
) -> list[Contribution]:
    """Every unit of `layers`, those first that add most to the word's lead.

    Args:
        inside: the model opened up.
        layers: where to look; each is taken by itself.
        flip: the pictures and the question.
        check: how many of the first are measured too.
    """
    found: list[Contribution] = []
    for layer in layers:
        found += _of_layer(inside, layer, flip)
    found.sort(key=lambda one: -one.estimated)
    by_name = {layer.name: layer for layer in layers}
    checked = [_measured(inside, by_name[one.layer], one, flip) for one in found[:check]]
    return checked + found[check:]


def _of_layer(inside: Anatomy, layer: Layer, flip: Flip) -> list[Contribution]:
    before = _fields(inside, layer, flip.clean)
    after, gradients = _on_the_way(inside, layer, flip, before)
    per_unit = sum(
        ((late - early) * gradient).sum(dim=(0, 1, 3))
        for early, late, gradient in zip(before, after, gradients, strict=True)
    )
    estimates: NDArray[np.float64] = torch.as_tensor(per_unit).double().cpu().numpy()
    clean, attacked = (
        torch.stack([layer.values(field)[0] for field in fields]).mean(dim=0).tolist()
        for fields in (before, after)
    )
    return [
        Contribution(
            layer.name, unit, layer.label(unit), clean[unit], attacked[unit], value, float("nan")
        )
        for unit, value in enumerate(estimates.tolist())
    ]


def _fields(inside: Anatomy, layer: Layer, picture: torch.Tensor) -> list[Field]:
    """The layer's fields, one a pass through it."""
    heard: list[Field] = []

    def keep(found: Field) -> Field:
        heard.append(found.detach().clone())
        return found

    with torch.no_grad(), layer.site.attach(keep):
        inside.embed(picture[None])
    return heard


def _on_the_way(
    inside: Anatomy, layer: Layer, flip: Flip, before: Sequence[Field]
) -> tuple[list[Field], list[Field]]:
    """The attacked picture's fields, and the lead's mean gradient on the way to them."""
    after = _fields(inside, layer, flip.attacked)
    shares, weights = way()
    pending = iter(zip(before, after, strict=True))
    leaves: list[Field] = []

    def between(found: Field) -> Field:
        early, late = next(pending)
        share = shares.to(late).reshape(-1, 1, 1, 1)
        leaf = (early + share * (late - early)).to(found).detach().clone().requires_grad_()
        leaves.append(leaf)
        return leaf.clone()  # what follows may work in place, which a leaf does not bear

    with torch.enable_grad(), layer.site.attach(between):
        embedding = inside.embed(flip.attacked.expand(STEPS, -1, -1, -1).contiguous())
        lead = (embedding @ flip.toward.to(embedding)) @ weights.to(embedding)
        gradients = torch.autograd.grad(lead, leaves, allow_unused=True)
    given = zip(leaves, gradients, strict=True)
    filled = [torch.zeros_like(leaf) if one is None else one for leaf, one in given]
    return after, [gradient.sum(dim=0, keepdim=True) for gradient in filled]


def _measured(inside: Anatomy, layer: Layer, one: Contribution, flip: Flip) -> Contribution:
    """`one` with what setting the unit back really does."""
    clean = iter(_fields(inside, layer, flip.clean))
    where = torch.tensor([one.unit])

    def set_back(found: Field) -> Field:
        calm = next(clean)
        return replaced(where, lambda _: calm[:, :, where.to(calm.device)])(found)

    whole = _lead(inside, flip, contextlib.nullcontext())
    without = _lead(inside, flip, layer.site.attach(set_back))
    return Contribution(
        one.layer, one.unit, one.label, one.clean, one.attacked, one.estimated, whole - without
    )


def _lead(inside: Anatomy, flip: Flip, changed: contextlib.AbstractContextManager[None]) -> float:
    with torch.no_grad(), changed:
        embedding = inside.embed(flip.attacked[None])[0]
        return float(embedding @ flip.toward.to(embedding))
