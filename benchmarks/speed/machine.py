"""What a speed result has to say of the machine it was taken on."""

import csv
import datetime
import io
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from typoattack.core.files import write_whole

RESULTS = Path(__file__).parents[2] / "results" / "speed"


def machine() -> str:
    """Processor, cores, threads and versions, in a line."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, {gpu}"


def keep(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write `results/speed/NAME.csv`, each row with date and machine, and print it."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    versions = f"torch {torch.__version__}, python {platform.python_version()}"
    rows = [{**row, "date": today, "machine": machine(), "versions": versions} for row in rows]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_whole(RESULTS / f"{name}.csv", text.getvalue().encode())
    for row in rows:
        print("  ".join(f"{k}={v}" for k, v in row.items() if k not in ("machine", "versions")))
