"""Writes `results/photographed`: the embedded models on photographs that others attacked.

python benchmarks/photographed_results.py FOLDER

FOLDER holds `goh2021/in-the-wild-2` and `-3` (Goh et al. 2021) and `rta100-part` (Azuma and Matsui
2023); see the README beside the results.
"""

import argparse
import tempfile
from pathlib import Path

import typoattack as ta
from typoattack.core.files import write_whole
from typoattack.report.tables import markdown_table
from typoattack.suite import load_suite

RESULTS = Path(__file__).parents[1] / "results" / "photographed"
MODELS = ("mini", "mini-blind")
SETS = {
    "goh-round-2": ("goh2021", "goh:{}/goh2021/in-the-wild-2"),
    "goh-round-3": ("goh2021", "goh:{}/goh2021/in-the-wild-3"),
    "rta100-part": ("photographed", "rta:{}/rta100-part"),
}


def main() -> None:
    """Run each set on both models and write its table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for name, (suite, spec) in SETS.items():
        changes = {"models": list(MODELS), "dataset": spec.format(given.folder)}
        with tempfile.TemporaryDirectory() as scratch:
            machine = ta.Machine("cpu", workers=0)
            run = ta.run(load_suite(suite, changes), out=Path(scratch) / "run", machine=machine)
            models = " ".join(f"--model {model}" for model in MODELS)
            command = f"typoattack run {suite} --dataset {spec.format('FOLDER')} {models}"
            prints = {m["name"]: m["fingerprint"] for m in run.manifest["models"]}
            text = f"""# {name}

```
{command} --device cpu
```

{len(run.predictions["sample"].unique())} subjects, data fingerprint
`{run.manifest["dataset"]["fingerprint"]}`; models {prints}. {run.manifest["dataset"]["licence"]}.

{markdown_table(run.summaries)}"""
            write_whole(RESULTS / f"{name}.md", text.encode())
            write_whole(RESULTS / f"{name}.csv", run.summary().to_csv(index=False).encode())
            print(name, len(run.predictions))


if __name__ == "__main__":
    main()
