"""Running a suite on a chat model: an engine of `typoattack.runner.execute`.

A chat model chooses between two things, the object and what is written on it. Its rows of the
predictions answer the question `TWO_WAY`, whose classes are the data set's, the suite's words that
are none of them, and `NEITHER`; so every table and page that there is of a run is there of it too.
A clean picture is asked once for each word, with the choices of the attacked picture beside it, and
has a row for each (its `replicate` counts the words).
"""

import functools
import json
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from typoattack.chat.client import ChatClient, Endpoint, NoAnswer, Reply, give_up, png
from typoattack.chat.question import PHRASINGS, Question, Verdict, ask, verdict_on
from typoattack.core.call import literal
from typoattack.core.errors import UserError
from typoattack.core.randomness import digest, stream
from typoattack.models.base import Lineage
from typoattack.results.folder import RunFolder
from typoattack.results.writer import Finished, Record, ResultWriter
from typoattack.runner.classify import UNATTACKED, attack_columns
from typoattack.runner.draw import Drawn, Generator, draw_all, open_sample, pixel_fingerprint
from typoattack.runner.engines import Engine
from typoattack.runner.options import RunOptions
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

_MOST_FAILURES = 10
"""Questions in a row without any answer after which a run stops."""

_TOKENS_A_PICTURE = 85
"""What OpenAI counts for a picture at low detail (its vision guide); others differ."""


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A chat model at an endpoint, asked in one phrasing: what a run's manifest says of it.

    Attributes:
        endpoint: who answers.
        phrasing: a name of `PHRASINGS`.
    """

    endpoint: Endpoint
    phrasing: str

    @property
    def lineage(self) -> Lineage:
        """The endpoint's model, and how it is asked."""
        return Lineage(f"openai:{self.endpoint.model}", (), f"asked({literal(self.phrasing)})")

    @property
    def name(self) -> str:
        """Its lineage, printed."""
        return str(self.lineage)

    @property
    def fingerprint(self) -> str:
        """A hash of all that is sent beside the picture; an endpoint does not tell its weights."""
        options = json.dumps(dict(self.endpoint.options), sort_keys=True)
        return digest(
            self.endpoint.shown_url, self.endpoint.model, options, *PHRASINGS[self.phrasing]
        )

    @property
    def image_size(self) -> int:
        """0: pictures are sent as large as the canvas."""
        return 0

    @property
    def reads(self) -> bool:
        """True: what a chat model sees is not known."""
        return True

    @property
    def note(self) -> str:
        """What its figures are shares of."""
        return (
            "it chose between the object and the word; a refusal, and an answer that is neither, "
            "count as wrong, and not as the word"
        )

    def answers(self, task: Task) -> bool:
        """Whether it is asked that: which of two, and nothing else."""
        return task.name == TWO_WAY


@dataclass(frozen=True, slots=True)
class Item:
    """One question about one picture.

    Attributes:
        drawn: what was drawn; None for the clean picture, asked with the same choices.
        replicate: of the row.
        phrasing: a name of `PHRASINGS`.
        question: what is asked.
        image: the picture as PNG.
        pixels: its fingerprint.
    """

    drawn: Drawn | None
    replicate: int
    phrasing: str
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
    suite: Suite, data: Dataset, phrasings: Sequence[str], indices: Sequence[int] | None = None
) -> Iterator[Interview]:
    """Every question of a suite: each attacked picture, and its clean one with the same choices.

    Controls without the word, and pictures whose word is the label, ask nothing and are left out;
    so are searches.

    Args:
        suite: what is drawn on what.
        data: the photographs.
        phrasings: names of `PHRASINGS`.
        indices: positions in `data`; those of the suite if None.

    Raises:
        UserError: if a word source of the suite asks for a text space.
    """
    generator = _generator(suite, data)
    for index in chosen_indices(suite, data) if indices is None else indices:
        yield _interview(generator, data, index, phrasings)


def _generator(suite: Suite, data: Dataset) -> Generator:
    if needs_text_space(suite):
        raise UserError("a chat model has no text space: choose other words than nearest, farthest")
    check_words(suite, data.task.class_names)
    return Generator(suite, data.task.class_names, shares=shares_of(suite, data))


def _interview(
    generator: Generator, data: Dataset, index: int, phrasings: Sequence[str]
) -> Interview:
    opened = open_sample(generator, data[index])
    sample, canvas = opened.sample, opened.canvas
    if canvas is None:
        return Interview(sample.id, sample.label, broken=opened.broken)
    label, asked = generator.class_names[sample.label], list[str]()
    items: list[Item] = []
    for one in draw_all(generator, opened):
        word, image = one.attacked.word, one.attacked.image
        if one.attack.control or not word or word == label:
            continue
        # One order a word, so that a liking for the first choice cancels between the pictures.
        questions = {
            phrasing: ask(
                label, word, phrasing, stream("chat", generator.suite.seed, sample.id, word)
            )
            for phrasing in phrasings
        }
        if sample.has_clean and word not in asked:
            items += _items(None, len(asked), questions, canvas)
            asked.append(word)
        items += _items(one, one.replicate, questions, image)
    return Interview(sample.id, sample.label, tuple(items))


def _items(
    drawn: Drawn | None, replicate: int, questions: Mapping[str, Question], image: Image.Image
) -> Iterator[Item]:
    """One picture in every phrasing."""
    sent, pixels = png(image), pixel_fingerprint(image)
    light = drawn and without_pixels(drawn)
    for phrasing, question in questions.items():
        yield Item(light, replicate, phrasing, question, sent, pixels)


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


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will ask and cost.

    Attributes:
        questions: in all.
        unpaid: those that the cache does not know.
        prompt_tokens: of the unpaid, roughly.
        completion_tokens: of the unpaid, roughly.
    """

    questions: int
    unpaid: int
    prompt_tokens: int
    completion_tokens: int

    def cost(self, price_in: float, price_out: float) -> float:
        """In the currency of the prices, which are for a million tokens."""
        return (self.prompt_tokens * price_in + self.completion_tokens * price_out) / 1e6


def estimate(asked: Iterable[Interview], client: ChatClient) -> Estimate:
    """Count the questions, without asking any; four characters are taken for a token."""
    questions, unpaid, tokens = 0, 0, 0
    for item in (item for interview in asked for item in interview.items):
        questions += 1
        if client.known(item.image, item.question.text) is None:
            unpaid += 1
            tokens += _TOKENS_A_PICTURE + len(item.question.text) // 4
    return Estimate(questions, unpaid, tokens, 5 * unpaid)


def chat_engine(client: ChatClient, concurrency: int) -> Engine[ChatModel]:
    """Asks an endpoint, at most `concurrency` questions at a time.

    The predictions that it stores hold what was answered in `facts`: `verdict`, `answer`,
    `label_first`, `prompt_tokens`, `completion_tokens` and `answered_by`. A photograph with a
    question that got no answer is left to do; answers are cached as they come.

    Its `run` raises:
        UserError: if the endpoint refuses the key, the model or the requests.
        RunFailure: if it answers nothing several times in a row.
    """
    options = json.dumps(dict(client.endpoint.options), sort_keys=True)
    return Engine(
        device=lambda _: "an endpoint",
        run=functools.partial(_ask_all, client=client, concurrency=concurrency),
        task=two_way_task,
        settings={"endpoint": client.endpoint.shown_url, "options": options},
    )


def _ask_all(
    suite: Suite,
    models: Sequence[ChatModel],
    dataset: Dataset,
    folder: RunFolder,
    options: RunOptions,
    *,
    client: ChatClient,
    concurrency: int,
) -> None:
    indices = chosen_indices(suite, dataset, options.shard)
    writer = ResultWriter(
        folder, indices, dataset, chunk_size=options.chunk_size, progress=options.progress
    )
    names = {model.phrasing: model.name for model in models}
    task = two_way_task(suite, dataset)
    to_ask = interviews(suite, dataset, list(names), writer.left)
    for interview, verdicts in _answered(to_ask, client, concurrency):
        if None in verdicts:
            continue  # a question got no answer, so the photograph is not finished
        answers = [(i, v) for i, v in zip(interview.items, verdicts, strict=True) if v is not None]
        records = list(_records(interview, answers, names, task, suite.seed))
        writer.add(Finished(interview.sample, records, interview.broken))
    writer.flush()


Answer: TypeAlias = tuple[Verdict, Reply]


def _answered(
    asked: Iterable[Interview], client: ChatClient, concurrency: int
) -> Iterator[tuple[Interview, list[Answer | None]]]:
    """Interviews with what was answered to each item, None where nothing was.

    Interviews are taken one after the other, and no more of them once the first is answered or
    twice `concurrency` wait, so that few pictures are held at once.
    """
    running: deque[tuple[Interview, list[Future[Reply]]]] = deque()
    failures, source = 0, iter(asked)
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            while True:
                while _draws_on([own for _, own in running], concurrency):
                    interview = next(source, None)
                    if interview is None:
                        break
                    sent = [
                        pool.submit(client.ask, i.image, i.question.text) for i in interview.items
                    ]
                    running.append((interview, sent))
                if not running:
                    break
                interview, futures = running.popleft()
                verdicts: list[Answer | None] = []
                for item, future in zip(interview.items, futures, strict=True):
                    try:
                        verdicts.append(_verdict(item, future.result()))
                        failures = 0
                    except NoAnswer as error:
                        verdicts.append(None)
                        failures += 1
                        if failures >= _MOST_FAILURES:
                            raise give_up(client.endpoint.shown_url, str(error)) from None
                yield interview, verdicts
        except BaseException:
            client.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _draws_on(running: Sequence[Sequence[Future[Reply]]], concurrency: int) -> bool:
    """Whether another interview is taken before the first of those under way is handed on."""
    waiting = [sum(not one.done() for one in own) for own in running]
    if not waiting:
        return True
    return waiting[0] > 0 and len(waiting) < 2 * concurrency and sum(waiting) < concurrency


def _verdict(item: Item, reply: Reply) -> Answer:
    return "refused" if reply.refused else verdict_on(item.question, reply.text), reply


def _records(
    interview: Interview,
    answers: Sequence[tuple[Item, Answer]],
    names: Mapping[str, str],
    task: Task,
    seed: int,
) -> Iterator[Record]:
    """One row of the predictions for each item."""
    index = {name: place for place, name in reversed(list(enumerate(task.class_names)))}
    clean: dict[tuple[str, str], int] = {}
    for item, (verdict, reply) in answers:
        question, label = item.question, interview.label
        target = index[question.word]
        said = {"label": label, "word": target}.get(verdict, index[NEITHER])
        if item.drawn is None:
            clean[item.phrasing, question.word] = said
        columns = UNATTACKED | {"replicate": item.replicate, "prob_word": None}
        if item.drawn is not None:
            columns = attack_columns(item.drawn) | {"target": target}
        facts = json.loads(columns["facts"]) | {
            "verdict": verdict,
            "answer": reply.text[:2000],
            "label_first": question.label_first,
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "answered_by": reply.model,
        }
        yield columns | {
            "model": names[item.phrasing],
            "task": task.name,
            "sample": interview.sample,
            "label": label,
            "predicted": said,
            "correct": said == label,
            "clean_predicted": clean.get((item.phrasing, question.word), -1),
            "top": [said],
            "top_prob": [math.nan],
            "seed": seed,
            "pixels": item.pixels,
            "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
        }
