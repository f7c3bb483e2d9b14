"""A run made of answers that were computed elsewhere."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from typoattack.report.run import Run
from typoattack.results.given import Answer, read_answers, write_given
from typoattack.runner.called import as_called


def score(
    answers: str | Path | Sequence[Answer],
    out: str | Path,
    *,
    name: str = "given",
    question: str = "Which object is it?",
    class_names: Sequence[str] = (),
    command: str | None = None,
) -> Run:
    """A run made of answers that were computed elsewhere: every figure, page and comparison.

    Args:
        answers: a CSV, JSON lines or parquet file, see `typoattack.results.given`, or the answers.
        out: the new run's folder.
        name: what tables call the set of pictures.
        question: what was asked, one line.
        class_names: the possible answers; all that occur if empty.
        command: what the manifest says made it; this call if None.

    Raises:
        UserError: for a file or an answer that is not as it must be, or an `out` that exists.
    """
    called = as_called("score", {**locals(), "command": None}, ["answers", "out"])
    found = read_answers(answers) if isinstance(answers, str | Path) else answers
    folder = write_given(
        found,
        out,
        name=name,
        question=question,
        class_names=class_names,
        command=called if command is None else command,
        now=datetime.datetime.now(datetime.timezone.utc),
    )
    return Run(folder)
