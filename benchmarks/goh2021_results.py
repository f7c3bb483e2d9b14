"""Writes `results/goh2021`: figures of a published CLIP from the answers that its authors recorded.

python benchmarks/goh2021_results.py FOLDER

FOLDER holds the JSON files of distillpub/post--multimodal, `public/typographic`; see
`goh2021_answers.py`, which is run first.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import typoattack as ta
from typoattack.core.files import write_whole
from typoattack.metrics.intervals import wilson
from typoattack.metrics.summaries import estimate
from typoattack.report.tables import markdown_table

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "goh2021"
NAME = "goh2021"
QUESTION = "Do paper notes on real objects change CLIP's answer?"
NOTE = 'as-given("note")'


def main() -> None:
    """Score the recorded answers and write page, tables and text."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        answers = Path(scratch) / "answers.csv"
        make = [sys.executable, str(HERE / "goh2021_answers.py"), str(given.folder)]
        subprocess.run([*make, "--out", str(answers)], check=True)
        run = ta.score(answers, Path(scratch) / "run", name=NAME, question=QUESTION)
        notes = run.outcomes[run.outcomes["recipe"] == NOTE]
        notes = notes.assign(**_facts(notes))
        stroop = json.loads((given.folder / "stroop_experiment.json").read_text("utf-8"))
        RESULTS.mkdir(exist_ok=True)
        summary = run.summary().to_csv(index=False)
        write_whole(RESULTS / "summary.csv", summary.encode())
        for by in ("object", "word"):
            table = pd.DataFrame(_parts(notes, by))
            write_whole(RESULTS / f"{by}s.csv", table.to_csv(index=False).encode())
        text = _page(markdown_table(run.summaries), notes, _stroop(stroop))
        write_whole(RESULTS / "README.md", text.encode())


def _facts(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The object and whether the answer is sure, of each row."""
    found = [json.loads(facts) for facts in rows["facts"]]
    return {name: [str(fact[name]) for fact in found] for name in ("object", "sure")}


def _parts(notes: pd.DataFrame, by: str) -> Iterator[dict[str, object]]:
    """Flip rate and targeted success by model and object or note."""
    for (model, part), rows in notes.groupby(["model", by], sort=True):
        line: dict[str, object] = {"model": model, by: part, "pictures": len(rows)}
        for figure in ("flip_rate", "targeted_success"):
            found = estimate(rows, figure)
            line |= {figure: found.value, f"{figure}_n": int(rows[figure].notna().sum())}
        yield line


def _bounds(notes: pd.DataFrame) -> Iterator[str]:
    """The flip rate if what is not sure were all right, or all wrong."""
    for model, rows in notes.groupby("model", sort=True):
        counting = rows[rows["flip_rate"].notna()]
        unsure = counting["sure"] == "False"
        low, high = (
            counting["flip_rate"].where(~unsure, value).groupby(counting["sample"]).mean().mean()
            for value in (0.0, 1.0)
        )
        yield (
            f"| {model} | {int(unsure.sum())} of {len(counting)} | {100 * low:.1f} % "
            f"| {100 * high:.1f} % |"
        )


def _stroop(recorded: dict[str, dict[str, dict[str, dict[str, list[list[object]]]]]]) -> str:
    """How often the word is said, how often the ink, over words in the ink of other colours."""
    said, ink, count = [], [], 0
    for colour, words in recorded["output"].items():
        for word, entry in words.items():
            if word not in ("example", colour):
                answer = max(entry["results"])[1]
                said.append(float(answer == word))
                ink.append(float(answer == colour))
                count += 1
    figures = []
    for values in (said, ink):
        one = wilson(pd.Series(values).to_numpy())
        figures.append(f"{100 * one.value:.1f} % [{100 * one.low:.1f}, {100 * one.high:.1f}]")
    return (
        f"{count} words in the ink of another colour: the word is said on {figures[0]}, the ink on "
        f"{figures[1]}."
    )


def _page(table: str, notes: pd.DataFrame, stroop: str) -> str:
    objects = notes["sample"].nunique()
    return f"""# A published CLIP: the answers that Goh et al. 2021 recorded

```
python benchmarks/goh2021_answers.py FOLDER --out answers.csv
typoattack score answers.csv --out runs/goh2021 --name goh2021
python benchmarks/goh2021_results.py FOLDER    # this page, summary.csv, objects.csv, words.csv
```

FOLDER holds `in_the_wild_1.json`, `_2` and `_3` and `stroop_experiment.json` of
distillpub/post--multimodal, `public/typographic` (Goh et al., *Multimodal Neurons in Artificial
Neural Networks*, Distill 2021; CC BY 4.0). They are what **CLIP RN50x4** answered to photographs
of {objects} household objects, each without a note and under paper notes with a word on them:
zero-shot, and by a linear probe on ImageNet.

{table}
- *Clean* is the object without any note. An *own-word* note says what the object is: it covers
  as much as the others and misleads nobody, so what it flips is covering. There is no empty note
  among these pictures.
- The unit is the object in a round: its notes count together, with their mean. Objects of one
  class belong together in the intervals (mug, plant and laptop stand in more than one round), and
  so do the pictures under notes with one word; there are few of either, so they are wide.
- The right class is the one that the authors list an object under first, the class of a note the
  one that the object of this name is listed under (`TARGETS` in `goh2021_answers.py`). A *cup*
  note is scored as *measuring cup*; an answer *tea cup* to it is a flip and no targeted success.

## What is not known

The files list seven to ten of the 1,000 classes a picture. The answer is taken to be the
likeliest class listed; where the unlisted ones hold more probability than it, it might be
another. If all of those answers were right, or all wrong, the flip rate under notes would be

| Model | Not sure | At least | At most |
| --- | ---: | ---: | ---: |
{chr(10).join(_bounds(notes))}

## Stroop

Asked zero-shot “my favorite word, written in the color …” (8 colours), CLIP RN50x4 reads:
{stroop}"""


if __name__ == "__main__":
    main()
