"""Small runs of a tiny model, to be disturbed."""

import sys
from pathlib import Path

import pandas as pd

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.core.progress import Progress
from typoattack.suite import Suite, parse_suite

SUITE = "question: q\nrecipes: [printed-label, handwritten-note]\ncontrols: [blank]\ncanvas: 64\n"


def suite_of(photos: Path | str, model: Path, text: str = SUITE, **changes: object) -> Suite:
    given = {"dataset": f"folder:{photos}", "models": [f"local-dir:{model}"], **changes}
    return parse_suite(text, "test", given)


def run_of(
    suite: Suite,
    out: Path,
    *,
    workers: int = 0,
    chunk_size: int = 2,
    progress: Progress | None = None,
) -> Run:
    machine = Machine("cpu", workers=workers, chunk_size=chunk_size)
    return ta.run(suite, out=out, machine=machine, progress=progress)


def command_of(suite_file: Path, photos: Path, model: Path, out: Path) -> list[str]:
    """The command line of the same run, a part file a photograph."""
    command = [sys.executable, "-m", "typoattack", "run", str(suite_file), "--out", str(out)]
    command += ["--model", f"local-dir:{model}", "--dataset", f"folder:{photos}"]
    return [*command, "--device", "cpu", "--workers", "1", "--chunk-size", "1"]


def equal(first: Run, second: Run) -> None:
    """Every column to the last bit."""
    pd.testing.assert_frame_equal(first.predictions, second.predictions, check_exact=True)
