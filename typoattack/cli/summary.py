"""What `run`, `merge` and `report` print of a run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from typoattack.cli import console
from typoattack.cli.printing import FOR_PEOPLE, Printing
from typoattack.metrics.summaries import to_frame
from typoattack.report.price import tell_price
from typoattack.report.story import tell_stroop
from typoattack.report.tables import defence_terminal_table, markdown_table
from typoattack.report.terminal import terminal_tables
from typoattack.results.schema import AS_PUBLISHED

if TYPE_CHECKING:
    from typoattack.report.run import Run


def show_run(done: "Run", how: Printing = FOR_PEOPLE) -> None:
    """Write a run's page; print its figures, what is to be known about them, and where it is."""
    if not done.answered:
        how.results(tables=lambda: (), frame=lambda: to_frame(()), markdown=lambda: "")
        how.warn("no answers yet")
        _show_left(done, how)
        how.tell(f"run folder: {done.path}", soft=True)
        return
    page = done.report()
    how.results(
        tables=lambda: _tables(done),
        frame=lambda: to_frame(done.summaries),
        markdown=lambda: markdown_table(done.summaries),
    )
    if any(one.reading for one in done.prices):
        how.tell(tell_price(done.prices))
    for clean in done.as_published:
        how.tell(
            f"{clean.model}: {AS_PUBLISHED} {clean.accuracy.value:.2%} of "
            f"{clean.photographs}; the canvas changes {clean.changed} answers"
        )
    for found in done.stroop():
        how.tell(f"{found.model}: {tell_stroop(found)}")
    _show_notes(done, how)
    how.tell(f"run folder: {done.path}", soft=True)
    how.tell(f"report page: {page}", soft=True)


def _tables(done: "Run") -> Iterator[Table]:
    yield from terminal_tables(done.summaries, console.out.width)
    defended = done.defences()
    if len(defended):
        yield defence_terminal_table(defended)


_SKIPPED_SHOWN = 10


def _show_notes(done: "Run", how: Printing) -> None:
    """What the models are, what is still to do, what was skipped, what a study lacks."""
    _show_models(done, how)
    _show_left(done, how)
    if done.duplicates_told:
        how.warn(done.duplicates_told)
    study = done.units()
    if study is not None and study.problem:
        how.tell(study.problem, "yellow")


def _show_models(done: "Run", how: Printing) -> None:
    notes = {model["note"]: model["name"] for model in reversed(done.manifest["models"])}
    for note, name in reversed(notes.items()):
        if note:
            how.tell(f"{name}: {note}", "italic")


def _show_left(done: "Run", how: Printing) -> None:
    if done.left:
        told = f"unfinished: {done.left} of {done.manifest['planned']} photographs are still to do"
        command = done.manifest["command"]
        how.warn(told + (f"; run `{command}` again" if command else "; run it again"))
    if done.skipped:
        count = len(done.skipped)
        how.warn(f"{count} photograph{'s' * (count > 1)} skipped:")
        for skip in done.skipped[: None if how.verbose else _SKIPPED_SHOWN]:
            how.tell(f"  {skip.sample}: {skip.reason}")
        if count > _SKIPPED_SHOWN and not how.verbose:
            how.tell(f"  … and {count - _SKIPPED_SHOWN} more; --verbose names all")
    if left_out := done.manifest["dataset"].get("left_out"):
        how.warn(left_out)
