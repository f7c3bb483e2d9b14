"""What `run`, `merge` and `report` print of a run."""

from typing import TYPE_CHECKING

from rich.text import Text

from typoattack.cli import console
from typoattack.report.price import tell_price
from typoattack.report.story import tell_stroop
from typoattack.report.tables import defence_terminal_table
from typoattack.report.terminal import terminal_tables
from typoattack.results.schema import AS_PUBLISHED

if TYPE_CHECKING:
    from typoattack.report.run import Run


def show_run(done: "Run") -> None:
    """Write a run's page; print its table, what is to be known about it, and where it is."""
    page = done.report()
    for table in terminal_tables(done.summaries, console.out.width):
        console.out.print(table)
    if any(one.reading for one in done.prices):
        console.out.print(Text(tell_price(done.prices)))
    for clean in done.as_published:
        console.out.print(
            Text(
                f"{clean.model}: {AS_PUBLISHED} {clean.accuracy.value:.2%} of "
                f"{clean.photographs}; the canvas changes {clean.changed} answers"
            )
        )
    for found in done.stroop():
        console.out.print(Text(f"{found.model}: {tell_stroop(found)}"))
    defended = done.defences()
    if len(defended):
        console.out.print(defence_terminal_table(defended))
    _show_notes(done)
    console.out.print(Text(f"run folder: {done.path}"), soft_wrap=True)
    console.out.print(Text(f"report page: {page}"), soft_wrap=True)


def _show_notes(done: "Run") -> None:
    """What the models are, what is still to do, what was skipped, what a study lacks."""
    notes = {model["note"]: model["name"] for model in reversed(done.manifest["models"])}
    for note, name in reversed(notes.items()):
        if note:
            console.out.print(Text(f"{name}: {note}", style="italic"))
    if done.left:
        told = f"unfinished: {done.left} of {done.manifest['planned']} photographs are still to do"
        command = done.manifest["command"]
        again = f"; run `{command}` again" if command else "; run it again"
        console.out.print(Text(told + again, style="yellow"))
    if done.skipped:
        count = len(done.skipped)
        console.out.print(f"{count} photograph{'s' * (count > 1)} skipped:", style="yellow")
        for skip in done.skipped[:10]:
            console.out.print(Text(f"  {skip.sample}: {skip.reason}"))
    if done.duplicates_told:
        console.out.print(Text(done.duplicates_told, style="yellow"))
    study = done.units()
    if study is not None and study.problem:
        console.out.print(Text(study.problem, style="yellow"))
