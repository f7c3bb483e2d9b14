"""Runs a suite: draws, classifies, stores, resumes."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import torch

from typoattack.easel import Drawing, Picture, draw_samples
from typoattack.errors import UserError
from typoattack.generator import Drawn, Generator, pixel_fingerprint
from typoattack.judge import Judge, Record
from typoattack.models.base import Model, Preprocess
from typoattack.models.text_cache import Features, TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.predictions import SCHEMA
from typoattack.recipes import AsGiven, SearchRecipe
from typoattack.samples.base import Dataset
from typoattack.samples.labels import templates
from typoattack.samples.stroop import INK, ink_task
from typoattack.store import RunFolder, Skipped
from typoattack.suite import Suite
from typoattack.task import Task
from typoattack.words import Neighbours, neighbours, parse_words

SECOND_QUESTIONS: Mapping[str, Callable[[], Task]] = {INK: ink_task}
"""What a recipe may ask beside the suite's question."""


class Progress(Protocol):
    """Told how far a stage is: `photographs`, or `text features of MODEL`."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, none of which changes a result.

    Attributes:
        workers: processes that draw; 0 draws in this one.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file, so the work that a kill can cost.
        span_samples: whether a batch may hold several samples' pictures. It keeps a GPU busy;
            on a CPU it gains nothing, and one sample a batch makes the floats independent of
            chunks and resumption to the last bit.
        cache: where text features are kept.
        progress: told how far the run is.
    """

    workers: int = 0
    batch_size: int = 64
    chunk_size: int = 32
    span_samples: bool = False
    cache: TextCache = field(default_factory=lambda: TextCache(None))
    progress: Progress = silent


def task_of(suite: Suite, dataset: Dataset) -> Task:
    """The question that the suite asks of the data set's pictures."""
    own = dataset.task
    chosen = templates(suite.templates) if suite.templates else own.templates
    return Task(own.name, own.class_names, chosen)


def build_classifiers(
    models: Sequence[Model], task: Task, options: Options
) -> list[ZeroShotClassifier]:
    """A zero-shot classifier for each model, its text features from the cache where there."""
    made = []
    for model in models:

        def told(done: int, total: int, name: str = model.name) -> None:
            options.progress(f"text features of {name}", done, total)

        made.append(ZeroShotClassifier(model, task, options.cache, told))
    return made


def needs_text_space(suite: Suite) -> bool:
    """Whether a word source of the suite asks for near or far classes."""
    return any(parse_words(attack.words).needs_text_space for attack in suite.attacks)


def text_space(suite: Suite, classifier: ZeroShotClassifier) -> Neighbours | None:
    """The neighbours that the suite's word sources ask for, by the first model's text space."""
    if not needs_text_space(suite):
        return None
    return neighbours(classifier.weights, classifier.task.class_names, suite.replicates)


def chosen_indices(suite: Suite, dataset: Dataset) -> range:
    """Positions of the samples that the suite uses."""
    return range(min(suite.limit, len(dataset)) if suite.limit else len(dataset))


def check_given(suite: Suite, dataset: Dataset) -> None:
    """Refuse a suite that asks for attacked pictures of a kind that the data set lacks.

    Raises:
        UserError: naming the kinds that there are.
    """
    wanted = [a.recipe for a in suite.attacks if isinstance(a.recipe, AsGiven)]
    if not wanted:
        return
    samples = (dataset[index] for index in range(len(dataset)))
    kinds = {variant.kind for sample in samples for variant in sample.variants}
    for recipe in wanted:
        if recipe.variant not in kinds:
            there = ", ".join(f"as-given({kind!r})" for kind in sorted(kinds)) or "none"
            raise UserError(
                f"recipe {recipe}: the data set {dataset.name!r} has no such pictures; "
                f"there are {there}"
            )


def run_suite(
    suite: Suite,
    models: Sequence[Model],
    dataset: Dataset,
    folder: RunFolder,
    options: Options,
) -> None:
    """Draw and classify what is not finished yet, and store it in `folder`.

    The folder must have been started and locked. Each photograph is decoded once and every
    recipe drawn once for all models.

    Raises:
        UserError: if a recipe cannot draw its word, a model answers NaN, or the disk refuses.
        RunFailure: if a drawing process dies.
    """
    check_given(suite, dataset)
    task = task_of(suite, dataset)
    classifiers = build_classifiers(models, task, options)
    generator = Generator(suite, task.class_names, text_space(suite, classifiers[0]))
    asides = _asides(suite, models, options)
    preprocesses, judges = _judges(models, classifiers, asides, options.batch_size)
    indices = chosen_indices(suite, dataset)
    finished = folder.done()
    left = [index for index in indices if dataset[index].id not in finished]
    drawings = draw_samples(dataset, left, generator, preprocesses, workers=options.workers)
    done = len(indices) - len(left)
    options.progress("photographs", done, len(indices))
    chunk = _Chunk(folder, options.chunk_size)
    searcher = _Searcher(generator, dataset, folder)
    for group in _groups(drawings, options):
        for drawing, records in _judge(group, judges, searcher):
            chunk.add(drawing, records)
        done += len(group)
        options.progress("photographs", done, len(indices))
    chunk.flush()


def _asides(
    suite: Suite, models: Sequence[Model], options: Options
) -> list[dict[str, ZeroShotClassifier]]:
    """For each model, classifiers for the second questions that the suite's recipes ask."""
    asked = sorted({attack.recipe.asks for attack in suite.attacks} - {""})
    made = {name: build_classifiers(models, SECOND_QUESTIONS[name](), options) for name in asked}
    return [{name: made[name][place] for name in asked} for place in range(len(models))]


def _judges(
    models: Sequence[Model],
    classifiers: Sequence[ZeroShotClassifier],
    asides: Sequence[Mapping[str, ZeroShotClassifier]],
    batch_size: int,
) -> tuple[list[Preprocess], list[Judge]]:
    """The distinct preprocessings, and each model's judge with its place among them."""
    preprocesses: dict[str, Preprocess] = {}
    for model in models:
        preprocesses.setdefault(repr(model.preprocess), model.preprocess)
    places = list(preprocesses)
    judges = [
        Judge(model, classifier, places.index(repr(model.preprocess)), batch_size, aside)
        for model, classifier, aside in zip(models, classifiers, asides, strict=True)
    ]
    return list(preprocesses.values()), judges


def _groups(drawings: Iterable[Drawing], options: Options) -> Iterator[list[Drawing]]:
    """The drawings in the groups that share a forward pass."""
    group: list[Drawing] = []
    for drawing in drawings:
        group.append(drawing)
        if not options.span_samples or sum(len(d.pictures) for d in group) >= options.batch_size:
            yield group
            group = []
    if group:
        yield group


class _Searcher:
    """Finds the pictures that are chosen by asking the model, sample by sample."""

    def __init__(self, generator: Generator, dataset: Dataset, folder: RunFolder) -> None:
        self._generator = generator
        self._dataset = dataset
        self._folder = folder
        self.suite = generator.suite
        self._attacks = [a for a in self.suite.attacks if isinstance(a.recipe, SearchRecipe)]

    def extend(
        self, judge: Judge, drawing: Drawing, embeddings: Features
    ) -> tuple[Drawing, Features]:
        """The drawing and its embeddings with the pictures that searches found for this model.

        They are kept in the run's folder, because nobody can draw them again without the model.
        """
        if drawing.canvas is None:
            return drawing, embeddings
        sample, pictures, rows = self._dataset[drawing.index], [], []
        for attack, replicate in itertools.product(self._attacks, range(self.suite.replicates)):
            made = self._generator.search(
                sample, drawing.canvas, attack, replicate, judge.ask, judge.classifier.class_index
            )
            if made is None:
                continue
            pixels = pixel_fingerprint(made.image)
            self._folder.keep_picture(pixels, made.image)
            pictures.append(Picture(Drawn(attack, replicate, made), pixels))
            rows.append(judge.embed(judge.model.preprocess(made.image)[None]))
        longer = dataclasses.replace(drawing, pictures=(*drawing.pictures, *pictures))
        return longer, np.concatenate([embeddings, *rows])


def _judge(
    group: Sequence[Drawing], judges: Sequence[Judge], searcher: _Searcher
) -> Iterator[tuple[Drawing, list[Record]]]:
    """Each drawing of a group with all models' records; a broken one has none."""
    usable = [drawing for drawing in group if not drawing.broken]
    ends = list(itertools.accumulate(len(d.pictures) for d in usable))
    records: dict[str, list[Record]] = {drawing.sample: [] for drawing in group}
    for judge in judges if usable else ():
        embeddings = judge.embed(torch.cat([d.inputs[judge.input_index] for d in usable]))
        for drawing, part in zip(usable, np.split(embeddings, ends[:-1]), strict=True):
            found, longer = searcher.extend(judge, drawing, part)
            records[drawing.sample] += judge.records(found, longer, searcher.suite.seed)
    for drawing in group:
        yield drawing, records[drawing.sample]


class _Chunk:
    """The finished samples that are not on disk yet."""

    def __init__(self, folder: RunFolder, size: int) -> None:
        self._folder = folder
        self._size = size
        self._clear()

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._samples: list[str] = []
        self._skipped: list[Skipped] = []

    def add(self, drawing: Drawing, records: list[Record]) -> None:
        self._samples.append(drawing.sample)
        self._records += records
        if drawing.broken:
            self._skipped.append(Skipped(drawing.sample, drawing.broken))
        if len(self._samples) >= self._size:
            self.flush()

    def flush(self) -> None:
        if self._samples:
            table = pa.Table.from_pylist(self._records, schema=SCHEMA)
            self._folder.write_part(table, self._samples, self._skipped)
        self._clear()
