"""Predictions tables for tests: a few rows by hand, or many at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from typoattack.results.schema import CLEAN, KEY, SCHEMA, TOP

DEFAULTS: dict[str, Any] = {
    "model": "m",
    "task": "object",
    "recipe": "printed-label",
    "family": "attack",
    "control": "",
    "control_of": "",
    "sample": "a",
    "replicate": 0,
    "label": 0,
    "word": "pizza",
    "written": "pizza",
    "target": 1,
    "predicted": 0,
    "clean_predicted": 0,
    "prob_label": 0.5,
    "prob_word": 0.25,
    "prob_predicted": 0.5,
    "sim_label": 0.3,
    "sim_word": 0.2,
    "sim_predicted": 0.3,
    "clean_sim_label": 0.3,
    "clean_sim_word": 0.1,
    "coverage": 0.1,
    "size": 0.2,
    "box": [0, 0, 10, 10],
    "seed": 0,
    "pixels": "00",
    "facts": "{}",
}

BLANK = {"recipe": "blank-label", "family": "control", "control": "blank", "written": ""}


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A predictions table whose rows are `DEFAULTS` but for what is given."""
    made = []
    for given in rows:
        row = {**DEFAULTS, **given}
        row.setdefault("correct", row["predicted"] == row["label"])
        row.setdefault("top", [row["predicted"]])
        row.setdefault("top_prob", [row["prob_predicted"]])
        made.append(row)
    return pd.DataFrame(made)[SCHEMA.names]


def clean(**given: Any) -> dict[str, Any]:
    """A clean row."""
    nothing = {"word": "", "written": "", "target": -1, "coverage": 0.0, "size": 0.0}
    nulls = dict.fromkeys(["prob_word", "sim_word", "clean_sim_word"], np.nan)
    return {"recipe": CLEAN, "family": CLEAN, **nothing, **nulls, **given}


FOUR = table(
    clean(sample="a"),
    clean(sample="b"),
    clean(sample="c", predicted=3, clean_predicted=3),
    clean(sample="d"),
    {"sample": "a", "predicted": 1, "sim_word": 0.4},
    {"sample": "b", "predicted": 2, "sim_word": 0.3},
    {"sample": "c", "predicted": 1, "clean_predicted": 3, "clean_sim_word": 0.35},
    {"sample": "d"},
)
"""Four photographs, three right when clean, of which two flip: one to the word."""


def simulated(
    samples: int = 20,
    flips: dict[str, float] | None = None,
    *,
    replicates: int = 2,
    classes: int = 20,
    models: Sequence[str] = ("mini",),
    task: str = "object",
    accuracy: float = 0.85,
    seed: int = 0,
) -> pd.DataFrame:
    """A table drawn at random, sorted by key, with a clean row a sample.

    `flips` gives each recipe its flip rate; `blank-label(X)` is the blank control of X.
    """
    rng = np.random.default_rng(seed)
    flips = flips or {"printed-label": 0.8, "blank-label(printed-label)": 0.1}
    labels = rng.integers(0, classes, samples)
    right = rng.random(samples) < accuracy
    rows: list[dict[str, Any]] = []
    for model in models:
        answers = np.where(right, labels, (labels + 1) % classes)
        for i in range(samples):
            base = {
                "model": model,
                "task": task,
                "sample": f"photo {i:05d}",
                "label": int(labels[i]),
                "clean_predicted": int(answers[i]),
            }
            rows.append(clean(**base, **_answer(rng, int(answers[i]), classes)))
            for recipe, rate in flips.items():
                for r in range(replicates):
                    target = int((labels[i] + 1 + rng.integers(classes - 1)) % classes)
                    flipped = rng.random() < rate
                    now = target if flipped and rng.random() < 0.8 else int(answers[i])
                    if flipped and now != target:
                        now = (int(answers[i]) + 3) % classes
                    rows.append(
                        base
                        | _recipe(recipe)
                        | {"replicate": r, "target": target, "word": f"class {target}"}
                        | {"coverage": float(rng.uniform(0.02, 0.2)), "size": 0.15}
                        | _answer(rng, now, classes)
                        | _similarities(rng, now == target)
                        | {"pixels": f"{i}-{recipe}-{r}"}
                    )
    for row in rows:
        row["written"] = "" if row.get("control") == "blank" else row.get("word", "")
    return table(*rows).sort_values(KEY, ignore_index=True)


def _recipe(name: str) -> dict[str, str]:
    if name.startswith("blank-label("):
        return BLANK | {"recipe": name, "control_of": name[len("blank-label(") : -1]}
    return {"recipe": name, "family": "attack"}


def _answer(rng: np.random.Generator, predicted: int, classes: int) -> dict[str, Any]:
    others = [c for c in rng.permutation(classes)[: TOP + 1].tolist() if c != predicted]
    top = [predicted, *others][: min(TOP, classes)]
    probabilities = np.sort(rng.dirichlet(np.ones(len(top) + 1))[: len(top)])[::-1]
    return {
        "predicted": predicted,
        "prob_predicted": float(probabilities[0]),
        "top": top,
        "top_prob": [float(p) for p in probabilities],
    }


def _similarities(rng: np.random.Generator, fooled: bool) -> dict[str, float]:
    label, word = rng.normal(0.26, 0.02), rng.normal(0.3 if fooled else 0.18, 0.02)
    return {
        "sim_label": float(label),
        "sim_word": float(word),
        "clean_sim_label": float(rng.normal(0.29, 0.02)),
        "clean_sim_word": float(rng.normal(0.15, 0.02)),
    }
