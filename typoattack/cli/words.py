"""`typoattack words`."""

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.core.errors import UserError, unknown
from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import safe_row
from typoattack.metrics.confusions import confusions
from typoattack.results.schema import CLEAN

app = new_app()


@app.command(epilog="Example: `typoattack words runs/quick-mini --confused --out confused.csv`")
def words(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    confused: Annotated[
        bool,
        typer.Option("--confused", help="The class that each is most often taken for when clean."),
    ] = False,
    model: Annotated[
        str, typer.Option("--model", "-m", help="Whose answers, where the run has several models.")
    ] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="The table.")] = Path("words.csv"),
) -> None:
    """Make a table of words from a run's clean answers, for the word source `table:FILE`.

    Cao et al. 2023 write the class that a reference model confuses with the photograph's own. A
    class that is never taken for another gets the likeliest other class, counted 0 times.
    """
    if not confused:
        raise UserError("say which words: --confused")
    opened = typoattack.Run(run)
    rows = opened.predictions
    task = opened.manifest["task"]
    names = sorted(rows["model"].unique())
    chosen = model or names[0]
    if chosen not in names:
        raise unknown("model", chosen, names, "the run has no other")
    if not model and len(names) > 1:
        raise UserError(f"run {str(run)!r} has several models; give --model, one of {names}")
    mine = rows[(rows["model"] == chosen) & (rows["task"] == task["name"])]
    found = confusions(mine, task["class_names"])
    asked = int(mine.loc[mine["recipe"] == CLEAN, "label"].nunique())
    if not asked:
        raise UserError(f"run {str(run)!r} has no clean answer")
    if not found:
        raise UserError(
            f"run {str(run)!r}: no class was taken for another, and there are no probabilities to "
            "tell the runner-up"
        )
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["class", "word", "answers", "photographs"])
    table.writerows(safe_row([one.name, one.word, one.count, one.photographs]) for one in found)
    write_whole(out, text.getvalue().encode())
    told = sum(one.count > 0 for one in found)
    console.out.print(
        f"{out}: {len(found)} classes, {told} of them taken for another by {chosen}",
        highlight=False,
        soft_wrap=True,
    )
    if len(found) < asked:
        console.err.print(
            f"left out {asked - len(found)} of {asked} classes: never taken for another, and no "
            "probabilities tell the runner-up",
            highlight=False,
            soft_wrap=True,
        )
