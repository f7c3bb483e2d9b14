"""Can a model read at all? Word-only pictures, and which of k words it picks.

A model that cannot read is safe from typographic attacks, at a price. RIO-Bench (Read-or-Ignore,
2025) asks vision-language models for both, to use text and to ignore it; here dual encoders are
asked to read. What is asked depends on the seed alone, not on the photographs or the attacks, so
that any two runs of one seed asked the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.drawing.fonts import Face, families
from typoattack.drawing.handwriting import handwritten
from typoattack.drawing.lettering import Lettering, printed
from typoattack.models.base import Classifier, Model
from typoattack.models.pixels import drawn_input
from typoattack.recipes.lin2023 import STYLES
from typoattack.results.folder import RunFolder
from typoattack.results.reading import read_reading, write_reading
from typoattack.results.writer import Record
from typoattack.runner.classify import classifier_for, embed_drawn
from typoattack.runner.draw import pixel_fingerprint
from typoattack.runner.options import RunOptions
from typoattack.suite import Suite
from typoattack.task import Task
from typoattack.words import vocabulary

CANDIDATES = 10
"""Words to choose from, the written one among them: who guesses is right one time in ten."""

SIZES = (0.05, 0.1, 0.2)
"""Font sizes, shares of the canvas; a long text is set smaller where it would not fit."""

SENTENCES = ("the word is {}", "please read {} aloud", "it says {} here")
"""What a word stands in where it does not stand alone; all candidates would fit."""

TEMPLATES = ('the word "{}"', 'text that says "{}"', 'the word "{}" printed on paper')

_FREE = 0.06
"""Of the canvas on each side, without letters."""


@dataclass(frozen=True, slots=True)
class WordPicture:
    """A word on a plain ground, and what there is to choose from.

    Attributes:
        name: the same picture has the same name in every run.
        word: which it is.
        written: the text drawn: the word, or a sentence that it stands in.
        form: `word` or `sentence`.
        face: the font.
        size: the largest font size, share of the canvas.
        style: a name of `typoattack.recipes.lin2023.STYLES`: letters and ground.
        candidates: the words to choose from, in the order of the vocabulary.
    """

    name: str
    word: str
    written: str
    form: str
    face: Face
    size: float
    style: str
    candidates: tuple[str, ...]


def word_pictures(count: int, seed: int) -> list[WordPicture]:
    """The first `count` word-only pictures of a seed: words, fonts, sizes and forms by turns.

    No word comes twice before all of the vocabulary have come once, and fewer pictures are the
    first of more.
    """
    words = vocabulary()
    faces = [
        face
        for family in families().values()
        if "latin" in family.scripts
        for face in family.faces.values()
    ]
    made = []
    for number in range(count):
        turn, place = divmod(number, len(words))
        order = stream(seed, "reading order", turn).permutation(len(words))
        rng = stream(seed, "reading", number)
        word = words[int(order[place])]
        alone = number % 2 == 0
        sentence = "{}" if alone else SENTENCES[int(rng.integers(len(SENTENCES)))]
        made.append(
            WordPicture(
                f"reading/{seed}/{number:05d}",
                word,
                sentence.replace("{}", word),
                "word" if alone else "sentence",
                faces[int(rng.integers(len(faces)))],
                SIZES[int(rng.integers(len(SIZES)))],
                list(STYLES)[int(rng.integers(len(STYLES)))],
                _candidates(word, words, rng),
            )
        )
    return made


def _candidates(word: str, words: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    """The word and others of much the same length, which alone must not tell it."""
    others = [other for other in words if other != word]
    nearness = np.array([abs(len(other) - len(word)) for other in others])
    order = np.lexsort((rng.random(len(others)), nearness))
    return tuple(sorted([word, *(others[i] for i in order[: CANDIDATES - 1])]))


def draw_word_picture(picture: WordPicture, side: int) -> tuple[Image.Image, float]:
    """The picture on a canvas of `side` pixels, and the font size used, share of the canvas."""
    letters, ground = STYLES[picture.style]
    image = Image.new("RGB", (side, side), ground)
    text = _lettering(picture, round(side * (1 - 2 * _FREE)), picture.size * side)
    wide, tall = text.ink.size
    image.paste(letters, ((side - wide) // 2, (side - tall) // 2), text.ink)
    return image, text.em / side


def _lettering(picture: WordPicture, room: int, em: float) -> Lettering:
    """The text in print or as by hand, in a font size of `em` pixels where that fits."""
    if families()[picture.face.family].style == "printed":
        return printed(picture.written, picture.face, (room, room), em=em)

    def by_hand(side: int) -> Lettering:
        rng = stream("reading by hand", picture.name)
        return handwritten(picture.written, picture.face, (side, side), rng)

    largest = by_hand(room)
    return largest if largest.em <= em else by_hand(max(round(room * em / largest.em), 1))


def ask_to_read(
    suite: Suite, models: Sequence[Model], folder: RunFolder, options: RunOptions
) -> None:
    """Ask each model to read the suite's word-only pictures, unless the folder has the answers.

    A model that cannot be asked for any words (a probe) is left out.

    Raises:
        UserError: if a model answers NaN, or the folder's answers are damaged.
    """
    done = read_reading(folder.path)
    if done is not None and _complete(done, suite, models):
        return
    task = reading_task()
    asked = [model for model in models if model.answers(task)]
    pictures = word_pictures(suite.reads, suite.seed)
    parts = [pd.DataFrame(_answers(model, pictures, suite, options)) for model in asked]
    if parts:
        write_reading(folder.path, pd.concat(parts, ignore_index=True))


def reading_task() -> Task:
    """Which word is it?"""
    return Task("reading", vocabulary(), TEMPLATES)


def _complete(done: pd.DataFrame, suite: Suite, models: Sequence[Model]) -> bool:
    """Whether every model has answered these very pictures: another vocabulary makes others."""
    wanted = {
        (one.name, one.written, one.face.family, one.candidates)
        for one in word_pictures(suite.reads, suite.seed)
    }
    asked = {model.name for model in models if model.answers(reading_task())}
    answered = {
        str(model): set(
            zip(
                rows["picture"],
                rows["written"],
                rows["font"],
                map(tuple, rows["candidates"]),
                strict=True,
            )
        )
        for model, rows in done.groupby("model")
    }
    return answered == dict.fromkeys(asked, wanted)


def _answers(
    model: Model, pictures: Sequence[WordPicture], suite: Suite, options: RunOptions
) -> Iterator[Record]:
    """A row a picture: which of its candidates the model picks."""
    classifier = classifier_for(model, reading_task(), options)
    for start in range(0, len(pictures), options.batch_size):
        batch = pictures[start : start + options.batch_size]
        drawn = [draw_word_picture(picture, suite.canvas) for picture in batch]
        inputs = torch.stack([drawn_input(model.preprocess, image) for image, _ in drawn])
        embedded = embed_drawn(model, inputs, options.batch_size, options.device)
        similarity = classifier.scores(embedded).similarity
        for picture, (image, size), row in zip(batch, drawn, similarity, strict=True):
            picked = _picked(picture, row, classifier)
            yield {
                "model": model.name,
                "picture": picture.name,
                "word": picture.word,
                "written": picture.written,
                "form": picture.form,
                "font": picture.face.family,
                "style": families()[picture.face.family].style,
                "size": size,
                "candidates": list(picture.candidates),
                "picked": picked,
                "read": picked == picture.word,
                "seed": suite.seed,
                "pixels": pixel_fingerprint(image),
            }
        done = start + len(batch)
        options.progress(f"words read by {model.name}", done, len(pictures))


def _picked(
    picture: WordPicture,
    similarity: "np.ndarray[tuple[int], np.dtype[np.float32]]",
    classifier: Classifier,
) -> str:
    """The candidate that the picture lies nearest to."""
    places = [classifier.class_index(word) for word in picture.candidates]
    return picture.candidates[int(np.argmax(similarity[places]))]
