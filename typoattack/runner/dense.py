"""Which patches of a picture say the written word: inside what was changed, and elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.progress import Progress, silent
from typoattack.models.base import Classifier, Model
from typoattack.models.dense import patch_features, vision_transformer
from typoattack.models.pixels import drawn_input, model_input
from typoattack.models.text_cache import Features, TextCache
from typoattack.recipes.control import best_unread
from typoattack.runner.classify import classifier_for
from typoattack.runner.draw import Drawn, Generator, open_sample
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import check_given, chosen_indices, shares_of, task_of, text_space
from typoattack.runner.writable import check_words
from typoattack.samples.base import Dataset, Sample
from typoattack.suite import Suite

Grid = NDArray[np.bool_]
"""(rows, columns) of patches."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One attacked photograph, patch by patch.

    Attributes:
        model, recipe, control, control_of, sample, label, replicate, word: what it is of.
        inside: patches that the attack's box touches.
        pictures: the clean photograph, the attack and its control, where there is one.
        says: of each of these the patches that say the word, among all classes.
        nearer: of each the patches that lie nearer to the word than to the right class.
        lean: of each (rows, columns) the cosine with the word less that with the right class.
    """

    model: str
    recipe: str
    sample: str
    label: int
    name: str
    replicate: int
    word: str
    inside: Grid = field(repr=False)
    pictures: dict[str, Image.Image] = field(repr=False)
    says: dict[str, Grid] = field(repr=False)
    nearer: dict[str, Grid] = field(repr=False)
    lean: dict[str, NDArray[np.float64]] = field(repr=False)


CLEAN, ATTACKED, CONTROL = "clean", "attacked", "control"


def look_densely(
    suite: Suite,
    model: Model,
    data: Dataset,
    *,
    device: str = "cpu",
    cache: TextCache | None = None,
    progress: Progress = silent,
) -> Iterator[Seen]:
    """Every attack of a suite on every photograph, patch by patch; broken photographs are left out.

    Args:
        suite: what is drawn; controls that can be read are left out.
        model: one of open_clip's own vision transformers.
        data: the photographs.
        device: where the model is.
        cache: where text features are kept; nowhere if None.
        progress: told how far it is.

    Raises:
        UserError: for another model, or a suite that does not fit the data.
    """
    vision_transformer(model)
    check_given(suite, data)
    task = task_of(suite, data)
    check_words(suite, task.class_names)
    options = RunOptions(cache=cache or TextCache(None), progress=progress, device=device)
    classifier = classifier_for(model, task, options)
    generator = Generator(
        suite, task.class_names, text_space(suite, classifier), shares_of(suite, data)
    )
    indices = chosen_indices(suite, data)
    for done, index in enumerate(indices, start=1):
        sample = data[index]
        opened = open_sample(generator, sample)
        if opened.canvas is not None and sample.has_clean:
            drawn = list(generator.draw_each(sample, opened.canvas, opened.wanted))
            yield from _of_sample(model, classifier, sample, opened.canvas, drawn, device)
        progress("photographs", done, len(indices))


def _of_sample(
    model: Model,
    classifier: Classifier,
    sample: Sample,
    clean: Image.Image,
    drawn: Sequence[Drawn],
    device: str,
) -> Iterator[Seen]:
    controls: dict[tuple[str, int], Image.Image] = {}
    order = best_unread([o.attack.control for o in drawn], [o.attacked.coverage for o in drawn])
    for place in np.argsort(order, kind="stable").tolist():
        one = drawn[place]
        if order[place] >= 0:
            controls.setdefault((one.attack.control_of, one.replicate), one.attacked.image)
    before = _features(model, [clean], device)
    for one in drawn:
        if one.attack.recipe.family != "attack" and not one.attack.given:
            continue
        pictures = {CLEAN: clean, ATTACKED: one.attacked.image}
        control = controls.get((one.attack.label, one.replicate))
        if control is not None:
            pictures[CONTROL] = control
        rest = _features(model, list(pictures.values())[1:], device)
        features = dict(zip(pictures, np.concatenate([before, rest]), strict=True))
        yield _seen(model, classifier, sample, one, pictures, features)


def _features(model: Model, images: Sequence[Image.Image], device: str) -> Features:
    drawn = torch.stack([drawn_input(model.preprocess, image) for image in images])
    made: Features = patch_features(model, model_input(model.preprocess, drawn, device)).numpy()
    return made


def _seen(
    model: Model,
    classifier: Classifier,
    sample: Sample,
    one: Drawn,
    pictures: dict[str, Image.Image],
    features: dict[str, Features],
) -> Seen:
    word = one.attacked.word
    target = classifier.word_features([word])[0]
    own = classifier.weights[sample.label]
    place = classifier.class_index(word)
    says, nearer, lean = {}, {}, {}
    for name, grid in features.items():
        to_all, to_word = grid @ classifier.weights.T, grid @ target
        others = to_all.max(axis=-1)
        # A word that is no class must lie nearer than all classes.
        says[name] = to_all.argmax(axis=-1) == place if place >= 0 else to_word > others
        lean[name] = (to_word - grid @ own).astype(np.float64)
        nearer[name] = lean[name] > 0
    rows, columns = next(iter(features.values())).shape[:2]
    return Seen(
        model.name,
        one.attack.label,
        sample.id,
        sample.label,
        classifier.task.class_names[sample.label],
        one.replicate,
        word,
        touched(one.attacked.box, pictures[CLEAN].width, rows, columns),
        pictures,
        says,
        nearer,
        lean,
    )


def touched(box: tuple[int, int, int, int], side: int, rows: int, columns: int) -> Grid:
    """The patches of a square picture that a box touches.

    Args:
        box: left, top, right, bottom in pixels, right and bottom outside.
        side: of the picture in pixels.
        rows: of patches.
        columns: of patches.
    """
    left, top, right, bottom = box
    down, across = (np.arange(count + 1) * side / count for count in (rows, columns))
    in_rows = (down[1:] > top) & (down[:-1] < bottom)
    in_columns = (across[1:] > left) & (across[:-1] < right)
    return np.asarray(in_rows[:, None] & in_columns[None, :], bool)
