"""From a suite to a run that is ready to begin: questions, photographs, near words."""

from collections.abc import Sequence
from dataclasses import dataclass

from typoattack.core.errors import UserError
from typoattack.models.base import Classifier, Model
from typoattack.runner.classify import Evaluation, classifier_for
from typoattack.runner.draw import Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.writable import check_words
from typoattack.samples.base import Dataset
from typoattack.samples.choose import first, spread
from typoattack.samples.labels import templates
from typoattack.suite import Shard, Suite
from typoattack.task import Task
from typoattack.words import Neighbours, OnceClass, apportion, neighbours, parse_words


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, ready to begin.

    Attributes:
        indices: positions of the samples that it does, finished or not.
        generator: draws the suite.
        evaluation: classifies what is drawn.
    """

    indices: Sequence[int]
    generator: Generator
    evaluation: Evaluation


def make_plan(suite: Suite, models: Sequence[Model], dataset: Dataset, options: RunOptions) -> Plan:
    """Check the suite against the data and encode the text.

    Raises:
        UserError: if the suite asks for pictures that the data set lacks.
    """
    check_given(suite, dataset)
    task = task_of(suite, dataset)
    check_words(suite, task.class_names)
    classifiers = [classifier_for(model, task, options) for model in models]
    near = text_space(suite, classifiers[0])
    generator = Generator(suite, task.class_names, near, shares_of(suite, dataset))
    evaluation = Evaluation(models, classifiers, generator, dataset, options)
    return Plan(chosen_indices(suite, dataset, options.shard), generator, evaluation)


def task_of(suite: Suite, dataset: Dataset) -> Task:
    """The question that the suite asks of the data set's pictures."""
    own = dataset.task
    chosen = templates(suite.templates) if suite.templates else own.templates
    return Task(own.name, own.class_names, chosen)


def needs_text_space(suite: Suite) -> bool:
    """Whether a word source of the suite asks for near or far classes."""
    return any(parse_words(attack.words).needs_text_space for attack in suite.attacks)


def text_space(suite: Suite, classifier: Classifier) -> Neighbours | None:
    """The neighbours that the suite's word sources ask for, by the first model's text space."""
    if not needs_text_space(suite):
        return None
    return neighbours(classifier.weights, classifier.task.class_names, suite.replicates)


def shares_of(suite: Suite, dataset: Dataset) -> dict[str, tuple[int, ...]]:
    """Each photograph's classes where a word source gives no two the same; else empty."""
    if not any(isinstance(parse_words(attack.words), OnceClass) for attack in suite.attacks):
        return {}
    samples = (dataset[index] for index in range(len(dataset)))
    labels = {sample.id: sample.label for sample in samples}
    return apportion(labels, dataset.task.class_names, suite.replicates, suite.seed)


def chosen_indices(suite: Suite, dataset: Dataset, shard: Shard | None = None) -> Sequence[int]:
    """Positions of the samples that the suite uses, or those of them that a shard does."""
    if suite.first:
        chosen = first(dataset, suite.first)
    else:
        chosen = spread(dataset, suite.limit, suite.seed)
    if shard is None:
        return chosen
    return [index for index in chosen if shard.holds(dataset[index].id)]


def check_given(suite: Suite, dataset: Dataset) -> None:
    """Refuse a suite that asks for attacked pictures of a kind that the data set lacks.

    Raises:
        UserError: naming the kinds that there are.
    """
    wanted = [attack for attack in suite.attacks if attack.given]
    if not wanted:
        return
    kinds = dataset.variant_kinds
    for attack in wanted:
        if attack.given not in kinds:
            there = ", ".join(f"as-given({kind!r})" for kind in sorted(kinds)) or "none"
            raise UserError(
                f"recipe {attack.recipe}: the data set {dataset.name!r} has no such pictures; "
                f"there are {there}"
            )
