"""Which questions a suite asks of which pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from typoattack.chat.phrasing import Phrasing
from typoattack.chat.picture import LOSSLESS, Encoding
from typoattack.chat.question import Question, ask
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.runner.draw import Drawn, Generator, draw_all, open_sample, pixel_fingerprint
from typoattack.runner.plan import chosen_indices, needs_text_space, shares_of
from typoattack.runner.worker import without_pixels
from typoattack.runner.writable import check_words
from typoattack.samples.base import Dataset
from typoattack.suite import Suite
from typoattack.task import Task

TWO_WAY = "object or word"
"""The name of the question: which of two is it?"""

NEITHER = "neither of the two"
"""The answer of a model that refuses, or names nothing that was to choose from."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question about one picture.

    Attributes:
        drawn: what was drawn; None for the clean picture, asked with the same choices.
        replicate: of the row.
        question: what is asked.
        image: the encoded picture.
        pixels: the fingerprint of the picture before that.
    """

    drawn: Drawn | None
    replicate: int
    question: Question
    image: bytes
    pixels: str


@dataclass(frozen=True, slots=True)
class Interview:
    """All questions about one photograph.

    Attributes:
        sample: its id.
        label: its class.
        items: none where no picture bears a word to choose.
        broken: why it cannot be used; empty if it can.
    """

    sample: str
    label: int
    items: tuple[Item, ...] = ()
    broken: str = ""


def interviews(
    suite: Suite,
    data: Dataset,
    phrasings: Sequence[Phrasing],
    encoding: Encoding = LOSSLESS,
    indices: Sequence[int] | None = None,
    controls: bool = False,
) -> Iterator[Interview]:
    """Every question of a suite: each attacked picture, and its clean one with the same choices.

    Pictures whose word is the label ask nothing and are left out; so are searches.

    Args:
        suite: what is drawn on what.
        data: the photographs.
        phrasings: how it is asked.
        encoding: what each picture is encoded in.
        indices: positions in `data`; those of the suite if None.
        controls: whether controls are asked too, with the choices of their attack.

    Raises:
        UserError: if a word source of the suite asks for a text space.
    """
    generator = _generator(suite, data)
    for index in chosen_indices(suite, data) if indices is None else indices:
        yield _interview(generator, data, index, phrasings, encoding, controls)


def _generator(suite: Suite, data: Dataset) -> Generator:
    if needs_text_space(suite):
        raise UserError("a chat model has no text space: choose other words than nearest, farthest")
    check_words(suite, data.task.class_names)
    return Generator(suite, data.task.class_names, shares=shares_of(suite, data))


def _interview(
    generator: Generator,
    data: Dataset,
    index: int,
    phrasings: Sequence[Phrasing],
    encoding: Encoding,
    controls: bool,
) -> Interview:
    opened = open_sample(generator, data[index])
    sample, canvas = opened.sample, opened.canvas
    if canvas is None:
        return Interview(sample.id, sample.label, broken=opened.broken)
    label, asked = generator.class_names[sample.label], list[str]()
    items: list[Item] = []
    for one in draw_all(generator, opened):
        word, image = one.attacked.word, one.attacked.image
        if (one.attack.control and not controls) or not word or word == label:
            continue
        # One order a word, so that a liking for the first choice cancels between the pictures.
        questions = [
            ask(label, word, phrasing, stream("chat", generator.suite.seed, sample.id, word))
            for phrasing in phrasings
        ]
        if sample.has_clean and word not in asked:
            items += _items(None, len(asked), questions, canvas, encoding)
            asked.append(word)
        items += _items(one, one.replicate, questions, image, encoding)
    return Interview(sample.id, sample.label, tuple(items))


def _items(
    drawn: Drawn | None,
    replicate: int,
    questions: Sequence[Question],
    image: Image.Image,
    encoding: Encoding,
) -> Iterator[Item]:
    """One picture in every phrasing."""
    sent, pixels = encoding.encoded(image), pixel_fingerprint(image)
    light = drawn and without_pixels(drawn)
    for question in questions:
        yield Item(light, replicate, question, sent, pixels)


def two_way_task(suite: Suite, data: Dataset) -> Task:
    """The question of a chat run: its classes are all that a choice may be, and `NEITHER`."""
    generator = _generator(suite, data)
    names = data.task.class_names
    words = set[str]()
    for index in chosen_indices(suite, data):
        sample = data[index]
        words |= {variant.word for variant in sample.variants}
        for attack, replicate in generator.pictures_of(sample):
            if not attack.given:
                words.add(generator.word(attack, sample, replicate) or "")
    further = sorted(words - {*names, ""})
    return Task(TWO_WAY, (*names, *further, NEITHER), data.task.templates)
