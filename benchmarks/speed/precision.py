"""How often predictions in reduced precision are those of float32.

    .venv/bin/python benchmarks/speed/precision.py [bf16 [literature]]
    .venv/bin/python benchmarks/speed/precision.py fp16 quick

Every picture of a suite on the bundled photographs, by `mini` and `mini-blind`. Goal: 99.5 % of
rows. Other answers are counted again where float32 was not torn between two classes: where its
best probability was ahead of the second by 0.05 or more. Most CPUs take ten times as long in fp16.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from machine import keep

import typoattack as ta
from typoattack.api import Machine
from typoattack.metrics.intervals import wilson

KEYS = ["recipe", "sample", "word", "replicate"]
_TORN = 0.05


def predictions(suite: str, model: str, precision: str, folder: Path) -> pd.DataFrame:
    """The predictions table of one model in one precision, by what was asked."""
    machine = Machine("cpu", precision, workers=0)
    run = ta.run(suite, model=model, out=folder / f"{model}-{precision}", machine=machine)
    return run.predictions.set_index(["task", *KEYS]).sort_index()


def compared(
    suite: str, model: str, precision: str, full: pd.DataFrame, less: pd.DataFrame
) -> dict[str, object]:
    """One row of the result."""
    assert full.index.equals(less.index)
    other = full["predicted"] != less["predicted"]
    ahead = full["top_prob"].map(lambda top: top[0] - top[1])
    moved = (full["prob_predicted"] - less["prob_predicted"]).abs()
    agreed = wilson((~other).to_numpy(dtype=float))
    return {
        "model": model,
        "suite": suite,
        "precision": precision,
        "rows": len(full),
        "agree": round(agreed.value, 4),
        "agree_low": round(agreed.low, 4),
        "agree_high": round(agreed.high, 4),
        "other_answers": int(other.sum()),
        "other_answers_not_torn": int((other & (ahead >= _TORN)).sum()),
        "probability_moved_median": f"{np.median(moved):.1e}",
        "probability_moved_most": round(float(moved.max()), 3),
    }


def main() -> None:
    """Compare both models in the precision and on the suite of the command line."""
    precision, suite = [*sys.argv[1:], *("bf16", "literature")[len(sys.argv) - 1 :]]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for model in ("mini", "mini-blind"):
            full = predictions(suite, model, "fp32", Path(folder))
            less = predictions(suite, model, precision, Path(folder))
            rows.append(compared(suite, model, precision, full, less))
            print(rows[-1], flush=True)
    keep(f"precision-{precision}", rows)


if __name__ == "__main__":
    main()
