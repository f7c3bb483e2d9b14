"""Chat models at an endpoint: an engine of `typoattack.runner.execute`, and what it will cost."""

import functools
import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

from typoattack.chat.answer import Answer
from typoattack.chat.budget import TOKENS_A_PICTURE, tokens_of
from typoattack.chat.client import ChatClient, Endpoint, NoAnswer, give_up, nothing_answered
from typoattack.chat.interviews import Interview, Item
from typoattack.chat.letters import in_words, weighed
from typoattack.chat.model import ChatModel, Way
from typoattack.chat.phrasing import Phrasing
from typoattack.chat.picture import LOSSLESS, Encoding
from typoattack.chat.reply import Reply
from typoattack.chat.run import Answered, engine_of
from typoattack.core.randomness import digest
from typoattack.runner.engines import Engine

Replies: TypeAlias = tuple[Reply, ...]

_MOST_FAILURES = 10
"""Questions in a row without any answer after which a run stops."""

_FIRST_FAILURES = 3
"""The same where nothing was answered yet, and all failed alike."""


@dataclass
class Tally:
    """How many questions were answered, and why others were not.

    Attributes:
        answered: from the cache or by the endpoint.
        reasons: how often each came, in the order in which they first did.
    """

    answered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Questions without an answer."""
        return self.reasons.total()

    @property
    def told(self) -> str:
        """The first reason and how often it came, where there is one."""
        if not self.reasons:
            return ""
        (reason, count), *others = self.reasons.items()
        asked = self.failed + self.answered
        often = f", {count:,} of them: {reason}" if others else f": {reason}"
        return f"no answer to {self.failed:,} of {asked:,} questions asked{often}"


def chat_models(
    endpoint: Endpoint,
    phrasings: Sequence[Phrasing],
    way: Way = "generated",
    encoding: Encoding = LOSSLESS,
    controls: bool = False,
) -> list[ChatModel]:
    """The endpoint's model in each phrasing; an endpoint does not tell its weights."""
    options = json.dumps(dict(endpoint.options), sort_keys=True)
    identity = digest(endpoint.shown_url, endpoint.model, options)
    base = f"openai:{endpoint.model}"
    return [ChatModel(base, identity, one, way, encoding, controls) for one in phrasings]


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


def estimate(asked: Iterable[Interview], client: ChatClient, way: Way = "generated") -> Estimate:
    """Count the questions, without asking any; four characters are taken for a token."""
    questions, unpaid, tokens = 0, 0, 0
    for item in (item for interview in asked for item in interview.items):
        for text in _texts(item, way):
            questions += 1
            if client.known(item.image, text) is None:
                unpaid += 1
                tokens += TOKENS_A_PICTURE + tokens_of(text)
    return Estimate(questions, unpaid, tokens, 5 * unpaid)


def chat_engine(
    client: ChatClient, concurrency: int, way: Way = "generated", tally: Tally | None = None
) -> Engine[ChatModel]:
    """Asks an endpoint, at most `concurrency` questions at a time.

    The predictions that it stores hold what was answered in `facts`: `verdict`, `answer`,
    `label_first`, `prompt_tokens`, `completion_tokens` and `answered_by`; by letters, both orders'
    log-probabilities, or in `logprobs` why there are none. A photograph with a question that got no
    answer is left to do; answers are cached as they come. `tally` counts both.

    Its `run` raises:
        UserError: if the endpoint refuses the key, the model or the requests.
        RunFailure: if it answers nothing several times in a row, or nothing at all, or the budget
            is spent.
    """
    options = json.dumps(dict(client.endpoint.options), sort_keys=True)
    return engine_of(
        functools.partial(
            asked_of_endpoint, client=client, concurrency=concurrency, way=way, tally=tally
        ),
        device=lambda _: "an endpoint",
        settings={"endpoint": client.endpoint.shown_url, "options": options},
    )


def asked_of_endpoint(
    asked: Iterable[Interview],
    *,
    client: ChatClient,
    concurrency: int,
    way: Way = "generated",
    tally: Tally | None = None,
) -> Iterator[Answered]:
    """Interviews with what was answered to each item, None where nothing was.

    Interviews are taken one after the other, and no more of them once the first is answered or
    twice `concurrency` wait, so that few pictures are held at once.
    """
    running: deque[tuple[Interview, list[Future[Replies]]]] = deque()
    failures, source, counted = 0, iter(asked), Tally() if tally is None else tally
    with ThreadPoolExecutor(concurrency) as pool:
        try:
            while True:
                while _draws_on([own for _, own in running], concurrency):
                    interview = next(source, None)
                    if interview is None:
                        break
                    sent = [pool.submit(_ask, client, item, way) for item in interview.items]
                    running.append((interview, sent))
                if not running:
                    break
                interview, futures = running.popleft()
                answers: list[Answer | None] = []
                for item, future in zip(interview.items, futures, strict=True):
                    try:
                        answers.append(_answer(item, future.result()))
                        failures, counted.answered = 0, counted.answered + 1
                    except NoAnswer as error:
                        answers.append(None)
                        failures += 1
                        counted.reasons[str(error)] += 1
                        _refuse_silence(counted)
                        if failures >= _MOST_FAILURES:
                            raise give_up(client.endpoint.shown_url, str(error)) from None
                yield interview, answers
        except BaseException:
            client.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if counted.failed and not counted.answered:
        raise nothing_answered(counted.told)


def _refuse_silence(counted: Tally) -> None:
    """Raise `RunFailure` where nothing was answered and the first questions all failed alike."""
    alike = len(counted.reasons) == 1 and counted.failed >= _FIRST_FAILURES
    if alike and not counted.answered:
        raise nothing_answered(counted.told)


def _draws_on(running: Sequence[Sequence[Future[Replies]]], concurrency: int) -> bool:
    """Whether another interview is taken before the first of those under way is handed on."""
    waiting = [sum(not one.done() for one in own) for own in running]
    if not waiting:
        return True
    return waiting[0] > 0 and len(waiting) < 2 * concurrency and sum(waiting) < concurrency


def _texts(item: Item, way: Way) -> tuple[str, ...]:
    """What is asked of a picture: by letters, in both orders."""
    question = item.question
    return (question.text,) if way == "generated" else (question.text, question.turned.text)


def _ask(client: ChatClient, item: Item, way: Way) -> Replies:
    return tuple(client.ask(item.image, text) for text in _texts(item, way))


def _answer(item: Item, replies: Replies) -> Answer:
    if len(replies) == 1:
        return in_words(item.question, replies[0])
    return weighed(item.question, replies)
