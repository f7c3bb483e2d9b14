"""`typoattack score`."""

from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli.commands import new_app
from typoattack.cli.summary import show_run
from typoattack.samples.labels import read_lines

app = new_app()


@app.command(epilog="Example: `typoattack score answers.csv --out runs/theirs`")
def score(
    context: typer.Context,
    answers: Annotated[Path, typer.Argument(help="A .csv, .jsonl or .parquet file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new run folder.")],
    name: Annotated[
        str, typer.Option("--name", help="What tables call the set of pictures.")
    ] = "given",
    question: Annotated[
        str, typer.Option("--question", help="What was asked, one line.")
    ] = "Which object is it?",
    class_names: Annotated[
        str | None, typer.Option("--class-names", help="A file with one class name a line.")
    ] = None,
) -> None:
    """Score answers that were computed elsewhere: every figure and page that a run of ours gets.

    A line a picture and model: sample, kind (`clean` or what the picture is called), label, answer
    or probabilities; and word, target, control, control_of, model, replicate where there are.
    """
    names = read_lines(class_names, "class names") if class_names else ()
    show_run(
        typoattack.score(
            answers,
            out,
            name=name,
            question=question,
            class_names=names,
            command=context.obj,
        )
    )
