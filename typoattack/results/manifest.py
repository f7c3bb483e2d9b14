"""What a run's `manifest.json` says: enough to repeat the run and to read its predictions."""

import datetime
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from typoattack.core.randomness import digest
from typoattack.core.version import __version__
from typoattack.models.base import Described
from typoattack.results.manifest_file import FORMAT
from typoattack.samples.base import Dataset
from typoattack.samples.captions import Captioned
from typoattack.suite import Shard, Suite
from typoattack.suite.auxiliary import auxiliary_questions
from typoattack.task import Task

SHARD = "shard"
"""The manifest's `identity` holds the shard under this key, so that no folder mixes two."""

_LIBRARIES = ("torch", "torchvision", "open_clip_torch", "timm", "pillow", "numpy", "datasets")


def build_manifest(
    suite: Suite,
    models: Sequence[Described],
    dataset: Dataset,
    task: Task,
    *,
    planned: int,
    shard: Shard | None,
    command: str,
    settings: Mapping[str, str],
    now: datetime.datetime,
) -> dict[str, Any]:
    """The manifest of a run that starts now.

    `identity` is what a folder may not mix; `comparable` what two runs must share so that their
    figures can be set side by side: the same but for the models.

    Args:
        suite: what is run.
        models: on what.
        dataset: on which photographs.
        task: the question asked.
        planned: how many photographs it does.
        shard: which of them, where it does not do all.
        command: the command line that repeats the run.
        settings: device, precision and the like, for the report.
        now: when it starts.
    """
    comparable = suite.identity | {
        "data": dataset.fingerprint,
        "classes": digest(*task.class_names),
        "template_list": digest(*task.templates),
    }
    further = auxiliary_questions(suite, task)
    return {
        "format": FORMAT,
        "typoattack": __version__,
        "suite": suite.name,
        "question": suite.question,
        "identity": comparable
        | {"models": [[model.name, model.fingerprint] for model in models]}
        | ({SHARD: str(shard)} if shard else {}),
        "comparable": comparable,
        "models": [_of_model(model, further, dataset) for model in models],
        "task": _of_task(task),
        "second_tasks": [_of_task(one) for one in further],
        "dataset": _of_dataset(dataset) | {"chosen": _chosen(suite, dataset)},
        "words": suite.words,
        "before_canvas": [a.label for a in suite.attacks if a.recipe.before_canvas],
        "passes": suite.passes,
        "reads": suite.reads,
        "planned": planned,
        "seed": suite.seed,
        "command": command,
        "settings": dict(settings),
        "started": now.isoformat(timespec="seconds"),
        "versions": _versions(),
    }


def _of_model(model: Described, further: Sequence[Task], dataset: Dataset) -> dict[str, Any]:
    """What a report says of a model: which questions it was not asked, whether it knew the data."""
    unasked = [task.name for task in further if not model.answers(task)]
    known = getattr(model, "fitted_on", "") == dataset.name
    notes = [
        model.note,
        "its probe was fitted on this data set, so that its figures are those of photographs it "
        "knows; run it on others"
        if known
        else "",
        *(f"it knows no answer to the question {name!r}, so it was not asked" for name in unasked),
    ]
    return {
        "name": model.name,
        "base": model.lineage.base,
        "defences": list(model.lineage.defences),
        "classifier": model.lineage.classifier,
        "fingerprint": model.fingerprint,
        "image_size": model.image_size,
        "reads": model.reads,
        "note": "; ".join(note for note in notes if note),
    }


def _chosen(suite: Suite, dataset: Dataset) -> str:
    """Which of the data set's photographs the suite uses, in words."""
    there = len(dataset)
    if suite.first and suite.first < there:
        return f"the first {suite.first:,} of {there:,}"
    if suite.limit and suite.limit < there:
        spread = f"spread evenly over the classes, seed {suite.seed}"
        return f"{suite.limit:,} of {there:,}, {spread}"
    return f"all {there:,}"


def _of_task(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "class_names": list(task.class_names),
        "templates": list(task.templates),
    }


def _of_dataset(dataset: Dataset) -> dict[str, Any]:
    told = {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "samples": len(dataset),
        "licence": dataset.licence,
    }
    if isinstance(dataset, Captioned) and dataset.left_out:
        told["left_out"] = dataset.left_out_told
    return told


def _versions() -> dict[str, str]:
    """The versions that could change a pixel or a prediction."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in _LIBRARIES
    }
