"""Stroop cards as a data set: which colour is the ink, whatever the word says?

After Stroop, *Studies of interference in serial verbal reactions*, 1935, and the Stroop test of
Goh et al. 2021.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial

from PIL import Image

from typoattack.core.randomness import digest
from typoattack.drawing.stroop import COLOURS, FONTS, NEUTRAL, Card, deck
from typoattack.samples.base import Sample, Variant
from typoattack.task import INK, Task, ink_task

_CLEAN = "colour-only"
"""The condition of a card without a word."""

_SIDE = 448


@dataclass(frozen=True, slots=True)
class StroopCards:
    """A sample an ink, font and ground; see `Dataset`.

    The clean picture is a patch of the ink alone. Its variants, for `as-given`, are the word of
    the ink (`congruent`), the other colour words (`incongruent`) and a string that says nothing
    (`neutral`).

    Attributes:
        colours: the words, the inks and the answers.
        neutral: what says nothing.
    """

    name: str = "stroop-cards"
    fingerprint: str = field(init=False)
    task: Task = field(default_factory=ink_task)
    licence: str = "drawn by typoattack; no photograph"
    colours: tuple[str, ...] = COLOURS
    neutral: str = NEUTRAL
    groups: tuple[tuple[Card, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grouped: dict[tuple[str, str, str], list[Card]] = defaultdict(list)
        for card in deck(FONTS, self.colours, self.neutral):
            grouped[card.ink, card.font, card.ground].append(card)
        groups = tuple(tuple(cards) for cards in grouped.values())
        object.__setattr__(self, "groups", groups)
        ids = (card.id for cards in groups for card in cards)
        object.__setattr__(self, "fingerprint", digest(self.name, *ids))

    @property
    def variant_kinds(self) -> frozenset[str]:
        """The conditions of its cards."""
        conditions = {card.condition for cards in self.groups for card in cards}
        return frozenset(conditions - {_CLEAN})

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> Sample:
        cards = self.groups[index]
        (patch,) = (card for card in cards if card.condition == _CLEAN)
        variants = tuple(
            Variant(card.condition, card.word, partial(_draw, card))
            for card in cards
            if card is not patch
        )
        return Sample(patch.id, partial(_draw, patch), self.colours.index(patch.ink), variants)


GOH_COLOURS = ("black", "red", "green", "blue", "purple", "orange", "pink", "yellow")
GOH_SENTENCE = "my favorite word, written in the color {}"
GOH_NEUTRAL = "example"


def goh_stroop() -> StroopCards:
    """The cards of Goh et al. 2021: eight colours, asked with their sentence.

    Theirs are listed in `public/typographic/stroop_experiment.json` of distillpub/post--multimodal;
    the pictures themselves are not among its files, so that font and ground are ours.
    """
    return StroopCards(
        name="goh-stroop",
        task=Task(INK, GOH_COLOURS, (GOH_SENTENCE,)),
        colours=GOH_COLOURS,
        neutral=GOH_NEUTRAL,
    )


def _draw(card: Card) -> Image.Image:
    return card.draw(_SIDE)
