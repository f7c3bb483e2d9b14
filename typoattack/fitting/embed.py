"""A suite's attacks, drawn and embedded, for learned defences to be fitted on."""

from typing import TYPE_CHECKING

import numpy as np

from typoattack.core.errors import UserError
from typoattack.defences.learned import Embedded
from typoattack.models.base import Classifier
from typoattack.runner.classify import classifier_for, embed_drawn
from typoattack.runner.draw import Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import chosen_indices, shares_of, task_of, text_space
from typoattack.runner.worker import Drawing, Worker, draw_samples

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
    classifier = classifier_for(model, task, options)
    near = text_space(suite, classifier)
    generator = Generator(suite, task.class_names, near, shares_of(suite, data))
    indices = chosen_indices(suite, data)
    worker = Worker(data, generator, [model.preprocess], options.batch_size)
    clean, attacked, keys_of, done = [], [], list[tuple[int, int, int]](), 0
    for drawing in draw_samples(worker, indices, processes=options.workers):
        if drawing.pictures and drawing.has_clean:
            rows = embed_drawn(model, drawing.inputs[0], options.batch_size, options.device)
            if drawing.pictures[0].drawn is None:
                own = rows[:1]  # the clean picture, which the sample's later parts lack
            chosen, found = _attacked(drawing, classifier)
            clean.append(np.repeat(own, len(chosen), axis=0))
            attacked.append(rows[chosen])
            keys_of += found
        done += drawing.last
        options.progress(f"pictures for {model.name}", done, len(indices))
    if not keys_of:
        raise UserError("nothing to fit on: no photograph of the data set was attacked")
    keys = np.array(keys_of, dtype=np.int64)
    return Embedded(
        np.concatenate(clean),
        np.concatenate(attacked),
        labels=keys[:, 0],
        targets=keys[:, 1],
        samples=keys[:, 2],
        classes=classifier.weights,
    )


def _attacked(
    drawing: Drawing, classifier: Classifier
) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Which pictures of a part are attacks, and (label, target, sample) of each."""
    rows, keys = [], []
    for row, picture in enumerate(drawing.pictures):
        if picture.drawn is not None and not picture.drawn.attack.control:
            target = classifier.class_index(picture.drawn.attacked.word)
            rows.append(row)
            keys.append((drawing.label, target, drawing.index))
    return rows, keys
