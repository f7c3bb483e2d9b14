"""How likely each letter was, from the log-probabilities that an endpoint gives."""

import math
from collections.abc import Sequence

from typoattack.chat.answer import Answer, Preference
from typoattack.chat.question import Question, verdict_on
from typoattack.chat.reply import Reply, Tokens

MOST_ALTERNATIVES = 20
"""Tokens asked for at each place of an answer: as many as OpenAI and vLLM give."""

ASKED_FOR = {"logprobs": True, "top_logprobs": MOST_ALTERNATIVES}
"""The fields of a request that asks for them, as OpenAI, vLLM and llama.cpp have them."""

_AROUND = " \t\n▁Ġ()[]{}.,:*\"'`"
"""What may stand around a letter in its token."""


def chances(question: Question, reply: Reply) -> tuple[float, float] | str:
    """Log-probabilities of the first and the second choice's letter, or why there are none.

    They are read where the model wrote the letter that it chose: at the beginning of its answer, or
    behind a bracket; an "a" elsewhere is an article. Of all tokens that were likely there, those
    that are one of the letters, whatever brackets or spaces they bring, are summed.

    Args:
        question: what was asked.
        reply: with the likeliest tokens at each place of its text.
    """
    verdict = in_words(question, reply).verdict
    if verdict not in ("label", "word"):
        return "the answer is no choice"
    if not reply.top:
        return "the endpoint gives no log-probabilities"
    letters = [_bare(answer) for answer in question.phrasing.answers]
    said = letters[0 if (verdict == "label") == question.label_first else 1]
    place = _place_of(said, reply.top)
    if place is None:
        return "the answer is no letter"
    likely = dict(place[1:])  # the first is what was written, which stands among the others too
    likely.setdefault(*place[0])
    summed = [
        math.fsum(math.exp(log) for token, log in likely.items() if _bare(token) == letter)
        for letter in letters
    ]
    for answer, share in zip(question.phrasing.answers, summed, strict=True):
        if share <= 0:
            return f"{answer} is not among the {len(likely)} likeliest"
    return math.log(summed[0]), math.log(summed[1])


def _place_of(letter: str, places: Tokens) -> Sequence[tuple[str, float]] | None:
    """The tokens where an answer's letter stands; None if it is no answer by letter."""
    written = ""
    for place in places:
        token = place[0][0] if place else ""
        bracket = "(" in token or written.rstrip().endswith("(")
        if _bare(token) == letter and (bracket or not _bare(written)):
            return place
        written += token
    return None


def weighed(question: Question, replies: Sequence[Reply]) -> Answer:
    """What was chosen between an object and a word asked about in both orders.

    Where either order tells no log-probabilities of both letters, none are made up: the answer is
    the one in words to the question's own order, and `logprobs` in its facts says why.

    Args:
        question: in its own order.
        replies: to it, and to the same with the choices turned.
    """
    own, other = replies
    spoken = in_words(question, own)
    facts = dict(spoken.facts) | {
        "answer_turned": other.text[:2000],
        "prompt_tokens": own.prompt_tokens + other.prompt_tokens,
        "completion_tokens": own.completion_tokens + other.completion_tokens,
    }
    told = chances(question, own), chances(question.turned, other)
    missing = [one for one in told if isinstance(one, str)]
    if missing:
        return Answer(spoken.verdict, facts | {"logprobs": "; ".join(missing)})
    first, second = told if question.label_first else told[::-1]
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    preference = Preference((first[0], second[1]), (first[1], second[0]))
    return Answer(preference.verdict, facts | preference.facts, preference)


def in_words(question: Question, reply: Reply) -> Answer:
    """What a reply chose, by its words, and what is noted of it."""
    facts = {
        "answer": reply.text[:2000],
        "label_first": question.label_first,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "answered_by": reply.model,
    }
    return Answer("refused" if reply.refused else verdict_on(question, reply.text), facts)


def _bare(token: str) -> str:
    return token.strip(_AROUND).lower()
