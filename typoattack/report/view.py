"""What a report is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from PIL import Image

Row = Mapping[str, Any]
"""One row of the predictions table, by column name."""

Painter = Callable[[Row], Image.Image | None]
"""Draws a row's canvas-sized picture again (clean or attacked), or gives None if it cannot."""


def no_pictures(_: Row) -> None:
    """The painter of a report without pictures."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as a report sees it.

    Attributes:
        predictions: rows of `typoattack.predictions.SCHEMA`, and the column `readable` where
            legibility was measured (see `typoattack.legibility.with_legibility`).
        manifest: what `typoattack.manifest.build_manifest` made.
        picture: draws a row's picture again; called for the rows that the gallery shows.
        skipped: (sample id, reason) of photographs that could not be used.
    """

    predictions: pd.DataFrame
    manifest: Mapping[str, Any]
    picture: Painter = no_pictures
    skipped: Sequence[tuple[str, str]] = field(default=())

    @property
    def class_names(self) -> Sequence[str]:
        """The task's answers, indexed by label."""
        names: Sequence[str] = self.manifest["task"]["class_names"]
        return names

    @property
    def models(self) -> list[str]:
        """The models with predictions, in the order of the manifest."""
        present = set(self.predictions["model"])
        return [m["name"] for m in self.manifest["models"] if m["name"] in present]
