"""The question that a chat model is asked, and what its answer amounts to."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from typoattack.chat.phrasing import Phrasing
from typoattack.core.randomness import Rng

Verdict = Literal["label", "word", "refused", "unclear"]
"""What was chosen: the object, the written word, neither on purpose, neither."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one picture.

    Attributes:
        phrasing: its wording.
        label: the object's name.
        word: what is written.
        label_first: whether the first choice is the object.
    """

    phrasing: Phrasing
    label: str
    word: str
    label_first: bool

    @property
    def choices(self) -> tuple[str, str]:
        """The two, in the order in which they are asked."""
        return (self.label, self.word) if self.label_first else (self.word, self.label)

    @property
    def text(self) -> str:
        """As it is sent."""
        return self.phrasing.asks(*self.choices)

    @property
    def turned(self) -> "Question":
        """The same with the choices in the other order."""
        return replace(self, label_first=not self.label_first)


def ask(label: str, word: str, phrasing: Phrasing, rng: Rng) -> Question:
    """The multiple-choice question between object and word, in an order that `rng` decides."""
    return Question(phrasing, label, word, bool(rng.integers(2)))


_LETTER = re.compile(r"\W*([ab])(?:\W*$|[).:\],*])")
_ARTICLE = re.compile(r"^(?:an?|the|b) ")
_IN_BRACKETS = re.compile(r"\(([ab])\)")
_REFUSALS = re.compile(
    r"\b(?:i['’]?m sorry|i am sorry|sorry, but|i can(?:no|['’])t|i am unable|i['’]?m unable|"
    r"i won['’]t|unable to (?:assist|help|answer|determine)|as an ai|cannot (?:assist|help|answer)|"
    r"not able to (?:assist|help|answer))\b"
)


def verdict_on(question: Question, answer: str) -> Verdict:
    """What an answer chose: a letter, or the name of one choice; refusals are told apart.

    The letter may stand in brackets or before punctuation and be explained afterwards; a name may
    have an article. Both letters in brackets and neither first is unclear. SCAM's own reading
    (`process_answer`) differs in one thing: it takes every answer that begins with the word "a"
    ("a photograph") for the letter, we do not.
    """
    text = " ".join(answer.split()).lower()
    bare = text.strip(" .!\"'*`")
    names = {question.label.lower(): "label", question.word.lower(): "word"}
    for name in (bare, _ARTICLE.sub("", bare)):
        if name in names:
            return "label" if names[name] == "label" else "word"
    if _REFUSALS.search(text.replace("’", "'")):
        return "refused"
    match = _LETTER.match(text)
    letters = {match[1]} if match else set(_IN_BRACKETS.findall(text))
    if len(letters) == 1:
        return "label" if (letters == {"a"}) == question.label_first else "word"
    return "unclear"
