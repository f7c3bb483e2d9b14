"""What a report is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from PIL import Image

from typoattack.task import INK, ink_task

Row = Mapping[str, Any]
"""One row of the predictions table, by column name."""

Painter = Callable[[Row], Image.Image | None]
"""Draws a row's canvas-sized picture again (clean or attacked), or gives None if it cannot."""


def no_pictures(_: Row) -> None:
    """The painter of a report without pictures."""


_INK = {"name": INK, "class_names": ink_task().class_names}
"""The only second question there was before manifests said them."""


def task_names(manifest: Mapping[str, Any], task: str) -> Sequence[str]:
    """The answers that labels of a task index: the suite's own, or a second question's."""
    asked = [*manifest.get("second_tasks", [_INK]), manifest["task"]]
    names: dict[str, Sequence[str]] = {one["name"]: one["class_names"] for one in asked}
    return names[task]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as a report sees it.

    Attributes:
        predictions: rows of `typoattack.results.schema.SCHEMA`, and the column `readable` where
            legibility was measured (see `typoattack.metrics.legibility.with_legibility`).
        manifest: what `typoattack.results.manifest.build_manifest` made.
        picture: draws a row's picture again; called for the rows that the gallery shows.
        skipped: (sample id, reason) of photographs that could not be used.
    """

    predictions: pd.DataFrame
    manifest: Mapping[str, Any]
    picture: Painter = no_pictures
    skipped: Sequence[tuple[str, str]] = field(default=())

    @property
    def task(self) -> str:
        """The suite's question; recipes may ask a second one."""
        return str(self.manifest["task"]["name"])

    @property
    def class_names(self) -> Sequence[str]:
        """The suite's answers, indexed by label."""
        return task_names(self.manifest, self.task)

    @property
    def main(self) -> pd.DataFrame:
        """The predictions that answer the suite's own question."""
        rows: pd.DataFrame = self.predictions[self.predictions["task"] == self.task]
        return rows

    @property
    def models(self) -> list[str]:
        """The models with predictions, in the order of the manifest."""
        present = set(self.predictions["model"])
        return [m["name"] for m in self.manifest["models"] if m["name"] in present]
