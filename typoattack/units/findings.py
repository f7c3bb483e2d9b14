"""What a study found: plain values, tables of them, and the settings to repeat it from."""

import json
from dataclasses import dataclass, field

import pandas as pd

from typoattack.units.anatomy import Anatomy
from typoattack.units.attacks import Attacks
from typoattack.units.attribute import Contribution
from typoattack.units.curve import Point, curve_frame
from typoattack.units.examples import Top
from typoattack.units.layers import Layer
from typoattack.units.photographs import Photographs
from typoattack.units.plan import Chosen, StudyPlan
from typoattack.units.scores import UnitScores
from typoattack.units.visualise import Visualised


@dataclass(frozen=True, slots=True)
class LayerStudy:
    """What was found in one layer.

    Attributes:
        layer: the layer.
        photographs: the strongest for each unit.
        words: the strongest words, one row a unit and rank.
        scores: by kind: text, multimodal, colour.
        colours: the strongest colour cards for each unit; None without that part.
    """

    layer: Layer
    photographs: Top = field(repr=False)
    words: pd.DataFrame = field(repr=False)
    scores: dict[str, UnitScores] = field(repr=False)
    colours: Top | None = field(default=None, repr=False)

    def words_of(self, unit: int) -> list[str]:
        """The words that excite the unit most."""
        return [str(w) for w in self.words.loc[self.words["unit"] == unit, "word"]]


_LEAST_PART = 0.005
"""Logits that two decimals show."""


@dataclass(frozen=True, slots=True)
class FlipStudy:
    """One attacked picture that the model got wrong, and the units behind it.

    Attributes:
        row: of the attacks.
        sample: the photograph's id.
        label: the true class's name.
        word: what was written.
        answer: the class that the model named.
        lead: logits of the word over the true class, clean and attacked.
        units: those that added most, see `typoattack.units.attribute`.
        agreement: rank correlation of estimate and measurement over the measured units.
    """

    row: int
    sample: str
    label: str
    word: str
    answer: str
    lead: tuple[float, float]
    units: tuple[Contribution, ...]
    agreement: float

    @property
    def leading(self) -> tuple[Contribution, ...]:
        """The units that add to the word's lead; none where it was won outside their layers."""
        return tuple(unit for unit in self.units if unit.estimated >= _LEAST_PART)


@dataclass(frozen=True, slots=True)
class Study:
    """All that was found; `typoattack.units.page` writes it to a folder.

    Attributes:
        inside: the model opened up.
        photographs: what was looked at.
        plan: what was asked.
        chosen: the parts that were done, and those that the photographs do not allow.
        layers: one a layer.
        curve: points of the ablation curve; empty without that part.
        attacks: the attacked photographs; None without curve and flips.
        flips: explained flips.
        grown: layer, unit and the picture grown for it, or why there is none.
        flip_count: how many of the clean-correct photographs the attack turned, and of how many.
    """

    inside: Anatomy
    photographs: Photographs
    plan: StudyPlan
    chosen: Chosen
    layers: tuple[LayerStudy, ...]
    curve: tuple[Point, ...] = ()
    attacks: Attacks | None = None
    flips: tuple[FlipStudy, ...] = ()
    grown: tuple[tuple[str, int, Visualised | str], ...] = ()
    flip_count: tuple[int, int] = (0, 0)

    def units_frame(self) -> pd.DataFrame:
        """One row a layer, unit and kind of score."""
        parts = [s.frame(one.layer.name) for one in self.layers for s in one.scores.values()]
        made: pd.DataFrame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        if len(made):
            names = {one.layer.name: one.layer for one in self.layers}
            pairs = zip(made["layer"], made["unit"], strict=True)
            made.insert(2, "label", [names[layer].label(int(unit)) for layer, unit in pairs])
        return made

    def groups_frame(self) -> pd.DataFrame:
        """One row a layer, unit and class or colour."""
        parts = [
            s.by_group_frame(one.layer.name)
            for one in self.layers
            for s in one.scores.values()
            if s.kind != "text"
        ]
        made: pd.DataFrame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        return made

    def words_frame(self) -> pd.DataFrame:
        """One row a layer, unit and word."""
        made: pd.DataFrame = pd.concat([one.words for one in self.layers], ignore_index=True)
        return made

    def curve_frame(self) -> pd.DataFrame:
        """One row a point of the curve."""
        return curve_frame(self.curve)

    def flips_frame(self) -> pd.DataFrame:
        """One row an explained flip and unit."""
        made: pd.DataFrame = pd.DataFrame(
            [
                {
                    "sample": flip.sample,
                    "label": flip.label,
                    "word": flip.word,
                    "answer": flip.answer,
                    "layer": unit.layer,
                    "unit": unit.unit,
                    "unit_label": unit.label,
                    "clean": unit.clean,
                    "attacked": unit.attacked,
                    "estimated": unit.estimated,
                    "measured": unit.measured,
                }
                for flip in self.flips
                for unit in flip.units
            ]
        )
        return made


def shown_units(one: LayerStudy, count: int) -> list[int]:
    """The units of a layer worth showing: the best of each score in turn, those found first."""
    orders = [
        [*scores.found().tolist(), *scores.order().tolist()] for scores in one.scores.values()
    ]
    if not orders:
        return list(range(min(count, one.layer.units)))
    mixed = [unit for group in zip(*(o[:count] for o in orders), strict=True) for unit in group]
    return list(dict.fromkeys(mixed))[:count]


def settings(study: Study) -> str:
    """What was asked, as JSON that a later reader can repeat it from."""
    plan = study.plan
    return json.dumps(
        {
            "model": study.inside.model.name,
            "model_fingerprint": study.inside.model.fingerprint,
            "dataset": study.photographs.dataset.name,
            "dataset_fingerprint": study.photographs.dataset.fingerprint,
            "photographs": len(study.photographs),
            "broken": [list(one) for one in study.photographs.broken],
            "layers": [one.layer.name for one in study.layers],
            "parts": list(study.chosen.parts),
            "left_out": {one.part: one.why for one in study.chosen.left_out},
            "vocabulary": list(plan.cards.words),
            "fonts": list(plan.cards.fonts),
            "recipe": plan.recipe,
            "words": plan.words,
            "ablation": plan.how,
            "seed": plan.seed,
            "permutations": plan.permutations,
            "random_orders": plan.repeats,
        },
        ensure_ascii=False,
        indent=2,
    )
