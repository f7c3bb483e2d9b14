"""Seconds until a run of many photographs, all but a few finished, has its next picture.

    .venv/bin/python benchmarks/speed/resume.py [PHOTOGRAPHS]

A folder of tiny pictures, and a run of `quick` with `mini` on them whose rows are one photograph's
again and again. What is imported and opened once a process, PyTorch above all, is counted apart:
a run of one photograph comes first.
"""

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
from machine import keep
from PIL import Image

import typoattack as ta
from typoattack.core.progress import Progress
from typoattack.results.folder import RunFolder
from typoattack.results.schema import SCHEMA

_PART = 640
"""Photographs a part."""

_LEFT = 40
"""Photographs that are not finished."""


class _Enough(Exception):
    """The first new photograph is finished."""


def _photographs(home: Path, count: int) -> str:
    """A data set of `count` pictures of 16 × 16, in two classes."""
    for name in ("cat", "dog"):
        (home / name).mkdir(parents=True)
    first = home / "cat" / "000000.png"
    Image.new("RGB", (16, 16), (200, 90, 30)).save(first)
    for number in range(1, count):
        shutil.copyfile(first, home / ("cat", "dog")[number % 2] / f"{number:06d}.png")
    return f"folder:{home}"


def _until(seen: list[int]) -> Progress:
    def told(stage: str, done: int, _total: int) -> None:
        if stage == "photographs":
            seen.append(done)
            if done > seen[0]:
                raise _Enough

    return told


def _fill(folder: RunFolder, home: Path, rows: pd.DataFrame) -> None:
    """Finish all photographs of a run but a few."""
    there = folder.done()
    names = sorted(file.relative_to(home).as_posix() for file in home.rglob("*.png"))
    left = [name for name in names if name not in there][:-_LEFT]
    for start in range(0, len(left), _PART):
        block = left[start : start + _PART]
        part = pd.concat([rows] * len(block), ignore_index=True)
        part["sample"] = [name for name in block for _ in range(len(rows))]
        table = pa.Table.from_pandas(part[SCHEMA.names], schema=SCHEMA, preserve_index=False)
        folder.write_part(table, block, [])


def main() -> None:
    """Make a run, take it up, and keep the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as scratch:
        home, out = Path(scratch) / "photographs", Path(scratch) / "run"
        dataset = _photographs(home, count)
        began = time.perf_counter()
        one = ta.run("quick", limit=1, out=Path(scratch) / "one")
        opened = time.perf_counter() - began
        for step in ("begun", "taken up"):
            seen: list[int] = []
            times = time.perf_counter(), time.process_time()
            with contextlib.suppress(_Enough):
                ta.run("quick", dataset=dataset, out=out, progress=_until(seen))
            wall, cpu = time.perf_counter() - times[0], time.process_time() - times[1]
            if step == "begun":
                _fill(RunFolder(out), home, one.predictions)
    figures = {"photographs": count, "finished": seen[0], "one_photograph_first": round(opened, 2)}
    keep("resume", [figures | {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}])


if __name__ == "__main__":
    main()
