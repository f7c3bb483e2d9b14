"""A run from Python: its predictions, and what they amount to, each computed once."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from typoattack.core.errors import UserError
from typoattack.core.resources import default_cache_dir
from typoattack.metrics.as_published import AsPublished, as_published
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.defences import defence_table
from typoattack.metrics.duplicates import (
    LIKENESS,
    Duplicates,
    beyond,
    near_duplicates,
    tell_duplicates,
    with_likeness,
)
from typoattack.metrics.legibility import (
    Reader,
    read_back,
    read_legibility,
    with_legibility,
    write_legibility,
)
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.reading import Price, Reading, prices, readings
from typoattack.metrics.stroop import Interference, interference
from typoattack.metrics.summaries import RecipeSummary, summarise_outcomes, to_frame
from typoattack.report.notebook import notebook_html
from typoattack.report.units import UnitsStudy, read_units
from typoattack.report.view import RunView
from typoattack.results.folder import RunFolder
from typoattack.results.pictures import Painter, no_pictures
from typoattack.results.reading import read_reading
from typoattack.results.schema import CLEAN
from typoattack.runner.redraw import RunPainter

if TYPE_CHECKING:
    from typoattack.core.progress import Progress


class Run:
    """A run: its predictions and what they amount to.

    Args:
        path: the run's folder, or where it lies.
        by: what photographs belong together by, for every interval: `auto`, `none`, or a column;
            see `typoattack.metrics.clusters.clusters`.

    Attributes:
        path: where it lies; gone where `evaluate` was given none to keep.
        manifest: what was run; see `typoattack.results.manifest`.
        skipped: the samples that could not be used, and why.

    Raises:
        UserError: if there is no run.
    """

    def __init__(self, path: str | Path | RunFolder, by: str = AUTO) -> None:
        self.folder = path if isinstance(path, RunFolder) else RunFolder(Path(path))
        self.path = self.folder.path
        self.by = by
        self.manifest = self.folder.manifest()
        self.skipped = self.folder.skipped()

    @functools.cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a (model, task, recipe, sample, replicate); see `typoattack.results.schema`.

        With the column `readable` where `measure_legibility` was asked for.
        """
        return self._with_legibility(self.folder.predictions())

    @functools.cached_property
    def _rows(self) -> pd.DataFrame:
        """`predictions` in less memory; see `typoattack.results.frame.sorted_frame`."""
        if "predictions" in self.__dict__:
            return self.predictions
        return self._with_legibility(self.folder.predictions(compact=True))

    def _with_legibility(self, rows: pd.DataFrame) -> pd.DataFrame:
        read = read_legibility(self.path)
        return rows if read is None else with_legibility(rows, read)

    @property
    def answered(self) -> bool:
        """Whether any picture was answered yet; nothing can be told of a run before that."""
        return not self._rows.empty

    @functools.cached_property
    def outcomes(self) -> pd.DataFrame:
        """The predictions with what each row contributes to each figure.

        Cells that hold lists (`top`, `top_prob`, `box`) are Python lists here.

        Raises:
            UserError: for predictions that no honest figure can be taken from.
        """
        counted = outcomes(self._rows)
        if self.by != LIKENESS:
            return counted
        return with_likeness(counted, self.near_duplicates)

    @functools.cached_property
    def near_duplicates(self) -> Duplicates:
        """The photographs that are almost the same as another."""
        return near_duplicates(self._rows)

    @property
    def duplicates_told(self) -> str:
        """What is to be said of near-duplicates that the intervals do not take together."""
        grouped = {one.grouped for one in self.summaries if one.family != CLEAN}
        if self.by == LIKENESS:
            return ""
        return tell_duplicates(beyond(self.near_duplicates, self._rows, grouped))

    @property
    def left(self) -> int:
        """How many photographs are still to do; 0 for a finished run."""
        return max(int(self.manifest["planned"]) - len(self.folder.done()), 0)

    @functools.cached_property
    def summaries(self) -> list[RecipeSummary]:
        """Every reported figure with its interval, for each model and recipe."""
        return summarise_outcomes(self.outcomes, by=self.by)

    def summary(self) -> pd.DataFrame:
        """The same as a table: one row a (model, recipe)."""
        return to_frame(self.summaries)

    def defences(self) -> pd.DataFrame:
        """Attack by defence, with the cost in clean accuracy; empty if none was tried."""
        return defence_table(self.summaries, self.manifest["models"])

    def stroop(self) -> list[Interference]:
        """What colour words do to the answers about their ink; empty if that was not asked."""
        return list(self._stroop)

    @functools.cached_property
    def _stroop(self) -> tuple[Interference, ...]:
        return tuple(interference(self._rows))

    @functools.cached_property
    def as_published(self) -> tuple[AsPublished, ...]:
        """The clean figure that papers print, a model each; empty if that was not asked."""
        if not self.manifest["identity"].get("clean_as_published"):
            return ()
        return tuple(as_published(self.folder.as_published()))

    @functools.cached_property
    def reading(self) -> tuple[Reading, ...]:
        """How well each model reads word-only pictures; empty if that was not asked.

        Raises:
            UserError: if the answers are damaged.
        """
        table = read_reading(self.path)
        return () if table is None else tuple(readings(table))

    @functools.cached_property
    def prices(self) -> tuple[Price, ...]:
        """How robust each model is, and at what price in reading and clean accuracy."""
        asked = self.outcomes[self.outcomes["task"] == self.manifest["task"]["name"]]
        return tuple(prices(asked, self.manifest["models"], self.reading, by=self.by))

    def units(self) -> UnitsStudy | None:
        """What `typoattack units MODEL --out RUN/units` found; None if that was not done."""
        return read_units(self.path, self.manifest)

    def report(self) -> Path:
        """Write the page, tables and figures into the run's folder; the page's path.

        Raises:
            UserError: if nothing was answered yet.
        """
        if not self.answered:
            raise UserError(f"{str(self.path)!r} holds no answers yet: nothing to report")
        from typoattack.report.page import write_report  # matplotlib: a second for who needs none

        return write_report(self.view(), self.path)[0]

    def measure_legibility(self, progress: "Progress | None" = None) -> None:
        """Read back every attacked picture with text recognition, and keep what was read.

        Raises:
            UserError: if the extra `ocr` is not installed.
        """

        def told(done: int, total: int) -> None:
            if progress is not None:
                progress("pictures read back", done, total)

        with Reader(default_cache_dir() / "readings.sqlite") as reader:
            table = read_back(self._rows, self.painter(), reader, told)
        write_legibility(self.path, table)
        for stale in ("predictions", "_rows", "outcomes", "summaries"):
            self.__dict__.pop(stale, None)

    def painter(self) -> Painter:
        """Draws the run's pictures again; none where the photographs are gone."""
        try:
            return RunPainter(self.folder)
        except UserError:
            return no_pictures

    def view(self) -> RunView:
        """The run as a report sees it."""
        skipped = [(skip.sample, skip.reason) for skip in self.skipped]
        return RunView(
            self.outcomes,
            self.summaries,
            self.manifest,
            self.painter(),
            skipped,
            self._stroop,
            self.as_published,
            self.prices,
            self.reading,
            self.by,
            self.duplicates_told,
        )

    def _repr_html_(self) -> str:
        return notebook_html(self.view())

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"
