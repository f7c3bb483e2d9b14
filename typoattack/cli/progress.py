"""How far a run is, on a terminal or in a log."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from typoattack.cli.console import err

_LINE_EVERY = 15.0
"""Seconds between lines where there is no terminal."""


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


class StageProgress:
    """A bar with rate and time left for each stage; without a terminal, a line now and then.

    Args:
        console: what it is shown on.
        often: a line every two seconds, where there is no terminal.
    """

    def __init__(self, console: Console = err, *, often: bool = False) -> None:
        self._console = console
        self._every = _LINE_EVERY / 8 if often else _LINE_EVERY
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}
        self._started: dict[str, tuple[float, int]] = {}
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> "StageProgress":
        # Not started yet: libraries show their own bars while they download, and two kinds of bar
        # at once break each other into a line an update.
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._tasks:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `stage` has come to `done` of `total`."""
        if not self._console.is_terminal:
            self._line(stage, done, total)
            return
        if not self._tasks:
            self._bars.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)

    def _line(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        began, first = self._started.setdefault(stage, (now, done))
        last = self._said.get(stage, began)
        finished = done == total and stage in self._said
        if not finished and now - last < self._every:
            return
        self._said[stage] = now
        rate = (done - first) / max(now - began, 1e-9)
        left = f", {(total - done) / rate:.0f} s left" if rate > 0 and done < total else ""
        self._console.print(f"{stage}: {done}/{total}, {rate:.1f}/s{left}", highlight=False)
