"""Runs a suite: draws, classifies, stores, resumes."""

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.models.base import Model, Preprocess
from typoattack.models.text_cache import Features, TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.recipes import AsGiven, SearchRecipe
from typoattack.results.folder import RunFolder, Skipped
from typoattack.results.merge import Shard
from typoattack.results.schema import SCHEMA
from typoattack.runner.classify import Judge, Record
from typoattack.runner.draw import Drawn, Generator, pixel_fingerprint
from typoattack.runner.worker import Drawing, Picture, draw_samples
from typoattack.samples.base import Dataset, variant_kinds
from typoattack.samples.labels import templates
from typoattack.second_questions import can_answer, second_questions
from typoattack.suite.suite import Suite
from typoattack.task import Task
from typoattack.words import Neighbours, neighbours, parse_words


class Progress(Protocol):
    """Told how far a stage is: `photographs`, or `text features of MODEL`."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, none of which changes a row.

    Attributes:
        workers: processes that draw; 0 draws in this one.
        batch_size: pictures a forward pass at most.
        chunk_size: samples a part file, so the work that a kill can cost.
        span_samples: whether a batch may hold several samples' pictures. It keeps a GPU busy;
            on a CPU it gains nothing, and one sample a batch makes the floats independent of
            chunks and resumption to the last bit.
        shard: does only the samples that belong to it; None: all.
        cache: where text features are kept.
        progress: told how far the run is.
        device: where the models run, for an engine that opens them elsewhere.
        precision: in what they compute there.
    """

    workers: int = 0
    batch_size: int = 64
    chunk_size: int = 32
    span_samples: bool = False
    shard: Shard | None = None
    cache: TextCache = field(default_factory=lambda: TextCache(None))
    progress: Progress = silent
    device: str = "cpu"
    precision: str = "fp32"


def task_of(suite: Suite, dataset: Dataset) -> Task:
    """The question that the suite asks of the data set's pictures."""
    own = dataset.task
    chosen = templates(suite.templates) if suite.templates else own.templates
    return Task(own.name, own.class_names, chosen)


def build_classifiers(
    models: Sequence[Model], task: Task, options: Options
) -> list[ZeroShotClassifier]:
    """A classifier for each model, its text features from the cache where there.

    It is zero-shot, or what the model's method `classifier` makes of the same arguments.
    """
    return [_classifier(model, task, options) for model in models]


def _classifier(model: Model, task: Task, options: Options) -> ZeroShotClassifier:
    def told(done: int, total: int) -> None:
        options.progress(f"text features of {model.name}", done, total)

    build = getattr(model, "classifier", functools.partial(ZeroShotClassifier, model))
    made: ZeroShotClassifier = build(task, options.cache, told)
    return made


def needs_text_space(suite: Suite) -> bool:
    """Whether a word source of the suite asks for near or far classes."""
    return any(parse_words(attack.words).needs_text_space for attack in suite.attacks)


def text_space(suite: Suite, classifier: ZeroShotClassifier) -> Neighbours | None:
    """The neighbours that the suite's word sources ask for, by the first model's text space."""
    if not needs_text_space(suite):
        return None
    return neighbours(classifier.weights, classifier.task.class_names, suite.replicates)


def chosen_indices(suite: Suite, dataset: Dataset, shard: Shard | None = None) -> Sequence[int]:
    """Positions of the samples that the suite uses, or those of them that a shard does."""
    chosen = range(min(suite.limit, len(dataset)) if suite.limit else len(dataset))
    if shard is None:
        return chosen
    return [index for index in chosen if shard.holds(dataset[index].id)]


def check_given(suite: Suite, dataset: Dataset) -> None:
    """Refuse a suite that asks for attacked pictures of a kind that the data set lacks.

    Raises:
        UserError: naming the kinds that there are.
    """
    wanted = [a.recipe for a in suite.attacks if isinstance(a.recipe, AsGiven)]
    if not wanted:
        return
    kinds = variant_kinds(dataset)
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
        RunFailure: if a drawing process dies, or a photograph cannot be read any more.
    """
    plan = make_plan(suite, models, dataset, options)
    scribe = Scribe(folder, plan.indices, dataset, options)
    drawings = draw_samples(
        dataset, scribe.left, plan.generator, plan.jury.preprocesses, workers=options.workers
    )
    for group in grouped(drawings, options):
        for finished in plan.jury.finish(group):
            scribe.add(finished)
    scribe.flush()


@dataclass(frozen=True, slots=True)
class Finished:
    """One sample's part of the predictions.

    Attributes:
        sample: its id.
        records: none if it is broken.
        broken: why it could not be used; empty if it could.
        found: pictures that searches found, by fingerprint; they cannot be drawn again.
    """

    sample: str
    records: list[Record]
    broken: str = ""
    found: dict[str, Image.Image] = field(default_factory=dict)


class Jury:
    """All models with their classifiers: what turns drawings into predictions.

    Args:
        models: the dual encoders.
        classifiers: the suite's question, one a model.
        generator: draws the suite; searches draw with it.
        dataset: the photographs.
        options: batch size and text cache.

    Attributes:
        preprocesses: the distinct preprocessings of the models.
    """

    def __init__(
        self,
        models: Sequence[Model],
        classifiers: Sequence[ZeroShotClassifier],
        generator: Generator,
        dataset: Dataset,
        options: Options,
    ) -> None:
        further = second_questions(generator.suite, classifiers[0].task)
        asides = [_asides(model, further, options) for model in models]
        self.preprocesses, self._judges = _judges(models, classifiers, asides, options)
        self._searcher = _Searcher(generator, dataset)
        self._seed = generator.suite.seed

    def finish(self, group: Sequence[Drawing]) -> Iterator[Finished]:
        """Classify drawings that share their forward passes, by every model.

        Raises:
            UserError: if a model answers NaN, or a search cannot draw its word.
        """
        usable = [drawing for drawing in group if not drawing.broken]
        ends = list(itertools.accumulate(len(d.pictures) for d in usable))
        done = {d.sample: Finished(d.sample, [], d.broken, {}) for d in group}
        for judge in self._judges if usable else ():
            embeddings = judge.embed(torch.cat([d.inputs[judge.input_index] for d in usable]))
            for drawing, part in zip(usable, np.split(embeddings, ends[:-1]), strict=True):
                finished = done[drawing.sample]
                found = self._searcher.search(judge, drawing)
                finished.found.update({f.picture.pixels: f.image for f in found})
                longer = dataclasses.replace(
                    drawing, pictures=(*drawing.pictures, *(f.picture for f in found))
                )
                rows = np.concatenate([part, *(f.embedding for f in found)])
                finished.records.extend(judge.records(longer, rows, self._seed))
        yield from done.values()


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, ready to begin.

    Attributes:
        indices: positions of the samples that it does, finished or not.
        generator: draws the suite.
        jury: classifies what is drawn.
    """

    indices: Sequence[int]
    generator: Generator
    jury: Jury


def make_plan(suite: Suite, models: Sequence[Model], dataset: Dataset, options: Options) -> Plan:
    """Check the suite against the data and encode the text.

    Raises:
        UserError: if the suite asks for pictures that the data set lacks.
    """
    check_given(suite, dataset)
    task = task_of(suite, dataset)
    classifiers = build_classifiers(models, task, options)
    generator = Generator(suite, task.class_names, text_space(suite, classifiers[0]))
    jury = Jury(models, classifiers, generator, dataset, options)
    return Plan(chosen_indices(suite, dataset, options.shard), generator, jury)


def _asides(
    model: Model, further: Sequence[Task], options: Options
) -> dict[str, ZeroShotClassifier]:
    """Classifiers for those of the second questions that a model can answer."""
    return {
        task.name: _classifier(model, task, options) for task in further if can_answer(model, task)
    }


def _judges(
    models: Sequence[Model],
    classifiers: Sequence[ZeroShotClassifier],
    asides: Sequence[Mapping[str, ZeroShotClassifier]],
    options: Options,
) -> tuple[list[Preprocess], list[Judge]]:
    """The distinct preprocessings, and each model's judge with its place among them."""
    preprocesses: dict[str, Preprocess] = {}
    for model in models:
        preprocesses.setdefault(repr(model.preprocess), model.preprocess)
    places = list(preprocesses)
    judges = [
        Judge(
            model,
            classifier,
            places.index(repr(model.preprocess)),
            options.batch_size,
            options.device,
            aside,
        )
        for model, classifier, aside in zip(models, classifiers, asides, strict=True)
    ]
    return list(preprocesses.values()), judges


def grouped(drawings: Iterable[Drawing], options: Options) -> Iterator[list[Drawing]]:
    """The drawings in the groups that share a forward pass."""
    group: list[Drawing] = []
    for drawing in drawings:
        group.append(drawing)
        if not options.span_samples or sum(len(d.pictures) for d in group) >= options.batch_size:
            yield group
            group = []
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Found:
    """A picture that a search found, with its embedding (1, d)."""

    picture: Picture
    image: Image.Image
    embedding: Features


class _Searcher:
    """Finds the pictures that are chosen by asking the model, sample by sample."""

    def __init__(self, generator: Generator, dataset: Dataset) -> None:
        self._generator = generator
        self._dataset = dataset
        suite = generator.suite
        searches = [a for a in suite.attacks if isinstance(a.recipe, SearchRecipe)]
        self._attacks = list(itertools.product(searches, range(suite.replicates)))

    def search(self, judge: Judge, drawing: Drawing) -> list[_Found]:
        """The pictures that the suite's searches find for this model on a drawing's canvas."""
        if drawing.canvas is None:
            return []
        sample, found = self._dataset[drawing.index], []
        for attack, replicate in self._attacks:
            made = self._generator.search(
                sample, drawing.canvas, attack, replicate, judge.ask, judge.classifier.class_index
            )
            if made is not None:
                picture = Picture(Drawn(attack, replicate, made), pixel_fingerprint(made.image))
                embedding = judge.embed_images([made.image])
                found.append(_Found(picture, made.image, embedding))
        return found


class Scribe:
    """Writes finished samples to a run's folder, chunk by chunk, and tells how far it is.

    Args:
        folder: started and locked.
        indices: positions of the samples that the run does.
        dataset: the photographs.
        options: chunk size and progress.

    Attributes:
        left: positions of the samples that are not finished yet.
    """

    def __init__(
        self, folder: RunFolder, indices: Sequence[int], dataset: Dataset, options: Options
    ) -> None:
        finished = folder.done()
        self.left = [index for index in indices if dataset[index].id not in finished]
        self._folder = folder
        self._size = options.chunk_size
        self._told = options.progress
        self._total = len(indices)
        self._done = len(indices) - len(self.left)
        self._clear()
        self._told("photographs", self._done, self._total)

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._samples: list[str] = []
        self._skipped: list[Skipped] = []

    def add(self, finished: Finished) -> None:
        """Take a finished sample; write when the chunk is full."""
        for pixels, image in finished.found.items():
            self._folder.keep_picture(pixels, image)
        self._samples.append(finished.sample)
        self._records += finished.records
        if finished.broken:
            self._skipped.append(Skipped(finished.sample, finished.broken))
        if len(self._samples) >= self._size:
            self.flush()
        self._done += 1
        self._told("photographs", self._done, self._total)

    def flush(self) -> None:
        """Write what is not on disk yet."""
        if self._samples:
            table = pa.Table.from_pylist(self._records, schema=SCHEMA)
            self._folder.write_part(table, self._samples, self._skipped)
        self._clear()
