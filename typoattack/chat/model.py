"""What a run's manifest says of a chat model, wherever it answers."""

from dataclasses import dataclass
from typing import Literal, get_args

from typoattack.chat.interviews import TWO_WAY
from typoattack.chat.phrasing import Phrasing
from typoattack.chat.picture import LOSSLESS, Encoding
from typoattack.core.errors import unknown
from typoattack.core.randomness import digest
from typoattack.models.base import Lineage
from typoattack.task import Task

Way = Literal["letters", "names", "generated"]
"""How a model answers: by the log-probabilities of the choices' letters or names, or in words."""

_IN_WORDS = (
    "it chose between the object and the word; a refusal, and an answer that is neither, count as "
    "wrong, and not as the word"
)
_MEASURED = (
    "it chose between the object and the word, by the log-probability of each {what}, the mean of "
    "both orders; these stand where a dual encoder has similarities, and probabilities are those "
    "of the two alone"
)


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A chat model asked in one phrasing.

    Attributes:
        base: its name as users write it: `openai:MODEL`, `vlm:transformers:NAME`.
        identity: a hash of who answers: the endpoint's address and options, or the weights.
        phrasing: how it is asked.
        way: how it answers.
        encoding: of the pictures.
        controls: whether controls are asked too, with the choices of their attack.
    """

    base: str
    identity: str
    phrasing: Phrasing
    way: Way = "generated"
    encoding: Encoding = LOSSLESS
    controls: bool = False

    @property
    def lineage(self) -> Lineage:
        """The model, and how it is asked."""
        asked = self.phrasing.shown
        asked += f', answers="{self.way}"' if self.way != "generated" else ""
        asked += f', picture="{self.encoding}"' if self.encoding != LOSSLESS else ""
        return Lineage(self.base, (), f"asked({asked})")

    @property
    def name(self) -> str:
        """Its lineage, printed."""
        return str(self.lineage)

    @property
    def fingerprint(self) -> str:
        """A hash of who answers and of all that is sent, but for the picture itself."""
        asked = (self.phrasing.text, *self.phrasing.answers, self.way, str(self.encoding))
        return digest(self.identity, *asked, *(("controls",) if self.controls else ()))

    @property
    def image_size(self) -> int:
        """0: pictures are handed over as large as the canvas."""
        return 0

    @property
    def reads(self) -> bool:
        """True: what a chat model sees is not known."""
        return True

    @property
    def note(self) -> str:
        """What its figures are shares of."""
        return _IN_WORDS if self.way == "generated" else _MEASURED.format(what=_WHAT[self.way])

    def answers(self, task: Task) -> bool:
        """Whether it is asked that: which of two, and nothing else."""
        return task.name == TWO_WAY


_WHAT = {"letters": "letter", "names": "name, a token"}


def parse_way(text: str) -> Way:
    """The way that a name says; raises `UserError` for what is none."""
    for way in get_args(Way):
        if way == text:
            found: Way = way
            return found
    raise unknown("--answers", text, get_args(Way))
