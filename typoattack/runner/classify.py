"""From drawings to records of the predictions table: every model, every question."""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Generator as Iterators
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.models.base import Classifier, Model, Preprocess, Scores
from typoattack.models.gradient import first_order
from typoattack.models.pixels import drawn_input, model_input
from typoattack.models.text_cache import Features
from typoattack.results.embeddings import Embedded
from typoattack.results.schema import AS_PUBLISHED, CLEAN, TOP
from typoattack.results.writer import Finished, Record
from typoattack.runner.ahead import embedded_ahead
from typoattack.runner.draw import Drawn, Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.search import Searcher
from typoattack.runner.searching import AsksSlope, Found, Inputs
from typoattack.runner.worker import Drawing, Picture
from typoattack.samples.base import Dataset
from typoattack.suite.auxiliary import auxiliary_questions
from typoattack.task import Task

_Parts: TypeAlias = list[tuple[Drawing, list[Features]]]
"""A sample's parts, in their order, each with its embeddings by every model."""

_BATCHES_OF_SEARCHES = 4
"""Batches that the searches run side by side fill at their start, so that few passes are empty."""

_MOST_TOGETHER = 512
"""Photographs whose searches run side by side: what a kill costs."""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A model with its classifiers.

    Attributes:
        model: the dual encoder.
        classifier: asks the task's question.
        input_index: which of a drawing's inputs the model takes.
        batch_size: pictures a forward pass at most.
        device: where the model runs.
        auxiliary: classifiers for auxiliary questions, by what recipes `ask`.
    """

    model: Model
    classifier: Classifier
    input_index: int
    batch_size: int
    device: str = "cpu"
    auxiliary: Mapping[str, Classifier] = field(default_factory=dict)

    def embed(self, drawn: torch.Tensor) -> Features:
        """Drawings' inputs (n, 3, s, s) to (n, d), in batches."""
        return embed_drawn(self.model, drawn, self.batch_size, self.device)

    def embed_inputs(self, inputs: Inputs) -> Features:
        """The same, of inputs that are no tensor yet."""
        return self.embed(torch.from_numpy(inputs))

    @property
    def class_index(self) -> Callable[[str], int]:
        """The class of the suite's question that is called so, or -1."""
        return self.classifier.class_index

    def ask(self, images: Sequence[Image.Image]) -> Features:
        """Class probabilities (n, n_classes) of n canvas pictures."""
        drawn = torch.stack([drawn_input(self.model.preprocess, one) for one in images])
        return self.classifier.scores(self.embed(drawn)).probability

    def probabilities(self, inputs: Inputs) -> Features:
        """Class probabilities (n, n_classes) of inputs: what a search may see."""
        return self.classifier.scores(self.embed_inputs(inputs)).probability

    def foretell(self, slope: AsksSlope) -> Features:
        """(n,) changes of the right class's margin to first order; `UserError` without weights."""
        (at,), others = torch.from_numpy(slope.at), torch.from_numpy(slope.others)
        return first_order(self.model, self.classifier, at, others, slope.label, self.device)

    def records(self, drawing: Drawing, embeddings: Features, seed: int) -> list[Record]:
        """One record for each picture of a sample, and one for each auxiliary question.

        Args:
            drawing: its first picture is the clean one; without a clean picture it gets no
                record, and what the others say of it is −1 or null.
            embeddings: (n_pictures, d), in the order of the pictures.
            seed: the suite's.
        """
        answered = _answers(self, self.classifier, drawing, drawing.label, embeddings)
        records = answered if drawing.has_clean else [r | _NO_CLEAN for r in answered[1:]]
        for name, classifier in self.auxiliary.items():
            for row, picture in enumerate(drawing.pictures):
                if picture.drawn is not None and picture.drawn.attack.recipe.asks == name:
                    label = _noted_answer(picture.drawn, classifier)
                    # The clean picture has no ink, so no answer about it could be right.
                    answer = _answers(self, classifier, drawing, label, embeddings)[row]
                    records.append(answer | _NO_CLEAN)
        return [record | {"seed": seed} for record in records]


class Evaluation:
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
        classifiers: Sequence[Classifier],
        generator: Generator,
        dataset: Dataset,
        options: RunOptions,
    ) -> None:
        further = auxiliary_questions(generator.suite, classifiers[0].task)
        self.preprocesses, self._evaluators = _evaluators(models, classifiers, further, options)
        aside = options.workers if options.span_samples else 0
        self._searcher = Searcher(generator, dataset, self.preprocesses, aside)
        self._options = options
        self._seed = generator.suite.seed
        self._pending: dict[str, _Parts] = {}

    def finish(self, drawings: Iterable[Drawing]) -> Iterators[Finished, None, None]:
        """Classify drawings by every model, in the order they come; the samples finished.

        Raises:
            UserError: if a model answers NaN, or a search cannot draw its word.
            RunFailure: if a process that draws for searches dies.
        """
        with contextlib.closing(self._searcher):
            yield from self._finish(drawings)

    def _finish(self, drawings: Iterable[Drawing]) -> Iterator[Finished]:
        if self._options.span_samples:
            size, device = self._options.batch_size, self._options.device
            embedded = embedded_ahead(drawings, self._evaluators, size, device)
        else:
            embedded = ((drawing, self._embedded(drawing)) for drawing in drawings)
        waiting: list[_Parts] = []
        for drawing, rows in embedded:
            pending = self._pending.setdefault(drawing.sample, [])
            pending.append((replace(drawing, inputs=()), rows))
            if drawing.last:
                waiting.append(self._pending.pop(drawing.sample))
                if len(waiting) >= self._together:
                    yield from self._finished(waiting)
                    waiting = []
        yield from self._finished(waiting)

    def _embedded(self, drawing: Drawing) -> list[Features]:
        """A drawing's embeddings by every model; none where it has no pictures."""
        if not drawing.pictures:
            return []
        return [e.embed(drawing.inputs[e.input_index]) for e in self._evaluators]

    @property
    def _together(self) -> int:
        """How many photographs' searches run side by side.

        More than one only where photographs share forward passes anyway: there a picture's answer
        may differ in its last bits by what was asked beside it.
        """
        if not self._searcher.searches or not self._options.span_samples:
            return 1
        enough = _BATCHES_OF_SEARCHES * self._options.batch_size
        return min(-(-enough // self._searcher.searches), _MOST_TOGETHER)

    def _finished(self, samples: Sequence[_Parts]) -> Iterator[Finished]:
        """Samples whose parts are all embedded, by model, in (n_pictures, d)."""
        wholes = [_whole(parts) for parts in samples]
        found = [self._searcher.search(evaluator, wholes) for evaluator in self._evaluators]
        for place, (whole, parts) in enumerate(zip(wholes, samples, strict=True)):
            finished = Finished(whole.sample, [], whole.broken)
            if not whole.broken:
                for number, evaluator in enumerate(self._evaluators):
                    rows = np.concatenate([embedded[number] for _, embedded in parts if embedded])
                    self._tell(finished, evaluator, whole, rows, found[number][place])
            yield finished

    def _tell(
        self,
        finished: Finished,
        evaluator: Evaluator,
        whole: Drawing,
        rows: Features,
        found: Sequence[tuple[Picture, Found, Features]],
    ) -> None:
        """Put into `finished` what one model says of a sample, and what was found for it."""
        finished.found.update({made.pixels: made.png for _, made, _ in found})
        longer = replace(whole, pictures=(*whole.pictures, *(picture for picture, _, _ in found)))
        rows = np.concatenate([rows, *(embedding for _, _, embedding in found)])
        finished.records.extend(evaluator.records(longer, rows, self._seed))
        if self._options.keep_embeddings:
            finished.embeddings.extend(_embedded(evaluator.model.name, longer, rows))


def _whole(parts: _Parts) -> Drawing:
    """A sample's parts as one drawing."""
    last = parts[-1][0]
    return replace(
        last,
        pictures=tuple(picture for drawing, _ in parts for picture in drawing.pictures),
        likeness=parts[0][0].likeness,
    )


def _embedded(model: str, drawing: Drawing, rows: Features) -> Iterator[Embedded]:
    for picture, values in zip(drawing.pictures, rows, strict=True):
        if not picture.as_published:  # the predictions do not hold it
            yield Embedded(model, picture.pixels, values)


def _evaluators(
    models: Sequence[Model],
    classifiers: Sequence[Classifier],
    further: Sequence[Task],
    options: RunOptions,
) -> tuple[list[Preprocess], list[Evaluator]]:
    """The distinct preprocessings, and each model's evaluator with its place among them."""
    preprocesses: dict[str, Preprocess] = {}
    for model in models:
        preprocesses.setdefault(repr(model.preprocess), model.preprocess)
    places = list(preprocesses)
    evaluators = [
        Evaluator(
            model,
            classifier,
            places.index(repr(model.preprocess)),
            options.batch_size,
            options.device,
            {t.name: classifier_for(model, t, options) for t in further if model.answers(t)},
        )
        for model, classifier in zip(models, classifiers, strict=True)
    ]
    return list(preprocesses.values()), evaluators


def classifier_for(model: Model, task: Task, options: RunOptions) -> Classifier:
    """The model asked a task's question, its text features from the cache where there."""

    def told(done: int, total: int) -> None:
        options.progress(f"text features of {model.name}", done, total)

    return model.classifier(task, options.cache, told)


def embed_drawn(model: Model, drawn: torch.Tensor, batch_size: int, device: str) -> Features:
    """A drawing's inputs (n, 3, s, s) to float32 (n, d), `batch_size` a forward pass."""
    parts = [
        model.encode_image(model_input(model.preprocess, batch, device))
        for batch in torch.split(drawn, batch_size)
    ]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


def _noted_answer(drawn: Drawn, classifier: Classifier) -> int:
    """The right answer to an auxiliary question, as noted; `UserError` if it is none."""
    name, recipe = classifier.task.name, drawn.attack.recipe
    answer = str(drawn.attacked.facts.get(name, ""))
    label = classifier.class_index(answer)
    if label < 0:
        raise UserError(
            f"recipe {recipe} asks for {name!r}, but notes {answer!r}, which is no answer to that; "
            "`typoattack check` tells what is"
        )
    return label


def _answers(
    evaluator: Evaluator,
    classifier: Classifier,
    drawing: Drawing,
    label: int,
    embeddings: Features,
) -> list[Record]:
    """What a classifier says of a sample's pictures, `label` being right."""
    scores = classifier.scores(embeddings)
    common: Record = {
        "model": evaluator.model.name,
        "task": classifier.task.name,
        "sample": drawing.sample,
        "label": label,
        "clean_predicted": int(scores.predicted[0]),
        "clean_sim_label": float(scores.similarity[0, label]),
    }
    records = []
    features: dict[str, Features] = {}  # a sample's attacks mostly write one word
    for row, (picture, answer) in enumerate(
        zip(drawing.pictures, _each_answer(scores, label), strict=True)
    ):
        record = common | answer | {"pixels": picture.pixels}
        if picture.drawn is None:
            record |= UNATTACKED | {"facts": _encode({"likeness": drawing.likeness})}
            if picture.as_published:
                record |= {"recipe": AS_PUBLISHED, "family": AS_PUBLISHED}
        else:
            word = picture.drawn.attacked.word
            record |= attack_columns(picture.drawn)
            record |= _word_columns(classifier, word, label, scores.probability[row])
            if word not in features:
                features[word] = classifier.word_features([word])[0]
            record["sim_word"] = float(embeddings[row] @ features[word])
            record["clean_sim_word"] = float(embeddings[0] @ features[word])
        records.append(record)
    return records


def _word_columns(classifier: Classifier, word: str, label: int, probability: Features) -> Record:
    """Which class is written, and how probable it is held to be."""
    target = classifier.class_index(word)
    if word == classifier.task.class_names[label]:
        target = label  # of two classes with one name, the right one is meant
    return {"target": target, "prob_word": float(probability[target]) if target >= 0 else None}


def _each_answer(scores: Scores, label: int) -> Iterator[Record]:
    """What the classifier said of each picture."""
    similarity, probability, predicted = scores.similarity, scores.probability, scores.predicted
    each = np.arange(len(predicted))
    tops = _most_probable(similarity, probability)
    columns = {
        "predicted": predicted,
        "correct": predicted == label,
        "prob_label": probability[:, label],
        "prob_predicted": probability[each, predicted],
        "sim_label": similarity[:, label],
        "sim_predicted": similarity[each, predicted],
        "top": tops,
        "top_prob": np.take_along_axis(probability, tops, axis=1),
    }
    for values in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield dict(zip(columns, values, strict=True))


def _most_probable(similarity: Features, probability: Features) -> NDArray[np.intp]:
    """(n, TOP) most probable classes, best first; the more similar of two that are as probable."""
    # Zero-shot probabilities follow similarity but may round to equals; a probe's do not follow.
    count = min(TOP, probability.shape[1])
    least = np.partition(probability, -count, axis=1)[:, -count, None]
    rows, able = np.nonzero(probability >= least)  # a few more where some are as probable
    order = np.lexsort((-similarity[rows, able], -probability[rows, able], rows))
    begins = np.searchsorted(rows, np.arange(len(probability)))
    return able[order[begins[:, None] + np.arange(count)]]


_NO_CLEAN: Record = {"clean_predicted": -1, "clean_sim_label": None, "clean_sim_word": None}

UNATTACKED: Record = {
    "recipe": CLEAN,
    "family": CLEAN,
    "control": "",
    "control_of": "",
    "replicate": 0,
    "word": "",
    "written": "",
    "target": -1,
    "prob_word": None,
    "sim_word": None,
    "clean_sim_word": None,
    "coverage": 0.0,
    "size": 0.0,
    "box": [0, 0, 0, 0],
    "facts": "{}",
}


def attack_columns(drawn: Drawn) -> Record:
    """What was done to one picture."""
    attack, made = drawn.attack, drawn.attacked
    return {
        "recipe": attack.label,
        "family": "control" if attack.control else "attack",
        "control": attack.control,
        "control_of": attack.control_of,
        "replicate": drawn.replicate,
        "word": made.word,
        "written": made.written,
        "coverage": made.coverage,
        "size": made.size,
        "box": list(made.box),
        "facts": _encode(dict(made.facts)),
    }


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
