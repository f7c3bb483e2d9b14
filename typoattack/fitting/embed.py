"""A suite's attacks, drawn and embedded, for learned defences to be fitted on."""

from typing import TYPE_CHECKING

import numpy as np

from typoattack.core.errors import UserError
from typoattack.defences.learned import Embedded
from typoattack.models.text_cache import Features
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.runner.classify import embed_drawn
from typoattack.runner.draw import Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import chosen_indices, task_of, text_space
from typoattack.runner.worker import Drawing, draw_samples

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.samples.base import Dataset
    from typoattack.suite import Suite


def embed_attacks(suite: "Suite", model: "Model", data: "Dataset", options: RunOptions) -> Embedded:
    """Draw a suite's attacks and embed them; controls and searches are left out.

    Raises:
        UserError: if nothing was attacked, or a recipe cannot draw its word.
    """
    task = task_of(suite, data)
    classifier = ZeroShotClassifier(model, task, options.cache)
    generator = Generator(suite, task.class_names, text_space(suite, classifier))
    indices = chosen_indices(suite, data)
    drawings = draw_samples(data, indices, generator, [model.preprocess], workers=options.workers)
    parts: list[tuple[Features, Features, list[tuple[int, int, int]]]] = []
    for done, drawing in enumerate(drawings, start=1):
        if not drawing.broken and drawing.has_clean:
            parts.append(_embed(drawing, model, classifier, options))
        options.progress(f"pictures for {model.name}", done, len(indices))
    if not any(part[2] for part in parts):
        raise UserError("nothing to fit on: no photograph of the data set was attacked")
    keys = np.array([key for part in parts for key in part[2]], dtype=np.int64)
    return Embedded(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        labels=keys[:, 0],
        targets=keys[:, 1],
        samples=keys[:, 2],
        classes=classifier.weights,
    )


def _embed(
    drawing: Drawing, model: "Model", classifier: ZeroShotClassifier, options: RunOptions
) -> tuple[Features, Features, list[tuple[int, int, int]]]:
    """Clean rows, attacked rows, and (label, target, sample) of each."""
    rows = embed_drawn(model, drawing.inputs[0], options.batch_size, options.device)
    drawn = [picture.drawn for picture in drawing.pictures]
    chosen = [n for n, one in enumerate(drawn) if one is not None and not one.attack.control]
    words = [one.attacked.word for n in chosen if (one := drawn[n]) is not None]
    keys = [(drawing.label, classifier.class_index(word), drawing.index) for word in words]
    return np.repeat(rows[:1], len(chosen), axis=0), rows[chosen], keys
