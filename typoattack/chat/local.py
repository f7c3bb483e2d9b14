"""Vision-language models in this process: an engine of `typoattack.runner.execute`."""

import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from typoattack.chat.answer import Answer, Preference
from typoattack.chat.interviews import Interview, Item
from typoattack.chat.model import ChatModel, Way
from typoattack.chat.phrasing import Phrasing
from typoattack.chat.picture import LOSSLESS, Encoding, decoded
from typoattack.chat.question import Question, verdict_on
from typoattack.chat.run import Answered, engine_of
from typoattack.chat.vlm import Continuation, VisionLanguageModel
from typoattack.models.devices import resolve_device
from typoattack.runner.engines import Engine


def local_models(
    vlm: VisionLanguageModel,
    phrasings: Sequence[Phrasing],
    way: Way = "letters",
    encoding: Encoding = LOSSLESS,
    controls: bool = False,
) -> list[ChatModel]:
    """The model in each phrasing."""
    return [ChatModel(vlm.name, vlm.fingerprint, one, way, encoding, controls) for one in phrasings]


def local_engine(vlm: VisionLanguageModel, way: Way = "letters") -> Engine[ChatModel]:
    """Asks a model that is open, one picture after the other.

    The predictions that it stores hold in `facts`: by log-probabilities those of both answers in
    both orders, and `mass`, the share of the model's belief that went to either (the mean of both
    orders); of a generated answer, `answer` and `label_first`.

    Its `run` raises:
        UserError: if the model gives no number, or its processor refuses a question.
        RunFailure: if memory does not suffice.
    """
    answered = functools.partial(_answered, vlm=vlm, way=way)
    return engine_of(answered, device=resolve_device, settings={})


def _answered(
    asked: Iterable[Interview], *, vlm: VisionLanguageModel, way: Way
) -> Iterator[Answered]:
    for interview in asked:
        yield interview, [_answer(item, vlm, way) for item in interview.items]


def _answer(item: Item, vlm: VisionLanguageModel, way: Way) -> Answer:
    image, question = decoded(item.image), item.question
    if way == "generated":
        said = vlm.generate(image, question.text)
        facts: Mapping[str, str | bool] = {
            "answer": said[:2000],
            "label_first": question.label_first,
        }
        return Answer(verdict_on(question, said), facts)
    orders = (question, question.turned) if question.label_first else (question.turned, question)
    wanted = [[Continuation(one.text, answer) for answer in _choices(one, way)] for one in orders]
    tokens = vlm.log_probabilities(image, wanted)
    (label, word), (word_first, label_second) = [
        [_likelihood(own, way) for own in order] for order in tokens
    ]
    preference = Preference((label, label_second), (word, word_first))
    mass = sum(math.exp(sum(own)) for order in tokens for own in order) / len(orders)
    return Answer(preference.verdict, preference.facts | {"mass": mass}, preference)


def _choices(question: Question, way: Way) -> tuple[str, str]:
    return question.phrasing.answers if way == "letters" else question.choices


def _likelihood(tokens: Sequence[float], way: Way) -> float:
    """Of an answer: letters as they are, names a token, or else a longer name were less likely."""
    return sum(tokens) if way == "letters" else sum(tokens) / len(tokens)
