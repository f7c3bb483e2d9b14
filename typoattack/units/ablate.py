"""A model with some of its units switched off."""

import contextlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import torch
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.units.anatomy import Anatomy
from typoattack.units.layers import Edit, Field, Layer
from typoattack.units.recording import batches, preprocessed

How = Literal["zero", "mean", "resample"]
"""What a unit says instead: nothing, what it says on average, or what it says to another picture.

Mean and resample come from reference pictures, place by place; which of them a picture gets is
keyed by the picture's own pixels, so that a run's result depends on no order.
"""

HOWS: tuple[How, ...] = get_args(How)


@dataclass(frozen=True, slots=True)
class Cut:
    """Units of one layer to switch off.

    Attributes:
        layer: where they are.
        units: which.
    """

    layer: Layer
    units: tuple[int, ...]

    def __post_init__(self) -> None:
        wrong = [unit for unit in self.units if not 0 <= unit < self.layer.units]
        if wrong:
            raise UserError(
                f"layer {self.layer.name!r} has the units 0 to {self.layer.units - 1}, "
                f"not {wrong[0]}"
            )


Instead = Mapping[str, torch.Tensor]
"""By layer, (references, places, units, depth) of the units cut, or empty for zero."""


class AblatedModel(ZeroShotModel):
    """A `Model` without some units of another.

    Args:
        inside: the model opened up.
        cuts: which units, one cut a layer.
        how: what they say instead.
        instead: from `reference_fields`; needed for mean and resample.
    """

    def __init__(
        self,
        inside: Anatomy,
        cuts: Sequence[Cut],
        how: How = "zero",
        instead: Instead | None = None,
    ) -> None:
        base = inside.model
        self._inside = inside
        self._cuts = tuple(cut for cut in cuts if cut.units)
        self._how = how
        self._instead = dict(instead or {})
        lacking = [cut.layer.name for cut in self._cuts if cut.layer.name not in self._instead]
        if how != "zero" and lacking:
            raise UserError(f"{how} ablation of layer {lacking[0]!r} needs reference pictures")
        count = sum(len(cut.units) for cut in self._cuts)
        self.lineage = Lineage(f"{base.name} without {count} unit{'s' * (count != 1)} ({how})")
        self.fingerprint = digest(base.fingerprint, how, *self._described())
        self.image_size = base.image_size
        self.logit_scale = base.logit_scale
        self.reads = base.reads
        self.logit_bias = base.logit_bias

    @property
    def preprocess(self) -> Preprocess:
        """That of the whole model."""
        return self._inside.model.preprocess

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, s, s) to (n, d), the units switched off on the way."""
        with contextlib.ExitStack() as stack:
            for cut in self._cuts:
                stack.enter_context(cut.layer.site.attach(self._edit(cut, batch)))
            return self._inside.model.encode_image(batch)

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """As the whole model does."""
        return self._inside.model.encode_text(texts)

    def _edit(self, cut: Cut, batch: torch.Tensor) -> Edit:
        units = torch.tensor(cut.units)
        stored = self._instead.get(cut.layer.name)
        if self._how == "zero" or stored is None:
            return replaced(units, lambda found: torch.zeros_like(found))
        if self._how == "mean":
            mean = stored.mean(dim=0, keepdim=True)
            return replaced(units, lambda found: mean.to(found).expand_as(found))
        rows = torch.tensor([_lot(picture, len(stored)) for picture in batch])
        return replaced(units, lambda found: stored[rows].to(found))

    def _described(self) -> list[str]:
        parts = []
        for cut in self._cuts:
            parts.append(f"{cut.layer.name} {sorted(cut.units)}")
            if cut.layer.name in self._instead:
                parts.append(f"{float(self._instead[cut.layer.name].double().sum()):.6g}")
        return parts


def replaced(units: torch.Tensor, instead: Callable[[Field], Field]) -> Edit:
    """An edit that puts `instead(the units' part)` in the place of some units."""

    def edit(found: Field) -> Field:
        where = units.to(found.device)
        changed = found.clone()
        changed[:, :, where] = instead(found[:, :, where])
        return changed

    return edit


def _lot(picture: torch.Tensor, count: int) -> int:
    """One of `count` references, by the picture's own pixels."""
    return zlib.crc32(picture.detach().cpu().contiguous().numpy().tobytes()) % count


def reference_fields(
    inside: Anatomy,
    cuts: Sequence[Cut],
    pictures: Iterable[Image.Image],
    *,
    batch_size: int = 32,
) -> dict[str, torch.Tensor]:
    """What the units of `cuts` say to reference pictures, for mean and resample ablation.

    Memory grows with pictures × places × units; a few dozen pictures are enough.

    Raises:
        UserError: without pictures, or where a layer answers several times a picture.
    """
    kept: dict[str, list[torch.Tensor]] = {cut.layer.name: [] for cut in cuts}
    seen = 0
    for batch in batches(pictures, batch_size):
        with contextlib.ExitStack() as stack:
            for cut in cuts:
                units = torch.tensor(cut.units)
                store = kept[cut.layer.name]

                def keep(found: Field, at: Any = units, store: Any = store) -> Field:
                    store.append(found[:, :, at.to(found.device)].detach().float().cpu())
                    return found

                stack.enter_context(cut.layer.site.attach(keep))
            inside.model.encode_image(preprocessed(inside, batch))
        seen += len(batch)
    if not seen:
        raise UserError("mean and resample ablation need reference pictures; there are none")
    made = {name: torch.cat(parts) for name, parts in kept.items() if parts}
    several = [name for name, fields in made.items() if len(fields) != seen]
    if several:
        raise UserError(f"layer {several[0]!r} answers several times a picture; use zero ablation")
    return made


def ablated(
    inside: Anatomy,
    cuts: Sequence[Cut],
    how: str = "zero",
    references: Iterable[Image.Image] = (),
) -> AblatedModel:
    """The model without the units of `cuts`.

    Args:
        inside: the model opened up.
        cuts: which units, one cut a layer.
        how: `zero`, `mean` or `resample`.
        references: pictures whose answers stand in, for mean and resample.

    Raises:
        UserError: for another way, or units that are not there.
    """
    chosen = next((known for known in HOWS if known == how), None)
    if chosen is None:
        raise UserError(f"ablation {how!r}: use one of {', '.join(HOWS)}")
    instead = None if chosen == "zero" else reference_fields(inside, cuts, references)
    return AblatedModel(inside, cuts, chosen, instead)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Units of several layers in one order.

    Attributes:
        layers: the layers.
        units: pairs of (index of the layer, unit), first to go first.
    """

    layers: tuple[Layer, ...]
    units: tuple[tuple[int, int], ...] = field(repr=False)

    def cuts(self, count: int) -> list[Cut]:
        """The first `count` units, by layer."""
        chosen = self.units[:count]
        return [
            Cut(layer, tuple(unit for at, unit in chosen if at == index))
            for index, layer in enumerate(self.layers)
            if any(at == index for at, _ in chosen)
        ]
