"""Seconds and memory of `report`, `compare` and `rank` on runs of a million predictions.

    .venv/bin/python benchmarks/speed/million.py [ROWS]

The suite `quick` runs on the bundled photographs with `mini` and with `mini-blind`; their
predictions stand again and again under other photographs' names, with other pictures'
fingerprints, until there are so many. Each
command is a process of its own; its peak of memory is what the system counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
from machine import keep

import typoattack as ta
from typoattack.results.folder import RunFolder
from typoattack.results.schema import SCHEMA

_PART = 50_000
"""Rows of a part file, about as many as a long run's compaction would leave."""


def grown(run: ta.Run, rows: int, out: Path) -> Path:
    """A run's folder with its predictions under as many names as make so many rows."""
    folder = RunFolder(out)
    own = run.predictions
    times = -(-rows // len(own))
    manifest = json.loads(json.dumps(run.manifest))
    folder.start(manifest | {"planned": times * own["sample"].nunique()})
    step = max(1, _PART // len(own))
    for start in range(0, times, step):
        part = pd.concat(_as_other(own, n) for n in range(start, min(start + step, times)))
        table = pa.Table.from_pandas(part[SCHEMA.names], schema=SCHEMA, preserve_index=False)
        folder.write_part(table, sorted(set(part["sample"])), [])
    return out


def _as_other(own: pd.DataFrame, number: int) -> pd.DataFrame:
    """The predictions as if they were of other photographs, no two of them alike."""
    mark = f"{(number * 0x9E3779B1) % 2**24:06x}"  # spreads numbers over all bits
    likeness = own["facts"].str.replace(r'("likeness": ")[0-9a-f]{6}', rf"\g<1>{mark}", regex=True)
    return own.assign(
        sample=[f"{number:06d} {name}" for name in own["sample"]],
        pixels=[f"{mark}{pixels[6:]}" for pixels in own["pixels"]],
        facts=likeness,
    )


def measured(*arguments: str) -> tuple[float, float]:
    """Seconds and GB of one command."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "typoattack", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"typoattack {' '.join(arguments)} failed")
    return time.perf_counter() - began, used.ru_maxrss / 1e6


def main() -> None:
    """Make the runs, run the commands, and keep the figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        runs = [
            str(
                grown(ta.run("quick", model=model, out=home / model), rows, home / f"{model}-grown")
            )
            for model in ("mini", "mini-blind")
        ]
        lines = []
        for command in (("report", runs[0]), ("compare", *runs), ("rank", *runs)):
            seconds, memory = measured(*command)
            lines.append(
                {
                    "command": command[0],
                    "runs": len(command) - 1,
                    "rows_a_run": rows,
                    "seconds": round(seconds, 1),
                    "memory_gb": round(memory, 2),
                }
            )
    keep("million", lines)


if __name__ == "__main__":
    main()
