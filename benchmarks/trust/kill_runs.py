"""`kill -9` a run at random moments, resume it each time, compare with an undisturbed run.

    .venv/bin/python benchmarks/trust/kill_runs.py --kills 30

Every second time the main process alone is killed, else with its drawing process.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from typoattack.api import Run

_COMMAND = [sys.executable, "-m", "typoattack", "run", "quick", "--model", "mini-blind"]
_OPTIONS = ["--canvas", "224", "--device", "cpu", "--workers", "1", "--chunk-size", "1"]


def started(out: Path) -> "subprocess.Popen[bytes]":
    """The run, going on in a session of its own."""
    command = [*_COMMAND, *_OPTIONS, "--out", str(out)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def finished(out: Path) -> int:
    """How many photographs a run has stored: one a part."""
    return len(list((out / "predictions.parquet").glob("part-*")))


def kill_after(seconds: float, out: Path, alone: bool) -> bool:
    """Start the run, kill it after so long; whether it was killed before it ended."""
    process = started(out)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        return True
    if process.returncode:
        sys.exit(f"a resumed run failed with status {process.returncode}")
    return False


def main(
    kills: Annotated[int, typer.Option("--kills", help="How many.")] = 30,
    seed: Annotated[int, typer.Option("--seed", help="Of the moments.")] = 0,
) -> None:
    """Kill, resume, compare."""
    chance, done, rounds = random.Random(seed), 0, 0
    moments: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        began = time.monotonic()
        if started(whole).wait():
            sys.exit("the undisturbed run failed")
        length = time.monotonic() - began
        expected = Run(whole).predictions
        photographs = finished(whole)
        while done < kills:
            rounds += 1
            out = Path(folder) / f"run-{rounds}"
            while done < kills and kill_after(chance.uniform(0, length), out, done % 2 == 0):
                done += 1
                moments.append(finished(out))
                if moments[-1] == photographs:
                    break  # a kill after the last photograph disturbs little: on to a new run
            if started(out).wait():
                sys.exit("the last resumed run failed")
            pd.testing.assert_frame_equal(Run(out).predictions, expected, check_exact=True)
            shutil.rmtree(out)
    told = ", ".join(map(str, moments))
    typer.echo(f"{kills} kills in {rounds} runs, photographs finished at each kill: {told}")
    typer.echo(f"every run ended in the same {len(expected)} rows, to the last bit")


if __name__ == "__main__":
    typer.run(main)
