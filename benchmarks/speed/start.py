"""Seconds from the command to its answer: `--help` (goal 0.5) and `list recipes` (goal 1)."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import keep


def main() -> None:
    """Time each command seven times; the median counts."""
    program = shutil.which("typoattack", path=Path(sys.executable).parent.as_posix() + os.pathsep)
    rows = []
    for arguments in (["--help"], ["list", "recipes"]):
        took = []
        for _ in range(8):
            began = time.perf_counter()
            subprocess.run([str(program), *arguments], check=True, capture_output=True)
            took.append(time.perf_counter() - began)
        shown = {"command": " ".join(arguments), "seconds": round(statistics.median(took[1:]), 3)}
        rows.append(shown | {"slowest": round(max(took[1:]), 3)})
    keep("start", rows)


if __name__ == "__main__":
    main()
