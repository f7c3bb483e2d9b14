"""What a report is made from: a run, and what is computed of it once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from typoattack.metrics.as_published import AsPublished
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.reading import Price, Reading
from typoattack.metrics.stroop import Interference
from typoattack.metrics.summaries import RecipeSummary
from typoattack.results.pictures import Painter, no_pictures


def task_names(manifest: Mapping[str, Any], task: str) -> Sequence[str]:
    """The answers that labels of a task index: the suite's own, or a second question's."""
    asked = [*manifest["second_tasks"], manifest["task"]]
    names: dict[str, Sequence[str]] = {one["name"]: one["class_names"] for one in asked}
    return names[task]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as a report sees it.

    Attributes:
        outcomes: its predictions with what each row contributes to each figure, from
            `typoattack.metrics.outcomes.outcomes`.
        summaries: what `typoattack.metrics.summaries.summarise_outcomes` gives for them.
        manifest: what `typoattack.results.manifest.build_manifest` made.
        picture: draws a row's picture again; called for the rows that the gallery shows.
        skipped: (sample id, reason) of photographs that could not be used.
        duplicates: what is to be said of near-duplicate photographs; empty if there are none.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
        stroop: what colour words do to the answers about their ink; empty if that was not asked.
        as_published: the clean figure that papers print; empty if that was not asked.
        prices: how robust each model is, and at what price.
        readings: how well each model reads; empty if that was not asked.
    """

    outcomes: pd.DataFrame = field(repr=False)
    summaries: Sequence[RecipeSummary] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    picture: Painter = no_pictures
    skipped: Sequence[tuple[str, str]] = ()
    stroop: Sequence[Interference] = ()
    as_published: Sequence[AsPublished] = ()
    prices: Sequence[Price] = ()
    readings: Sequence[Reading] = ()
    by: str = AUTO
    duplicates: str = ""

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
        """The rows that answer the suite's own question."""
        asked = self.outcomes["task"] == self.task
        rows: pd.DataFrame = self.outcomes if asked.all() else self.outcomes[asked]
        return rows

    @property
    def has_clean(self) -> bool:
        """Whether there is a clean picture of any photograph, so that an answer can flip."""
        return bool((self.outcomes["clean_predicted"] >= 0).any())

    @property
    def models(self) -> list[str]:
        """The models with predictions, in the order of the manifest."""
        present = set(self.outcomes["model"])
        return [m["name"] for m in self.manifest["models"] if m["name"] in present]
