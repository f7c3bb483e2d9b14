"""What a study is to find out, and which parts of it some photographs allow."""

from dataclasses import dataclass, field

from typoattack.core.errors import UserError, unknown
from typoattack.units.ablate import HOWS, How
from typoattack.units.cards import ColourCards, WordCards
from typoattack.units.photographs import Photographs, check_comparable, incomparable
from typoattack.units.scores import PERMUTATIONS

PARTS = ("text", "multimodal", "colour", "curve", "flips", "visualise")
"""What a study can do; recording, examples and words are always part of it."""

USUAL_PARTS = PARTS[:-1]
"""What a study does unasked, as far as the photographs allow."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What to find out, none of it about where to compute.

    Attributes:
        cards: the words to show.
        colour_cards: the Stroop cards to show.
        parts: of `PARTS`; None for `USUAL_PARTS` less those that the photographs do not allow.
        recipe: the attack that the curve and the flips are about.
        words: where its words come from, unless it has its own.
        how: what switched-off units say instead.
        seed: keys every random stream.
        permutations: at most, for p-values.
        repeats: random orders in the curve.
        top: units, photographs and words that are shown.
        flips: attacked pictures that are explained.
        check: units a flip whose part is measured by setting them back.
    """

    cards: WordCards
    colour_cards: ColourCards = field(default_factory=ColourCards)
    parts: tuple[str, ...] | None = None
    recipe: str = "printed-label"
    words: str = "random"
    how: How = "zero"
    seed: int = 0
    permutations: int = PERMUTATIONS
    repeats: int = 3
    top: int = 8
    flips: int = 6
    check: int = 5

    def __post_init__(self) -> None:
        for part in self.parts or ():
            if part not in PARTS:
                raise unknown("part of a study", part, PARTS)
        if self.how not in HOWS:
            raise unknown("ablation", self.how, HOWS)
        if self.parts and "curve" in self.parts and "text" not in self.parts:
            raise UserError("the curve removes units by their text score; add text to --parts")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A usual part that some photographs do not allow.

    Attributes:
        part: of `PARTS`.
        why: what the photographs lack; half a sentence.
    """

    part: str
    why: str

    def __str__(self) -> str:
        return f"The part {self.part} was left out: {self.why}."


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parts that a study does.

    Attributes:
        parts: of `PARTS`.
        left_out: the usual ones that it cannot do.
    """

    parts: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


def chosen_parts(asked: tuple[str, ...] | None, photographs: Photographs) -> Chosen:
    """The parts `asked` for, or if None the usual ones that `photographs` allow.

    Raises:
        UserError: if a part was asked for that the photographs do not allow.
    """
    if asked is not None:
        if "multimodal" in asked:
            check_comparable(photographs)
        return Chosen(asked)
    why = incomparable(photographs)
    if not why:
        return Chosen(USUAL_PARTS)
    allowed = tuple(part for part in USUAL_PARTS if part != "multimodal")
    return Chosen(allowed, (LeftOut("multimodal", why),))
