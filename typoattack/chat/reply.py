"""What an endpoint answered, read from its JSON, whatever else is odd about it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Tokens: TypeAlias = "tuple[tuple[tuple[str, float], ...], ...]"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        text: what the model said; empty if it said nothing.
        refused: whether the endpoint itself marked it as a refusal.
        prompt_tokens: as the endpoint counted; 0 if it does not.
        completion_tokens: likewise.
        model: the exact model that answered, as the endpoint says.
        top: at each place of the text's beginning, tokens with their natural log-probabilities:
            the one that was written, then those that were likeliest; empty if the endpoint tells
            none.
    """

    text: str
    refused: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
    top: Tokens = ()


def parse_reply(content: bytes) -> Reply:
    """The reply in a response's JSON.

    What holds a message was paid for, so that nothing else that is odd about it is an error.

    Raises:
        ValueError: if it holds no message.
    """
    try:
        data = json.loads(content)
        choice = data["choices"][0]
        message = choice["message"]
        text, refusal = message.get("content"), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no chat completion in the answer ({type(error).__name__})") from None
    usage = data.get("usage")
    counted = usage if isinstance(usage, dict) else {}
    return sound_reply(
        Reply(
            text=_text(text) or _text(refusal),
            refused=bool(refusal),
            prompt_tokens=counted.get("prompt_tokens", 0),
            completion_tokens=counted.get("completion_tokens", 0),
            model=_text(data.get("model")),
            top=_told(choice.get("logprobs")),
        )
    )


def _text(content: Any) -> str:
    """Text as it is, or as the parts of a list have it."""
    if isinstance(content, list):
        return "".join(_text(one.get("text")) for one in content if isinstance(one, dict))
    return content if isinstance(content, str) else ""


def sound_reply(reply: Reply) -> Reply:
    """A reply that any file can hold: whole characters, and counts that are numbers."""
    return Reply(
        text=_whole(reply.text),
        refused=reply.refused is True,
        prompt_tokens=_count(reply.prompt_tokens),
        completion_tokens=_count(reply.completion_tokens),
        model=_whole(reply.model)[:200],
        top=tuple(_alternatives(place) for place in _listed(reply.top)[:_MOST_PLACES]),
    )


_MOST_PLACES, _MOST_TOKENS = 64, 32
"""How much of an answer's log-probabilities is kept: a letter comes early, and few are given."""


def _told(logprobs: Any) -> Any:
    """The places of an answer that hold log-probabilities, what was written first in each."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    places = [place for place in _listed(content) if isinstance(place, dict)]
    each = [(place, *_listed(place.get("top_logprobs"))) for place in places]
    return [
        [(one.get("token"), one.get("logprob")) for one in tokens if isinstance(one, dict)]
        for tokens in each
    ]


def _alternatives(place: Any) -> tuple[tuple[str, float], ...]:
    """Tokens with their log-probabilities, without those that have no number."""
    found = []
    for one in _listed(place)[:_MOST_TOKENS]:
        pair = _listed(one)
        if len(pair) == 2 and isinstance(pair[0], str) and _is_log(pair[1]):
            found.append((_whole(pair[0]), float(pair[1])))
    return tuple(found)


def _is_log(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -1e6 < value < 1e-3


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _whole(text: Any) -> str:
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""


def _count(value: Any) -> int:
    """A number of tokens; 0 for what is none, such as `1e999`."""
    fair = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if fair else 0
