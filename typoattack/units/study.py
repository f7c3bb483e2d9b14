"""A study of one model's units: record, score, switch off, explain, and write it all down."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.progress import Progress, silent
from typoattack.core.randomness import digest
from typoattack.models.text_cache import TextCache
from typoattack.suite import Attack
from typoattack.units.ablate import Cut, reference_fields
from typoattack.units.anatomy import Anatomy
from typoattack.units.attacks import (
    Attacks,
    ModelQuestion,
    ask,
    embeddings,
    read_attacks,
    word_attack,
    write_attacks,
)
from typoattack.units.attribute import Contribution, Flip, contributions
from typoattack.units.curve import Experiment, Point, curve, rank_units, steps
from typoattack.units.examples import strongest, words_frame
from typoattack.units.findings import FlipStudy, LayerStudy, Study, shown_units
from typoattack.units.finished import FinishedWork, code_fingerprint
from typoattack.units.layers import Layer
from typoattack.units.photographs import Photographs
from typoattack.units.plan import Chosen, StudyPlan, chosen_parts
from typoattack.units.recording import Recording, Told, Values, record, recorded_in
from typoattack.units.scores import UnitScores, colour_scores, multimodal_scores, text_scores
from typoattack.units.visualise import Visualised, visualise


def _silent(name: str) -> None:
    """Nobody asks what was found finished."""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Where and how a study computes; nothing here is part of the question.

    Attributes:
        store: folder where activations, inputs, scores and answers are kept, so that a study that
            was killed goes on from it, with bit-equal results; a temporary one if None.
        batch_size: pictures a forward pass.
        cache: where text features are kept.
        progress: told how far it is.
        found: told what `store` holds finished: a stage's name, each once.
    """

    store: Path | None = None
    batch_size: int = 32
    cache: TextCache = field(default_factory=lambda: TextCache(None))
    progress: Progress = silent
    found: Callable[[str], None] = _silent

    def told(self, stage: str) -> Told:
        """Progress of one stage."""
        return lambda done, total: self.progress(stage, done, total)


def study(
    inside: Anatomy,
    layers: Sequence[Layer],
    photographs: Photographs,
    plan: StudyPlan,
    options: StudyOptions = StudyOptions(),
) -> Study:
    """Find out what the units of some layers read, and what happens without them.

    Raises:
        UserError: for photographs that a part cannot work with, and for a recipe that is no attack
            with a word, before anything long runs.
    """
    if not layers:
        raise UserError("no layer to look at; name one with --layer")
    chosen = chosen_parts(plan.parts, photographs)
    attack = word_attack(plan.recipe, plan.words) if _ATTACKING & set(chosen.parts) else None
    kept = options.store or Path(tempfile.mkdtemp(prefix="typoattack-units-"))
    try:
        finished = FinishedWork(
            kept, *_facts(inside, options), photographs.fingerprint, found=options.found
        )
        work = _StudyRun(
            inside, tuple(layers), photographs, plan, chosen, attack, options, finished
        )
        return work.work()
    finally:
        if options.store is None:
            shutil.rmtree(kept, ignore_errors=True)


def _of_attack(attack: Attack, photographs: Photographs, seed: int) -> tuple[str, ...]:
    """What attacked pictures depend on beside the photographs' pixels."""
    return (attack.label, attack.words, str(seed), *photographs.class_names)


_ATTACKING = {"curve", "flips"}


def _facts(inside: Anatomy, options: StudyOptions) -> tuple[str, ...]:
    """What every number of a study depends on; the batch size may change the last bits."""
    model = inside.model
    return (code_fingerprint(), model.fingerprint, str(inside.device), str(options.batch_size))


@dataclass(frozen=True, slots=True)
class _StudyRun:
    """One study at work."""

    inside: Anatomy
    layers: tuple[Layer, ...]
    photographs: Photographs
    plan: StudyPlan
    chosen: Chosen
    attack: Attack | None
    options: StudyOptions
    finished: FinishedWork

    def work(self) -> Study:
        parts = self.chosen.parts
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
            self.inside,
            self.photographs,
            self.plan,
            self.chosen,
            studied,
            tuple(points),
            attacks,
            tuple(flips),
            tuple(self._grown(studied)),
            counted,
        )

    def _recorded(
        self, stage: str, pictures: Iterable[Image.Image], count: int, fact: str = ""
    ) -> Recording:
        """The answers to some pictures, which are told apart by `fact`."""

        def work(folder: Path) -> None:
            record(
                self.inside,
                self.layers,
                pictures,
                count,
                folder,
                batch_size=self.options.batch_size,
                progress=self.options.told(stage),
            )

        names = [layer.name for layer in self.layers]
        return recorded_in(self.finished.files(stage, work, fact, *names), self.layers, count)

    def _scored(self) -> tuple[LayerStudy, ...]:
        cards, parts = self.plan.cards, self.chosen.parts
        stroop = self.plan.colour_cards
        shown = {
            "photographs": self._recorded(
                "photographs", self.photographs.images(), len(self.photographs)
            ),
            "words": self._recorded("word cards", cards.images(), len(cards), repr(cards)),
        }
        if "text" in parts:
            blanks = cards.images(ink=False)
            shown["blanks"] = self._recorded("blank cards", blanks, len(cards), repr(cards))
        if "colour" in parts:
            inks = stroop.images()
            shown["colours"] = self._recorded("colour cards", inks, len(stroop), repr(stroop))
        return tuple(
            self._layer(layer, {kind: made.values(layer.name) for kind, made in shown.items()})
            for layer in self.layers
        )

    def _layer(self, layer: Layer, shown: Mapping[str, Values]) -> LayerStudy:
        plan, parts = self.plan, self.chosen.parts
        chance = {"permutations": plan.permutations, "seed": plan.seed}
        seen, read = shown["photographs"], shown["words"]
        work: dict[str, Callable[[], UnitScores]] = {
            "text": lambda: text_scores(read, shown["blanks"], **chance),
            "multimodal": lambda: multimodal_scores(
                self.photographs, seen, plan.cards, read, **chance
            ),
            "colour": lambda: colour_scores(plan.colour_cards, shown["colours"], **chance),
        }
        facts = (layer.name, repr(plan.cards), repr(plan.colour_cards), repr(chance))
        scores = {
            kind: self._kept_scores(kind, make, *facts)
            for kind, make in work.items()
            if kind in parts
        }
        words = words_frame(layer.name, plan.cards, read, plan.top)
        colours = strongest(shown["colours"], plan.top) if "colours" in shown else None
        return LayerStudy(layer, strongest(seen, plan.top), words, scores, colours)

    def _kept_scores(self, kind: str, make: Callable[[], UnitScores], *facts: str) -> UnitScores:
        held = self.finished.arrays(f"{kind} scores", lambda: make().arrays(), *facts)
        return UnitScores.from_arrays(kind, held)

    def _attacked(self) -> tuple[Attacks | None, ModelQuestion | None]:
        attack, seed = self.attack, self.plan.seed
        if attack is None:
            return None, None

        def work(folder: Path) -> None:
            write_attacks(
                self.photographs,
                self.inside.model,
                attack,
                folder,
                seed=seed,
                progress=self.options.told("attacks"),
            )

        folder = self.finished.files("attacks", work, *_of_attack(attack, self.photographs, seed))
        attacks = read_attacks(self.photographs, self.inside.model, attack, folder, seed=seed)
        return attacks, ask(self.inside.model, self.photographs, self.options.cache)

    def _curve(
        self, studied: Sequence[LayerStudy], attacks: Attacks, question: ModelQuestion
    ) -> list[Point]:
        plan = self.plan
        ranked = rank_units(self.layers, [one.scores["text"] for one in studied])
        found = sum(len(one.scores["text"].found()) for one in studied)
        instead = None
        if plan.how != "zero":
            whole = [Cut(layer, tuple(range(layer.units))) for layer in self.layers]
            instead = reference_fields(self.inside, whole, self._references())
        facts = (
            *_of_attack(attacks.attack, self.photographs, plan.seed),
            digest(np.asarray(question.classifier.weights).tobytes()),
            *(layer.name for layer in self.layers),
        )
        experiment = Experiment(
            self.inside,
            attacks,
            question,
            plan.how,
            instead,
            self.options.batch_size,
            self.finished.under(*facts),
        )
        return curve(
            experiment,
            ranked,
            steps(len(ranked.units), found),
            repeats=plan.repeats,
            seed=plan.seed,
            progress=self.options.told("ablations"),
        )

    def _references(self) -> Iterable[Image.Image]:
        """The first clean photographs: a few dozen are enough for a mean."""
        return (self.photographs.image(row) for row in range(min(len(self.photographs), 32)))

    def _flips(
        self, attacks: Attacks, question: ModelQuestion
    ) -> tuple[list[FlipStudy], tuple[int, int]]:
        model, size = self.inside.model, self.options.batch_size
        found = {kind: embeddings(model, attacks, kind, size) for kind in ("clean", "attacked")}
        clean, turned = (question.predicted(found[kind]) for kind in ("clean", "attacked"))
        right = clean == attacks.labels
        flipped = np.flatnonzero(right & (turned != attacks.labels))
        told = self.options.told("flips")
        made = []
        for row in flipped[: self.plan.flips].tolist():
            made.append(self._flip(attacks, question, row, found, int(turned[row])))
            told(len(made), min(self.plan.flips, len(flipped)))
        return made, (len(flipped), int(right.sum()))

    def _flip(
        self,
        attacks: Attacks,
        question: ModelQuestion,
        row: int,
        found: dict[str, "np.typing.NDArray[np.float32]"],
        answer: int,
    ) -> FlipStudy:
        label, word = int(attacks.labels[row]), attacks.words[row]
        toward = question.toward(word, label)
        one = slice(row, row + 1)
        flip = Flip(attacks.batch("clean", one)[0], attacks.batch("attacked", one)[0], toward)
        units = contributions(self.inside, self.layers, flip, check=self.plan.check)
        names = self.photographs.class_names
        lead = tuple(float(found[kind][row] @ toward.numpy()) for kind in ("clean", "attacked"))
        measured = units[: self.plan.check]
        return FlipStudy(
            row,
            self.photographs.sample(attacks.rows[row]).id,
            names[label],
            word,
            names[answer],
            (lead[0], lead[1]),
            tuple(units[: max(self.plan.top, self.plan.check)]),
            _agreement(measured),
        )

    def _grown(self, studied: Sequence[LayerStudy]) -> list[tuple[str, int, Visualised | str]]:
        if "visualise" not in self.chosen.parts:
            return []
        wanted = [(one.layer, unit) for one in studied for unit in shown_units(one, 3)]
        made: list[tuple[str, int, Visualised | str]] = []
        for layer, unit in wanted:
            told = self.options.told(f"picture of unit {layer.label(unit)} of {layer.name}")
            try:
                made.append((layer.name, unit, visualise(self.inside, layer, unit, progress=told)))
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
