"""Which strings drive photographs to a wanted class: how Goh et al. found their words."""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from typoattack.core.errors import UserError, unknown
from typoattack.core.files import write_whole
from typoattack.core.progress import Progress, silent
from typoattack.core.resources import default_cache_dir
from typoattack.core.spreadsheet import safe_row
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.recipes.base import Recipe
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.classify import Evaluator, classifier_for
from typoattack.runner.draw import draw_word
from typoattack.runner.options import RunOptions
from typoattack.runner.photographs import Photograph, photograph
from typoattack.samples import Dataset
from typoattack.samples.choose import spread
from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class WordScore:
    """How well one string does.

    Attributes:
        word: the string.
        hits: share of the photographs that the model took for the wanted class, 0 to 1.
        probability: mean probability of the wanted class.
        queries: how many pictures the model was asked about.
    """

    word: str
    hits: float
    probability: float
    queries: int


def photographs_of_others(
    data: Dataset, target: str, *, limit: int, canvas: int = 448
) -> list[Photograph]:
    """`limit` photographs that do not show the class `target`, spread over the other classes.

    Args:
        data: whose photographs.
        target: a class's name.
        limit: how many at most.
        canvas: side in pixels.

    Raises:
        UserError: for an unknown class, a photograph that cannot be decoded, or if all of them
            show the class.
    """
    if target not in data.task.class_names:
        raise unknown("class", target, data.task.class_names)
    names = data.task.class_names
    others = [index for index in range(len(data)) if names[data[index].label] != target]
    found = [photograph(data, index, canvas) for index in spread(data, limit, among=others)]
    if not found:
        raise UserError(f"dataset {data.name!r} has no photograph of another class than {target!r}")
    return found


def rank_words(
    vocabulary: Sequence[str],
    photographs: Sequence[Photograph],
    target: str,
    recipe: Recipe,
    model: Model,
    task: Task,
    *,
    together: int = 1,
    seed: int = 0,
    device: str = "cpu",
    batch_size: int = 64,
    progress: Progress = silent,
) -> list[WordScore]:
    """Rank strings by how often they drive photographs to the class `target` of a task.

    Args:
        vocabulary: candidate strings; doubles count once.
        photographs: what the strings are drawn on; see `photographs_of_others`.
        target: a class's name.
        recipe: draws the strings.
        model: which model is asked.
        task: the question that it is asked.
        together: how many strings are put together, greedily; see `search_together`.
        seed: keys the random streams, with the sample's id.
        device: where the model is.
        batch_size: pictures a forward pass at most.
        progress: told how many strings are done.
    """
    options = RunOptions(cache=TextCache(default_cache_dir()), progress=progress)
    classifier = classifier_for(model, task, options)
    done, total = itertools.count(1), len(set(vocabulary)) * together
    return search_together(
        vocabulary,
        [(one.id, one.canvas) for one in photographs],
        classifier.class_index(target),
        recipe,
        Evaluator(model, classifier, 0, batch_size, device).ask,
        together=together,
        seed=seed,
        progress=lambda _: progress("strings", next(done), total),
    )


def search_words(
    vocabulary: Iterable[str],
    photographs: Sequence[tuple[str, Image.Image]],
    target: int,
    recipe: Recipe,
    ask: Callable[[Sequence[Image.Image]], Probabilities],
    *,
    seed: int = 0,
    progress: Callable[[WordScore], None] | None = None,
) -> list[WordScore]:
    """Every string of the vocabulary, the most successful first.

    After Goh et al., *Multimodal Neurons*, 2021, who searched for strings that a class's neuron
    answers to. Each string is drawn on each photograph, at the same place for every string:
    len(vocabulary) × len(photographs) queries.

    Args:
        vocabulary: candidate strings; doubles count once.
        photographs: (sample id, canvas) pairs, none of the wanted class.
        target: index of the wanted class.
        recipe: draws the strings.
        ask: canvas pictures to class probabilities, (n, n_classes).
        seed: keys the random streams: a string is drawn as the first replicate of a run draws it.
        progress: called with each string's score as it is known.
    """
    scores = []
    for word in dict.fromkeys(vocabulary):
        drawn = [
            draw_word(seed, sample, canvas, recipe, word).image for sample, canvas in photographs
        ]
        probabilities = ask(drawn)
        score = WordScore(
            word=word,
            hits=float(np.mean(probabilities.argmax(axis=1) == target)),
            probability=float(probabilities[:, target].mean()),
            queries=len(drawn),
        )
        scores.append(score)
        if progress:
            progress(score)
    return _best_first(scores)


def search_together(
    vocabulary: Sequence[str],
    photographs: Sequence[tuple[str, Image.Image]],
    target: int,
    recipe: Recipe,
    ask: Callable[[Sequence[Image.Image]], Probabilities],
    *,
    together: int,
    seed: int = 0,
    progress: Callable[[WordScore], None] | None = None,
) -> list[WordScore]:
    """The same for several strings on one picture, found greedily, one string after the other.

    To the best string so far each other one is added in turn, and the best of these is kept, as
    Qraitem et al. 2025 (Web Artifact Attacks) put artefacts together: up to `together` times
    `search_words` queries. A string that does not help is not kept, but ranked.

    Args:
        vocabulary: see `search_words`, as are the others.
        photographs: (sample id, canvas) pairs.
        target: index of the wanted class.
        recipe: draws strings with its `between` among them.
        ask: canvas pictures to class probabilities.
        together: how many strings at most.
        seed: keys the random streams.
        progress: called with each score as it is known.
    """
    strings = list(dict.fromkeys(vocabulary))
    scores = search_words(strings, photographs, target, recipe, ask, seed=seed, progress=progress)
    chosen = [scores[0].word]
    while len(chosen) < together:
        longer = {recipe.between.join([*chosen, one]): one for one in strings if one not in chosen}
        found = search_words(longer, photographs, target, recipe, ask, seed=seed, progress=progress)
        best_before = scores[0]
        scores = _best_first([*scores, *found])
        if scores[0] is best_before or not found:
            break
        chosen.append(longer[scores[0].word])
    return scores


def _best_first(scores: Iterable[WordScore]) -> list[WordScore]:
    return sorted(scores, key=lambda s: (-s.hits, -s.probability, s.word))


def write_ranking(scores: Sequence[WordScore], path: Path) -> None:
    """Write the scores as CSV: word, hits, probability, queries.

    Raises:
        UserError: if the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["word", "hits", "probability", "queries"])
    table.writerows(safe_row([s.word, s.hits, s.probability, s.queries]) for s in scores)
    write_whole(path, text.getvalue().encode())
