"""Does what fools one model fool another? Found on A, tried on B, on photographs held out.

A word or a place is searched for on one half of the photographs, by asking one model, and tried on
the other half, on every model. A picture is found on a photograph of the second half, and tried on
that photograph. Beside what was found stands what nobody searched for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.progress import Progress, silent
from typoattack.core.randomness import stream
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.recipes import Recipe
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.classify import Evaluator, classifier_for
from typoattack.runner.draw import draw_word
from typoattack.runner.options import RunOptions
from typoattack.runner.photographs import Photograph, photograph
from typoattack.samples import Dataset
from typoattack.samples.choose import spread
from typoattack.words import Situation, parse_words

KINDS = ("words", "places", "pictures")
"""What may be found on one model: a word, a place, or a picture of one photograph."""

PLACES = (
    *("top-left", "top", "top-right", "left", "centre"),
    *("right", "bottom-left", "bottom", "bottom-right"),
)
"""The places that are tried."""

UNSEARCHED = "no search"
"""The source of what was not found by asking anybody: a candidate by lot for each photograph."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for, and how.

    Attributes:
        kind: one of `KINDS`.
        recipe: what draws; for places it has the parameter `place`.
        vocabulary: the words that are tried.
        draws: of a recipe for one photograph, among which a picture is found.
        seed: of every random stream.
        canvas: side in pixels.
    """

    kind: str
    recipe: Recipe
    vocabulary: Sequence[str] = ()
    draws: int = 8
    seed: int = 0
    canvas: int = 448

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(f"transfer of {self.kind!r}: choose {', '.join(KINDS)}")
        if self.kind == "words" and len(set(self.vocabulary)) < 2:
            raise UserError("a search for words needs a vocabulary of two at least")
        if self.kind == "places" and not any(f.name == "place" for f in fields(self.recipe)):
            raise UserError(f"recipe {self.recipe} has no parameter `place` to search for")

    @property
    def candidates(self) -> tuple[Any, ...]:
        """What is tried: words, places, or numbers of draws."""
        if self.kind == "words":
            return tuple(dict.fromkeys(self.vocabulary))
        return PLACES if self.kind == "places" else tuple(range(self.draws))


@dataclass(frozen=True, slots=True)
class _Shot:
    """A photograph to draw on, with what is written where words are not searched for."""

    photo: Photograph
    label: int
    word: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A model, and what it says of the clean photographs: which are right."""

    name: str
    ask: Callable[[Sequence[Image.Image]], Probabilities]
    right: dict[str, bool] = field(default_factory=dict)


def transfer(
    models: Sequence[Model],
    data: Dataset,
    search: Search,
    *,
    limit: int = 0,
    device: str = "cpu",
    batch_size: int = 64,
    cache: TextCache | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """What is found on each model, tried on every model.

    Args:
        models: two or more, each searched and tried.
        data: photographs; half of them, spread over the classes, are searched on.
        search: what is searched for.
        limit: only so many photographs; 0 for all.
        device: where the models are.
        batch_size: pictures a forward pass at most.
        cache: where text features are kept; nowhere if None.
        progress: told how far it is.

    Returns:
        A row a (source, victim, held-out photograph): `source` (`UNSEARCHED` where nobody was
        asked), `victim`, `sample`, `label`, `word` (what is written), `found` (the candidate),
        `right` (whether the victim is right on the clean photograph, and the word is not its own
        class), `flipped`.

    Raises:
        UserError: for fewer than two models, or too few photographs.
    """
    if len({model.name for model in models}) < 2:
        raise UserError("transfer needs at least two models; name another with --model")
    shots = _shots(data, search, limit)
    asked = [_asked(model, data, shots, batch_size, device, cache, progress) for model in models]
    found = _found(asked, shots, search, progress)
    rows = []
    for done, (source, chosen) in enumerate(found.items(), start=1):
        drawn = [(shot, chosen(shot)) for shot in shots.held_out]
        made = [_drawn(shot, candidate, search) for shot, candidate in drawn]
        for victim in asked:
            answers = victim.ask([image for image, _ in made]).argmax(axis=1).tolist()
            for (shot, candidate), (_, word), answer in zip(drawn, made, answers, strict=True):
                right = victim.right[shot.photo.id] and word != shot.photo.name
                rows.append(
                    {
                        "source": source,
                        "victim": victim.name,
                        "sample": shot.photo.id,
                        "label": shot.label,
                        "word": word,
                        "found": str(candidate),
                        "right": right,
                        "flipped": right and answer != shot.label,
                    }
                )
        progress("tried on every model", done, len(found))
    table: pd.DataFrame = pd.DataFrame(rows)
    return table


@dataclass(frozen=True, slots=True)
class _Halves:
    searched: Sequence[_Shot]
    held_out: Sequence[_Shot]


def _shots(data: Dataset, search: Search, limit: int) -> _Halves:
    """The photographs, one half to search on and one held out, each spread over the classes."""
    chosen = spread(data, limit, search.seed)
    if len(chosen) < 4:
        raise UserError(f"transfer needs four photographs at least, not {len(chosen)}")
    searched = set(spread(data, len(chosen) // 2, search.seed + 1, among=chosen))
    made = {index: _shot(data, index, search) for index in chosen}
    return _Halves(
        [made[index] for index in chosen if index in searched],
        [made[index] for index in chosen if index not in searched],
    )


def _shot(data: Dataset, index: int, search: Search) -> _Shot:
    sample, names = data[index], data.task.class_names
    source = parse_words(search.recipe.words or "random")
    if source.needs_text_space:
        source = parse_words("random")
    rng = stream(search.seed, "transfer word", sample.id)
    word = source(Situation(sample.label, names, 0, rng)) or names[sample.label - 1]
    return _Shot(photograph(data, index, search.canvas), sample.label, word)


def _asked(
    model: Model,
    data: Dataset,
    shots: _Halves,
    batch_size: int,
    device: str,
    cache: TextCache | None,
    progress: Progress,
) -> _Asked:
    options = RunOptions(cache=cache or TextCache(None), progress=progress)
    classifier = classifier_for(model, data.task, options)
    one = _Asked(model.name, Evaluator(model, classifier, 0, batch_size, device).ask)
    every = [*shots.searched, *shots.held_out]
    answers = one.ask([shot.photo.canvas for shot in every]).argmax(axis=1)
    one.right.update(
        {shot.photo.id: int(a) == shot.label for shot, a in zip(every, answers, strict=True)}
    )
    return one


def _drawn(shot: _Shot, candidate: Any, search: Search) -> tuple[Image.Image, str]:
    """The attacked picture with a candidate, and what is written on it."""
    recipe, word, replicate = search.recipe, shot.word, 0
    if search.kind == "words":
        word = candidate
    elif search.kind == "places":
        recipe = replace(recipe, place=candidate)  # type: ignore[call-arg]
    else:
        replicate = candidate
    photo = shot.photo
    made = draw_word(search.seed, photo.id, photo.canvas, recipe, word, replicate, photo.load)
    return made.image, word


Chosen = Callable[[_Shot], Any]
"""Which candidate is tried on a photograph."""


def _found(
    asked: Sequence[_Asked], shots: _Halves, search: Search, progress: Progress
) -> dict[str, Chosen]:
    """For each source, which candidate it found; by lot where nobody was asked."""

    def by_lot(shot: _Shot) -> Any:
        rng = stream(search.seed, "transfer lot", shot.photo.id)
        return search.candidates[int(rng.integers(len(search.candidates)))]

    if search.kind == "pictures":
        held = dict(_of_photographs(asked, shots.held_out, search, progress))
        sources = {one.name: lambda shot, name=one.name: held[name, shot.photo.id] for one in asked}
        return {UNSEARCHED: lambda _: 0, **sources}
    best = _of_all(asked, shots.searched, search, progress)
    fixed = {name: lambda _, candidate=candidate: candidate for name, candidate in best.items()}
    return {UNSEARCHED: by_lot, **fixed}


def _of_all(
    asked: Sequence[_Asked], searched: Sequence[_Shot], search: Search, progress: Progress
) -> dict[str, Any]:
    """The one candidate that flips each model most often; of equals, the surest."""
    best: dict[str, tuple[tuple[float, float], Any]] = {}
    for done, candidate in enumerate(search.candidates, start=1):
        images = [_drawn(shot, candidate, search)[0] for shot in searched]
        for one in asked:
            counts = [
                n
                for n, shot in enumerate(searched)
                if one.right[shot.photo.id] and candidate != shot.photo.name
            ]
            score = _score(counts, searched, one.ask(images))
            if one.name not in best or score > best[one.name][0]:
                best[one.name] = score, candidate
        progress(f"{search.kind} tried", done, len(search.candidates))
    return {name: candidate for name, (_, candidate) in best.items()}


def _score(
    counts: Sequence[int], searched: Sequence[_Shot], answers: Probabilities
) -> tuple[float, float]:
    """Share flipped of what was right, and how improbable the right class became."""
    if not counts:
        return 0.0, 0.0
    labels = np.array([searched[n].label for n in counts])
    flipped = answers[counts].argmax(axis=1) != labels
    return float(flipped.mean()), float(-answers[counts, labels].mean())


def _of_photographs(
    asked: Sequence[_Asked], held_out: Sequence[_Shot], search: Search, progress: Progress
) -> Iterator[tuple[tuple[str, str], Any]]:
    """For each model and photograph the draw under which the right class is least probable."""
    for done, shot in enumerate(held_out, start=1):
        images = [_drawn(shot, draw, search)[0] for draw in search.candidates]
        for one in asked:
            answers = one.ask(images)
            yield (one.name, shot.photo.id), int(answers[:, shot.label].argmin())
        progress("pictures searched", done, len(held_out))
