"""A study of one model's units: record, score, switch off, explain, and write it all down."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from PIL import Image

from typoattack.errors import UserError
from typoattack.models.text_cache import TextCache
from typoattack.units.ablate import Cut, reference_fields
from typoattack.units.anatomy import Anatomy
from typoattack.units.attacks import (
    Attacks,
    Question,
    ask,
    attack_photographs,
    embeddings,
)
from typoattack.units.attribute import Contribution, Flip, contributions
from typoattack.units.curve import Experiment, Point, curve, curve_frame, rank_units, steps
from typoattack.units.examples import Top, strongest, words_frame
from typoattack.units.layers import Layer
from typoattack.units.photographs import Photographs
from typoattack.units.plan import Chosen, Plan, chosen_parts
from typoattack.units.recording import Recording, Told, record
from typoattack.units.scores import Scores, colour_scores, multimodal_scores, text_scores
from typoattack.units.visualise import Visualised, visualise


class Progress(Protocol):
    """Told how far a stage is."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def _nobody(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class LayerStudy:
    """What was found in one layer.

    Attributes:
        layer: the layer.
        photographs: the strongest for each unit.
        words: the strongest words, one row a unit and rank.
        scores: by kind: text, multimodal, colour.
    """

    layer: Layer
    photographs: Top = field(repr=False)
    words: pd.DataFrame = field(repr=False)
    scores: dict[str, Scores] = field(repr=False)

    def words_of(self, unit: int) -> list[str]:
        """The words that excite the unit most."""
        return [str(w) for w in self.words.loc[self.words["unit"] == unit, "word"]]


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
    plan: Plan
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


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how a study computes; nothing here is part of the question.

    Attributes:
        store: folder for activations and inputs; a temporary one if None.
        batch_size: pictures a forward pass.
        cache: where text features are kept.
        progress: told how far it is.
    """

    store: Path | None = None
    batch_size: int = 32
    cache: TextCache = field(default_factory=lambda: TextCache(None))
    progress: Progress = _nobody

    def told(self, stage: str) -> Told:
        """Progress of one stage."""
        return lambda done, total: self.progress(stage, done, total)


def study(
    inside: Anatomy,
    layers: Sequence[Layer],
    photographs: Photographs,
    plan: Plan,
    bench: Bench = Bench(),
) -> Study:
    """Find out what the units of some layers read, and what happens without them.

    Raises:
        UserError: for photographs that a part cannot work with, before anything long runs.
    """
    if not layers:
        raise UserError("no layer to look at; name one with --layer")
    chosen = chosen_parts(plan.parts, photographs)
    kept = bench.store or Path(tempfile.mkdtemp(prefix="typoattack-units-"))
    try:
        return _Desk(inside, tuple(layers), photographs, plan, chosen, bench, kept).work()
    finally:
        if bench.store is None:
            shutil.rmtree(kept, ignore_errors=True)


class _Desk:
    """One study at work."""

    def __init__(
        self,
        inside: Anatomy,
        layers: tuple[Layer, ...],
        photographs: Photographs,
        plan: Plan,
        chosen: Chosen,
        bench: Bench,
        store: Path,
    ) -> None:
        self._inside = inside
        self._layers = layers
        self._photographs = photographs
        self._plan = plan
        self._chosen = chosen
        self._bench = bench
        self._store = store

    def work(self) -> Study:
        parts = self._chosen.parts
        studied = self._scored()
        attacks, question = self._attacked()
        points: list[Point] = []
        flips: list[FlipStudy] = []
        counted = (0, 0)
        if attacks is not None and question is not None:
            if "curve" in parts:
                points = self._curve(studied, attacks, question)
            if "flips" in parts:
                flips, counted = self._flips(attacks, question)
        return Study(
            self._inside,
            self._photographs,
            self._plan,
            self._chosen,
            studied,
            tuple(points),
            attacks,
            tuple(flips),
            tuple(self._grown(studied)),
            counted,
        )

    def _recorded(self, stage: str, pictures: Iterable[Image.Image], count: int) -> Recording:
        return record(
            self._inside,
            self._layers,
            pictures,
            count,
            self._store / stage.replace(" ", "-"),
            batch_size=self._bench.batch_size,
            progress=self._bench.told(stage),
        )

    def _scored(self) -> tuple[LayerStudy, ...]:
        plan, cards, parts = self._plan, self._plan.cards, self._chosen.parts
        seen = self._recorded("photographs", self._photographs.images(), len(self._photographs))
        read = self._recorded("word cards", cards.images(), len(cards))
        blank = inks = None
        if "text" in parts:
            blank = self._recorded("blank cards", cards.images(ink=False), len(cards))
        if "colour" in parts:
            stroop = plan.colour_cards
            inks = self._recorded("colour cards", stroop.images(), len(stroop))
        return tuple(self._layer(layer, seen, read, blank, inks) for layer in self._layers)

    def _layer(
        self,
        layer: Layer,
        seen: Recording,
        read: Recording,
        blank: Recording | None,
        inks: Recording | None,
    ) -> LayerStudy:
        plan, name = self._plan, layer.name
        seen_values, read_values = seen.values(name), read.values(name)
        chance = {"permutations": plan.permutations, "seed": plan.seed}
        scores: dict[str, Scores] = {}
        if blank is not None:
            scores["text"] = text_scores(read_values, blank.values(name), **chance)
        if "multimodal" in self._chosen.parts:
            scores["multimodal"] = multimodal_scores(
                self._photographs, seen_values, plan.cards, read_values, **chance
            )
        if inks is not None:
            scores["colour"] = colour_scores(plan.colour_cards, inks.values(name), **chance)
        words = words_frame(name, plan.cards, read_values, plan.top)
        return LayerStudy(layer, strongest(seen_values, plan.top), words, scores)

    def _attacked(self) -> tuple[Attacks | None, Question | None]:
        plan = self._plan
        if not {"curve", "flips"} & set(self._chosen.parts):
            return None, None
        attacks = attack_photographs(
            self._photographs,
            self._inside.model,
            plan.recipe,
            self._store / "attacks",
            words=plan.words,
            seed=plan.seed,
            progress=self._bench.told("attacks"),
        )
        return attacks, ask(self._inside.model, self._photographs, self._bench.cache)

    def _curve(
        self, studied: Sequence[LayerStudy], attacks: Attacks, question: Question
    ) -> list[Point]:
        plan = self._plan
        ranked = rank_units(self._layers, [one.scores["text"] for one in studied])
        found = sum(len(one.scores["text"].found()) for one in studied)
        instead = None
        if plan.how != "zero":
            whole = [Cut(layer, tuple(range(layer.units))) for layer in self._layers]
            instead = reference_fields(self._inside, whole, self._references())
        experiment = Experiment(
            self._inside, attacks, question, plan.how, instead, self._bench.batch_size
        )
        return curve(
            experiment,
            ranked,
            steps(len(ranked.units), found),
            repeats=plan.repeats,
            seed=plan.seed,
            progress=self._bench.told("ablations"),
        )

    def _references(self) -> Iterable[Image.Image]:
        """The first clean photographs: a few dozen are enough for a mean."""
        return (self._photographs.image(row) for row in range(min(len(self._photographs), 32)))

    def _flips(
        self, attacks: Attacks, question: Question
    ) -> tuple[list[FlipStudy], tuple[int, int]]:
        model, size = self._inside.model, self._bench.batch_size
        found = {kind: embeddings(model, attacks, kind, size) for kind in ("clean", "attacked")}
        clean, turned = (question.predicted(found[kind]) for kind in ("clean", "attacked"))
        right = clean == attacks.labels
        flipped = np.flatnonzero(right & (turned != attacks.labels))
        told = self._bench.told("flips")
        made = []
        for row in flipped[: self._plan.flips].tolist():
            made.append(self._flip(attacks, question, row, found, int(turned[row])))
            told(len(made), min(self._plan.flips, len(flipped)))
        return made, (len(flipped), int(right.sum()))

    def _flip(
        self,
        attacks: Attacks,
        question: Question,
        row: int,
        found: dict[str, "np.typing.NDArray[np.float32]"],
        answer: int,
    ) -> FlipStudy:
        label, word = int(attacks.labels[row]), attacks.words[row]
        toward = question.toward(word, label)
        one = slice(row, row + 1)
        flip = Flip(attacks.batch("clean", one)[0], attacks.batch("attacked", one)[0], toward)
        units = contributions(self._inside, self._layers, flip, check=self._plan.check)
        names = self._photographs.class_names
        lead = tuple(float(found[kind][row] @ toward.numpy()) for kind in ("clean", "attacked"))
        measured = units[: self._plan.check]
        return FlipStudy(
            row,
            self._photographs.sample(attacks.rows[row]).id,
            names[label],
            word,
            names[answer],
            (lead[0], lead[1]),
            tuple(units[: max(self._plan.top, self._plan.check)]),
            _agreement(measured),
        )

    def _grown(self, studied: Sequence[LayerStudy]) -> list[tuple[str, int, Visualised | str]]:
        if "visualise" not in self._chosen.parts:
            return []
        wanted = [(one.layer, unit) for one in studied for unit in shown_units(one, 3)]
        made: list[tuple[str, int, Visualised | str]] = []
        for layer, unit in wanted:
            told = self._bench.told(f"picture of unit {layer.label(unit)} of {layer.name}")
            try:
                made.append((layer.name, unit, visualise(self._inside, layer, unit, progress=told)))
            except UserError as error:  # a unit without a slope costs its picture, not the study
                made.append((layer.name, unit, str(error)))
        return made


def _agreement(measured: Sequence[Contribution]) -> float:
    """Spearman's rank correlation of estimate and measurement; NaN for fewer than three."""
    from scipy import stats

    if len(measured) < 3:
        return float("nan")
    estimated, real = ([getattr(one, name) for one in measured] for name in _COMPARED)
    if len(set(estimated)) == 1 or len(set(real)) == 1:
        return float("nan")
    return float(stats.spearmanr(estimated, real).statistic)


_COMPARED = ("estimated", "measured")


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
