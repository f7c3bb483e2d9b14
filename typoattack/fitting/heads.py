"""Finding the attention heads that read, on a suite's own photographs (Hufe et al. 2026)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.models.base import Classifier, Model
from typoattack.models.pixels import model_input
from typoattack.recipes import parse_recipe
from typoattack.runner.classify import classifier_for
from typoattack.runner.draw import Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import chosen_indices, shares_of, task_of, text_space
from typoattack.runner.worker import Worker, draw_samples
from typoattack.samples.base import Dataset
from typoattack.suite import Suite, make_attack
from typoattack.units.anatomy import anatomy
from typoattack.units.reading_heads import (
    Head,
    Step,
    heads_off,
    select_heads,
    typographic_scores,
)

SCORED_ON = 'hufe2026(position="bottom")'
"""What writes the words at the bottom by which heads are scored, as the authors' synthesis does."""


@dataclass(frozen=True, slots=True)
class FoundHeads:
    """What was found.

    Attributes:
        steps: each head tried, in order.
        began: clean and attacked accuracy with all heads.
    """

    steps: Sequence[Step]
    began: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Inputs (n, 3, s, s) as a drawing process leaves them, and the right classes (n,)."""

    inputs: torch.Tensor
    labels: np.ndarray


def find_heads(
    suite: Suite, model: Model, data: Dataset, options: RunOptions, *, most_lost: float = 0.01
) -> FoundHeads:
    """Score the heads of a model and choose those to switch off.

    Args:
        suite: photographs; its first recipe writes on those by which heads are chosen.
        model: a vision transformer of open_clip.
        data: the suite's photographs.
        options: batch size, device, text cache, progress.
        most_lost: of the clean accuracy; see `select_heads`.

    Raises:
        UserError: if the model has no such heads, or no photograph was attacked.
    """
    inside = anatomy(model)
    classifier = classifier_for(model, task_of(suite, data), options)
    attack = make_attack(parse_recipe(SCORED_ON), "", suite.words)
    _, bottom = _drawn(replace(suite, attacks=(attack,)), model, data, options, classifier)
    scores = typographic_scores(
        inside,
        (
            model_input(model.preprocess, batch, options.device)
            for batch in torch.split(bottom.inputs, options.batch_size)
        ),
    )
    both = _drawn(suite, model, data, options, classifier)

    def accuracies(off: Sequence[Head]) -> tuple[float, float]:
        with heads_off(inside, off):
            clean, attacked = (_accuracy(model, classifier, one, options) for one in both)
        return clean, attacked

    steps, began = select_heads(
        scores,
        accuracies,
        most_lost=most_lost,
        told=lambda done, there: options.progress("heads", done, there),
    )
    return FoundHeads(steps, began)


def _drawn(
    suite: Suite, model: Model, data: Dataset, options: RunOptions, classifier: Classifier
) -> tuple[_Drawn, _Drawn]:
    """The clean and the attacked pictures of a suite without controls, as model inputs."""
    task = task_of(suite, data)
    near = text_space(suite, classifier)
    generator = Generator(suite, task.class_names, near, shares_of(suite, data))
    worker = Worker(data, generator, [model.preprocess], options.batch_size)
    rows: tuple[list[torch.Tensor], list[torch.Tensor]] = [], []
    labels: tuple[list[int], list[int]] = [], []
    for drawing in draw_samples(worker, chosen_indices(suite, data), processes=options.workers):
        for picture, row in zip(drawing.pictures, *drawing.inputs[:1], strict=True):
            kind = int(picture.drawn is not None)
            rows[kind].append(row)
            labels[kind].append(drawing.label)
    if not (rows[0] and rows[1]):
        raise UserError("heads are chosen on clean and attacked pictures; there are none")
    clean, attacked = (
        _Drawn(torch.stack(found), np.asarray(right))
        for found, right in zip(rows, labels, strict=True)
    )
    return clean, attacked


def _accuracy(model: Model, classifier: Classifier, one: _Drawn, options: RunOptions) -> float:
    parts = [
        model.encode_image(model_input(model.preprocess, batch, options.device))
        for batch in torch.split(one.inputs, options.batch_size)
    ]
    predicted = classifier.scores(torch.cat(parts).numpy()).predicted
    return float((predicted == one.labels).mean())


def write_heads(path: Path, found: FoundHeads, model: Model, data: Dataset, suite: Suite) -> None:
    """Write what was found as JSON, for the defence `dyslexify`: each step of the curve.

    Raises:
        UserError: if the file cannot be written.
    """
    told = {
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        "data": data.name,
        "suite": suite.identity,
        "clean": found.began[0],
        "attacked": found.began[1],
        "steps": [
            {
                "head": f"{step.head[0]}.{step.head[1]}",
                "score": step.score,
                "clean": step.clean,
                "attacked": step.attacked,
                "kept": step.kept,
            }
            for step in found.steps
        ],
    }
    write_whole(path, (json.dumps(told, indent=1) + "\n").encode())
