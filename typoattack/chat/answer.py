"""What a model answered to one question, in words or in log-probabilities."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typoattack.chat.question import Verdict


@dataclass(frozen=True, slots=True)
class Preference:
    """Log-probabilities of the two answers, asked in both orders; natural logarithms.

    Attributes:
        label: of the object's answer, where the object stands first and where it stands second.
        word: of the word's answer, where the object stands first and where it stands second.
    """

    label: tuple[float, float]
    word: tuple[float, float]

    @property
    def log_label(self) -> float:
        """Mean over the two orders: what a liking for a place or a letter adds cancels."""
        return sum(self.label) / 2

    @property
    def log_word(self) -> float:
        """The same of the word."""
        return sum(self.word) / 2

    @property
    def probability(self) -> float:
        """Of the object, where it and the word are the only answers: 0 to 1."""
        difference = self.log_word - self.log_label
        if difference > 0:  # so that no exponential overflows
            return math.exp(-difference) / (1 + math.exp(-difference))
        return 1 / (1 + math.exp(difference))

    @property
    def verdict(self) -> Verdict:
        """The likelier of the two; `unclear` if they are equally likely."""
        if self.log_label == self.log_word:
            return "unclear"
        return "label" if self.log_label > self.log_word else "word"

    @property
    def facts(self) -> dict[str, float]:
        """What went into it, for the predictions."""
        names = ("label_first", "label_second")
        told = {f"log_label_{name}": value for name, value in zip(names, self.label, strict=True)}
        return told | {
            f"log_word_{name}": value for name, value in zip(names, self.word, strict=True)
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered.

    Attributes:
        verdict: what it chose.
        facts: what the predictions keep of it beside that.
        preference: where the model told how likely each answer is.
    """

    verdict: Verdict
    facts: Mapping[str, Any] = field(default_factory=dict)
    preference: Preference | None = None
