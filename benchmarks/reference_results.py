"""Writes `results/MODEL/SUITE.{md,csv}`: reference results, each beside the command that made it.

python benchmarks/reference_results.py --model mini --suite quick --suite stroop
"""

import argparse
import json
from pathlib import Path

from rich.console import Console

import typoattack as ta
from typoattack.api import Machine
from typoattack.cli.progress import StageProgress
from typoattack.core.files import write_whole
from typoattack.report.price import tell_price
from typoattack.report.tables import markdown_table
from typoattack.suite import load_suite

SUITES = ("quick", "stroop", "literature", "full", "instructions")
READS = {"quick": 60}
"""Word-only pictures of suites that ask for none themselves: as many as `make demo` shows."""


def write_reference(name: str, model: str, results: Path, runs: Path) -> None:
    """Run one suite on one model and write its table, or go on with a run begun before."""
    suite = load_suite(name, {"models": [model], "reads": READS.get(name)})
    machine = Machine(device="cpu")
    out = runs / f"reference-{name}-{model}"
    with StageProgress(Console(stderr=True)) as progress:
        run = ta.run(suite, out=out, machine=machine, progress=progress)
    (checkpoint,) = run.manifest["models"]
    reads = f" --reads {READS[name]}" if name in READS else ""
    command = f"typoattack run {name} --model {model}{reads} --device cpu"
    versions = ", ".join(f"{k} {v}" for k, v in sorted(run.manifest["versions"].items()))
    text = f"""# {name}: {suite.question}

```
{command}
```

Model `{model}`, fingerprint `{checkpoint["fingerprint"]}`{_note(checkpoint)}
Data set `{suite.dataset.spec}`, fingerprint `{run.manifest["dataset"]["fingerprint"]}`,
seed {suite.seed},
{suite.passes} forward passes a photograph at most, {len(run.skipped)} photographs skipped.
{versions}; typoattack {run.manifest["typoattack"]}.

{_told(run)}{markdown_table(run.summaries)}
"""
    folder = results / model
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{name}.md", text.encode())
    write_whole(folder / f"{name}.csv", run.summary().to_csv(index=False).encode())
    print(json.dumps({"suite": name, "model": model, "rows": len(run.predictions)}))


def _told(run: ta.Run) -> str:
    """How robust, and at what price, where it was asked to read."""
    return f"{tell_price(run.prices)}\n\n" if run.reading else ""


def _note(checkpoint: dict[str, str]) -> str:
    return f": {checkpoint['note']}." if checkpoint["note"] else "."


def main() -> None:
    """Read the command line and write the results asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--suite", action="append", help=f"default: {', '.join(SUITES)}")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    given = parser.parse_args()
    for name in given.suite or SUITES:
        write_reference(name, given.model, given.results, given.runs)


if __name__ == "__main__":
    main()
