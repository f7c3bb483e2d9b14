"""What a chat model is asked, word for word: the wordings of `prompts.yaml`."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from typoattack.core.call import literal
from typoattack.core.errors import UserError

_FILE = Path(__file__).with_name("prompts.yaml")
_SLOT = re.compile(r"\{([ab])\}")


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A wording of the question which of two a picture shows.

    Attributes:
        name: how users call it.
        text: what is sent, `{a}` and `{b}` for the two choices.
        answers: what a model that keeps to it answers for the first and for the second choice.
        source: where the wording comes from.
        ignore_text: whether it begins with the request to ignore what is written.
    """

    name: str
    text: str
    answers: tuple[str, str]
    source: str
    ignore_text: bool = False

    @property
    def shown(self) -> str:
        """How a model's name tells it, as the arguments of a call."""
        return literal(self.name) + (", ignore_text=true" if self.ignore_text else "")

    def asks(self, a: str, b: str) -> str:
        """The question between two choices, whatever they are called."""
        return _SLOT.sub(lambda slot: a if slot[1] == "a" else b, self.text)


@functools.cache
def phrasings() -> Mapping[str, Phrasing]:
    """Every wording by name, SCAM's default first."""
    return {
        name: Phrasing(name, one["text"], (one["answers"][0], one["answers"][1]), one["source"])
        for name, one in _read()["phrasings"].items()
    }


def chosen_phrasings(names: Sequence[str], ignore_text: bool = False) -> list[Phrasing]:
    """Each of some wordings once, in the order given, and defended beside bare if wished.

    Args:
        names: SCAM's default if there is none.
        ignore_text: whether each is asked a second time, with the request to ignore text.

    Raises:
        UserError: for a name that is none.
    """
    for name in names:
        if name not in phrasings():
            raise UserError(f"unknown --phrasing {name!r}; there are {', '.join(phrasings())}")
    bare = [phrasings()[name] for name in dict.fromkeys(names or ["scam"])]
    return [one for p in bare for one in ((p, defended(p)) if ignore_text else (p,))]


def defended(phrasing: Phrasing) -> Phrasing:
    """The wording behind the request to ignore what is written: a defence by prompt."""
    text = f"{_read()['ignore_text']}\n{phrasing.text}"
    return Phrasing(phrasing.name, text, phrasing.answers, phrasing.source, True)


@functools.cache
def _read() -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read
