"""Switch off the units that read."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.defences.base import Defence, defence
from typoattack.models.wrappers import Wrapped
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.ablate import AblatedModel, Cut, ablated
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.photographs import usable_photographs

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from typoattack.models.base import Model


@defence("ablate-units", source="new here; for attention heads see `dyslexify`")
class AblateUnits(Defence):
    """The model without chosen units, or without the best text units that `typoattack units` found.

    Attributes:
        scores: a `units.csv` that `typoattack units` wrote; its text units go, best first.
        count: how many of them; 0 for all that pass a false discovery rate of 5 %.
        layer: instead of `scores`, a layer of `typoattack units MODEL --layer list`.
        units: which units of that layer.
        how: `zero`, or `mean` or `resample` of what the units say to the bundled photographs.
    """

    scores: str = ""
    count: int = 0
    layer: str = ""
    units: tuple[int, ...] = ()
    how: Literal["zero", "mean", "resample"] = "zero"

    def wrap(self, model: "Model") -> "Model":
        if bool(self.scores) == bool(self.layer):
            raise UserError(
                f"defence {self}: give scores (a units.csv), or layer and units, and not both"
            )
        inside = anatomy(model)
        cuts = self._cuts(inside)
        references = () if self.how == "zero" else _bundled_canvases()
        return _Ablated(model, self, ablated(inside, cuts, self.how, references))

    def _cuts(self, inside: Anatomy) -> list[Cut]:
        if self.layer:
            if not self.units:
                raise UserError(f"defence {self}: name at least one unit, units=(…)")
            return [Cut(inside.layer(self.layer), self.units)]
        rows = text_units(Path(self.scores), self.count)
        return [
            Cut(inside.layer(str(name)), tuple(int(unit) for unit in part["unit"]))
            for name, part in rows.groupby("layer", sort=False)
        ]


def text_units(path: Path, count: int = 0) -> pd.DataFrame:
    """The text units of a `units.csv`, best first: `count` of them, or all that were found.

    Raises:
        UserError: if the file is missing, is no such table, or holds no text unit.
    """
    try:
        table = pd.read_csv(path)
        rows = table[table["kind"] == "text"].sort_values("score", ascending=False, kind="stable")
        chosen: pd.DataFrame = rows.head(count) if count > 0 else rows[rows["q"] <= 0.05]
    except (OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"{str(path)!r} is no units.csv of `typoattack units` ({reason})") from None
    if chosen.empty:
        raise UserError(f"{str(path)!r} holds no text unit at a false discovery rate of 5 %")
    return chosen


def _bundled_canvases() -> "Sequence[Image.Image]":
    return list(usable_photographs(open_dataset(DatasetSpec("bundled"))).images())


class _Ablated(Wrapped):
    """A model whose pictures pass without some units."""

    def __init__(self, inner: "Model", part: AblateUnits, without: AblatedModel) -> None:
        super().__init__(inner, part, digest("ablate-units", without.fingerprint))
        self._without = without

    def encode_image(self, batch: "torch.Tensor") -> "torch.Tensor":
        return self._without.encode_image(batch)
