"""A run's photographs as a gallery to search in: their embeddings, and those of captions and words.

Nothing is drawn: a run that kept its embeddings has the pictures, clean, attacked and controls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.models.base import Model
from typoattack.models.text_cache import Features, TextCache
from typoattack.results.folder import RunFolder
from typoattack.results.schema import CLEAN
from typoattack.runner.rescore import Kept, read_kept
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.captions import CAPTION, Captioned
from typoattack.samples.labels import templates
from typoattack.task import Task

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lettered:
    """One attack's or control's pictures of a gallery's photographs.

    Attributes:
        recipe: what was written.
        family: `attack` or `control`.
        control: the kind of control; empty for an attack.
        control_of: the attack whose geometry a control has; empty for an attack.
        replicate: which of the suite's words and draws.
        words: (n,) of each photograph; empty where there is no picture.
        places: (n,) row of each picture among the embeddings; −1 where there is none.
        coverage: (n,) the share of each picture that was changed, 0 to 1; 0 where there is none.
    """

    recipe: str
    family: str
    control: str
    control_of: str
    replicate: int
    words: tuple[str, ...] = field(repr=False)
    places: Places = field(repr=False)
    coverage: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Photographs and texts in one model's space; rows are L2-normalised.

    Attributes:
        model: whose space.
        samples: n ids.
        labels: (n,) of the data set.
        groups: (n,) photographs of one group are right for the same texts.
        clean: (n,) row of each clean picture among the embeddings.
        embeddings: (n_pictures, d).
        texts: m captions or class names; equal ones may come again.
        text_groups: (m,) for which group each is right; −1 for a class without photographs.
        text_features: (m, d).
        word_features: by word (d,): what somebody who looks for the word asks with.
        lettered: attacks and controls.
        order: (n,) the photographs' lots, a permutation.
    """

    model: str
    samples: tuple[str, ...]
    labels: Places = field(repr=False)
    groups: Places = field(repr=False)
    clean: Places = field(repr=False)
    embeddings: Features = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    text_groups: Places = field(repr=False)
    text_features: Features = field(repr=False)
    word_features: dict[str, Features] = field(repr=False)
    lettered: tuple[Lettered, ...] = field(repr=False)
    order: Places = field(repr=False)


def gallery(folder: RunFolder, model: Model, cache: TextCache) -> Gallery:
    """The gallery of a run's photographs, captions from its data set where that has some.

    Class names are asked for with the run's templates, captions as they are, and the written word
    beside captions with open_clip's seven (`simple`).

    Args:
        folder: of a run that kept its embeddings.
        model: the one that made them.
        cache: where text features are kept.

    Raises:
        UserError: if the run kept no embeddings, has fewer than two clean photographs, answers by
            a probe, or its captions cannot be found any more.
    """
    kept = read_kept(folder, model)
    clean = kept.rows[kept.rows["family"] == CLEAN]
    if len(clean) < 2:
        raise UserError(
            f"{str(folder.path)!r} has {len(clean)} clean photographs; a gallery needs two at least"
        )
    samples = tuple(clean["sample"])
    labels = clean["label"].to_numpy(np.int64)
    lettered = tuple(_lettered(kept, samples))
    words = sorted({word for one in lettered for word in one.words if word})
    of_texts = _captions if kept.manifest["task"]["name"] == CAPTION else _classes
    found = of_texts(kept, model, cache, samples, labels, words)
    seed = int(kept.manifest["identity"].get("seed", 0))
    by_lot = stream(seed, "gallery").permutation(len(samples))
    order = np.empty(len(samples), np.int64)
    order[np.argsort(np.array(samples, object))[by_lot]] = np.arange(len(samples))
    return Gallery(
        model.name,
        samples,
        labels,
        found.groups,
        kept.pictures[clean.index],
        kept.embeddings,
        found.texts,
        found.text_groups,
        found.features,
        dict(zip(words, found.words, strict=True)),
        lettered,
        order,
    )


def _lettered(kept: Kept, samples: Sequence[str]) -> list[Lettered]:
    index = {sample: place for place, sample in enumerate(samples)}
    attacked = kept.rows[(kept.rows["family"] != CLEAN) & kept.rows["sample"].isin(index)]
    made = []
    keys = ["recipe", "family", "control", "control_of", "replicate"]
    for (recipe, family, kind, base, replicate), part in attacked.groupby(keys, sort=False):
        words, places = [""] * len(samples), np.full(len(samples), -1, np.int64)
        covered = np.zeros(len(samples))
        columns = (part[name] for name in ("sample", "word", "coverage"))
        for row, sample, word, coverage in zip(part.index, *columns, strict=True):
            at = index[sample]
            words[at], places[at], covered[at] = word, kept.pictures[row], coverage
        told = recipe, family, kind, base, int(replicate)
        made.append(Lettered(*told, tuple(words), places, covered))
    return made


@dataclass(frozen=True, slots=True)
class _Texts:
    groups: Places
    texts: tuple[str, ...]
    text_groups: Places
    features: Features
    words: Features


def _classes(
    kept: Kept,
    model: Model,
    cache: TextCache,
    _: Sequence[str],
    labels: Places,
    words: Sequence[str],
) -> _Texts:
    """A prompt a class; classes of one name are one."""
    asked = kept.manifest["task"]
    task = Task(str(asked["name"]), tuple(asked["class_names"]), tuple(asked["templates"]))
    classifier = model.classifier(task, cache)
    codes, names = pd.factorize(np.array(task.class_names, object))
    first = np.unique(codes, return_index=True)[1]
    width = classifier.weights.shape[1]
    features = classifier.word_features(words) if words else np.zeros((0, width), np.float32)
    groups = codes[labels].astype(np.int64)
    own = np.arange(len(names))
    text_groups = np.where(np.isin(own, groups), own, -1)
    return _Texts(groups, tuple(names), text_groups, classifier.weights[first], features)


def _captions(
    kept: Kept,
    model: Model,
    cache: TextCache,
    samples: Sequence[str],
    _: Places,
    words: Sequence[str],
) -> _Texts:
    """Every caption of every photograph."""
    data = open_dataset(DatasetSpec(**kept.manifest["identity"]["dataset"]))
    if (
        not isinstance(data, Captioned)
        or data.fingerprint != kept.manifest["dataset"]["fingerprint"]
    ):
        raise UserError(f"the captions of {data.name!r} are not those that the run had")
    of_sample = {data[place].id: data.captions[place] for place in range(len(data))}
    pairs = [(text, n) for n, sample in enumerate(samples) for text in of_sample[sample]]
    texts = tuple(text for text, _ in pairs)
    features = model.classifier(Task(CAPTION, texts, ("{}",)), cache).weights
    asked = Task("written word", tuple(words), templates("simple"))
    said = model.classifier(asked, cache).weights if words else np.zeros_like(features[:0])
    owners = np.array([n for _, n in pairs], np.int64)
    return _Texts(np.arange(len(samples)), texts, owners, features, said)
