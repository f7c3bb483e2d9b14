"""A benchmark, resolved: what decides pixels and predictions but the models."""

import dataclasses
from dataclasses import dataclass, replace
from typing import Any

from typoattack.core.errors import UserError
from typoattack.samples import DatasetSpec
from typoattack.suite.attacks import Attack
from typoattack.words import TableWords, parse_words


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark, resolved: everything that decides pixels and predictions but the models.

    Attributes:
        name: the suite's name.
        question: what it answers, one line.
        dataset: which photographs.
        models: names of the models, as `--model` takes them.
        attacks: in the order of the suite, sweeps expanded.
        words: the word source of recipes that ask for none.
        controls: kinds of control that stand beside every attack.
        replicates: words and draws per sample and recipe.
        seed: keys every random stream.
        canvas: side of the square canvas in pixels.
        templates: `simple`, `openai`, a file, or empty for the data set's own.
        limit: only so many samples, spread evenly over the classes; 0 for all.
        first: only the first so many samples of the data set; 0 for all.
        clean_as_published: also classify each photograph as papers do, by the model's own
            preprocessing, without a canvas.
        reads: word-only pictures that each model is asked to read, beside the photographs; 0 for
            none. No prediction depends on it, so runs that differ in it alone are the same.
    """

    name: str
    question: str
    dataset: DatasetSpec
    models: tuple[str, ...]
    attacks: tuple[Attack, ...]
    words: str = "random"
    controls: tuple[str, ...] = ()
    replicates: int = 1
    seed: int = 0
    canvas: int = 448
    templates: str = ""
    limit: int = 0
    first: int = 0
    clean_as_published: bool = False
    reads: int = 0

    @property
    def passes(self) -> int:
        """Forward passes a photograph costs, the clean one included."""
        queries = sum(attack.recipe.most_queries for attack in self.attacks)
        return 1 + self.clean_as_published + self.replicates * (len(self.attacks) + queries)

    @property
    def identity(self) -> dict[str, Any]:
        """What two runs must share to be comparable: all but name, question and models."""
        return {
            "dataset": {k: v for k, v in dataclasses.asdict(self.dataset).items() if v is not None},
            "recipes": [attack.label for attack in self.attacks],
            "recipe_fingerprints": [attack.recipe.fingerprint for attack in self.attacks],
            "word_sources": [attack.words for attack in self.attacks],
            "replicates": self.replicates,
            "seed": self.seed,
            "canvas": self.canvas,
            "templates": self.templates,
            "limit": f"{self.limit} spread over classes" if self.limit else self.first,
        } | self._only_if_asked

    @property
    def _only_if_asked(self) -> dict[str, Any]:
        """What most suites have not: the files of word sources, the clean figure of papers."""
        sources = {attack.words: parse_words(attack.words) for attack in self.attacks}
        tables = {
            spec: source.fingerprint
            for spec, source in sources.items()
            if isinstance(source, TableWords)
        }
        published = {"clean_as_published": True} if self.clean_as_published else {}
        return ({"word_tables": tables} if tables else {}) | published


def with_dataset_options(suite: Suite, **options: Any) -> Suite:
    """`suite` with fields of its `DatasetSpec` replaced where they are given, that is not None."""
    changes = {name: value for name, value in options.items() if value is not None}
    return replace(suite, dataset=replace(suite.dataset, **changes))


def without_searches(suite: Suite) -> tuple[Suite, tuple[str, ...]]:
    """The suite less the attacks that ask a model what to draw, and the labels of those.

    Raises:
        UserError: if it has no other.
    """
    drawn = tuple(a for a in suite.attacks if a.search is None)
    left_out = tuple(a.label for a in suite.attacks if a.search is not None)
    if not drawn:
        raise UserError(
            f"suite {suite.name!r}: {', '.join(left_out)} ask a model what to draw, which only "
            "`typoattack run` does; choose other recipes"
        )
    return replace(suite, attacks=drawn), left_out
