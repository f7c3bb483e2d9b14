"""A run as the report sees it, with pictures drawn on the spot."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.stroop import interference
from typoattack.metrics.summaries import summarise_outcomes
from typoattack.report.view import RunView
from typoattack.results.manifest_file import FORMAT
from typoattack.task import ink_task


def picture(row: Mapping[str, Any], side: int = 64) -> Image.Image:
    """A picture of its own for each sample and recipe."""
    rng = stream(str(row["sample"]), str(row["recipe"]))
    small = Image.fromarray(rng.integers(0, 255, (28, 28, 3), dtype=np.uint8))
    return small.resize((side, side), Image.Resampling.BICUBIC)


def photograph(row: Mapping[str, Any]) -> Image.Image:
    """The same as large as a canvas, compressing about as badly as a photograph."""
    return picture(row, side=448)


def manifest(models: list[str], class_names: list[str]) -> dict[str, Any]:
    """What `typoattack.results.manifest.build_manifest` makes, for a run that never was."""
    return {
        "format": FORMAT,
        "typoattack": "0.1.0",
        "suite": "quick",
        "question": "Does a word on the photograph change the answer?",
        "models": [
            {"name": m, "fingerprint": "ab12", "image_size": 224, "reads": True, "note": ""}
            | parts(m)
            for m in models
        ],
        "task": {
            "name": "object",
            "class_names": class_names,
            "templates": ["a photo of a {}."],
        },
        "second_tasks": [{"name": "ink", "class_names": list(ink_task().class_names)}],
        "identity": {},
        "comparable": {},
        "dataset": {
            "name": "bundled",
            "fingerprint": "cd34",
            "samples": 20,
            "licence": "research only",
            "chosen": "all 20",
        },
        "words": "random",
        "before_canvas": [],
        "passes": 0,
        "planned": 0,
        "seed": 0,
        "command": "typoattack run quick",
        "settings": {"device": "cpu"},
        "started": "2026-01-01T00:00:00+00:00",
        "versions": {"torch": "2.0"},
    }


def parts(name: str) -> dict[str, Any]:
    """What a manifest says of a model called `name`: what is defended, how, and what classifies."""
    base, *behind = name.split(" + ")
    probes = [part for part in behind if part.startswith("probe(")]
    defences = [part for part in behind if part not in probes]
    return {"base": base, "defences": defences, "classifier": "".join(probes)}


def view(predictions: pd.DataFrame, class_names: list[str] | None = None, **given: Any) -> RunView:
    """A `RunView` of a made table."""
    models = list(dict.fromkeys(predictions["model"]))
    count = int(predictions[["label", "target", "predicted"]].max().max()) + 1
    count = max(count, 1 + max((max(top) for top in predictions["top"]), default=0))
    names = class_names or [f"class {i}" for i in range(count)]
    return viewed(predictions, manifest(models, names), given.pop("picture", picture), **given)


def viewed(predictions: pd.DataFrame, made: dict[str, Any], *given: Any, **named: Any) -> RunView:
    """A `RunView` of predictions with the manifest `made`."""
    counted = outcomes(predictions)
    stroop = tuple(interference(predictions))
    return RunView(counted, summarise_outcomes(counted), made, *given, stroop=stroop, **named)
