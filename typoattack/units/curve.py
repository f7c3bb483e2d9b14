"""Flip rate and clean accuracy against the number of units switched off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.core.randomness import stream
from typoattack.metrics.intervals import SHARE, Figure, bootstrap, wilson
from typoattack.models.base import Model
from typoattack.units.ablate import AblatedModel, How, Instead, Ranked
from typoattack.units.anatomy import Anatomy
from typoattack.units.attacks import Attacks, ModelQuestion, embeddings
from typoattack.units.finished import Arrays, FinishedWork
from typoattack.units.layers import Layer, remembering
from typoattack.units.recording import Told
from typoattack.units.scores import UnitScores


@dataclass(frozen=True, slots=True)
class Point:
    """What is left of a model after some units went.

    Attributes:
        order: `best first`, or `random`.
        removed: how many units.
        flip_rate: share of clean-correct photographs that the attack turns.
        blank_flip_rate: share that the blank surface turns.
        targeted_success: share of clean-correct photographs that become the written class.
        accuracy_clean: share of clean photographs that are right.
    """

    order: str
    removed: int
    flip_rate: Figure
    blank_flip_rate: Figure
    targeted_success: Figure
    accuracy_clean: Figure


FIGURES = ("flip_rate", "blank_flip_rate", "targeted_success", "accuracy_clean")


def rank_units(layers: Sequence[Layer], scores: Sequence[UnitScores]) -> Ranked:
    """All units of `layers` from the highest score to the lowest."""
    given = [(index, unit) for index, layer in enumerate(layers) for unit in range(layer.units)]
    score = np.concatenate([one.score for one in scores])
    order = np.argsort(-score, kind="stable")
    return Ranked(tuple(layers), tuple(given[i] for i in order))


def shuffled(ranked: Ranked, seed: int, number: int) -> Ranked:
    """The same units in a random order, the control."""
    order = stream(seed, "units in random order", number).permutation(len(ranked.units))
    return Ranked(ranked.layers, tuple(ranked.units[i] for i in order))


def steps(total: int, found: int) -> list[int]:
    """How many units to remove: 0, 1, 2, 4, … , as many as were found, all.

    Args:
        total: how many units there are.
        found: how many of them are text units by the false discovery rate.
    """
    powers = [2**i for i in range(total.bit_length()) if 2**i < total]
    return sorted({0, *powers, min(found, total), total})


@dataclass(frozen=True, slots=True)
class Experiment:
    """What every point of a curve shares.

    Attributes:
        inside: the model opened up.
        attacks: the pictures.
        question: asked of them.
        how: what switched-off units say instead.
        instead: for mean and resample, by layer, fields of all the layer's units.
        batch_size: pictures a forward pass.
        finished: keeps the answers of every ablation, by all that this experiment depends on.
    """

    inside: Anatomy
    attacks: Attacks
    question: ModelQuestion
    how: How = "zero"
    instead: Instead | None = None
    batch_size: int = 32
    finished: FinishedWork | None = None


def curve(
    experiment: Experiment,
    ranked: Ranked,
    counts: Sequence[int],
    *,
    repeats: int = 3,
    seed: int = 0,
    progress: Told | None = None,
) -> list[Point]:
    """Points for units removed best first, and in random order as a control.

    A random order is drawn `repeats` times; a photograph then counts with its mean over them.
    The whole model, and the model without any of the units, are in both orders.

    Args:
        experiment: model, pictures and question.
        ranked: units, first to go first.
        counts: how many to remove.
        repeats: random orders.
        seed: keys the random orders and bootstraps.
        progress: called with (points done, points in all).
    """
    randoms = [shuffled(ranked, seed, number) for number in range(repeats)]
    orders = {"best first": [ranked], "random": randoms}
    total = sum(len(counts) * len(made) for made in orders.values())
    done, points = 0, []
    known: dict[int, Arrays] = {}
    with remembering([layer.site for layer in ranked.layers]):
        for name, made in orders.items():
            for count in counts:
                answers = []
                for one in made:
                    answers.append(_answers_without(experiment, one, count, known))
                    done += 1
                    if progress is not None:
                        progress(done, total)
                points.append(_point(name, count, answers, experiment.attacks.labels, seed))
    return points


def _answers_without(
    experiment: Experiment, ranked: Ranked, count: int, known: dict[int, Arrays]
) -> Arrays:
    """Predictions by kind of picture, and the written classes, without `count` units."""
    ends = count in (0, len(ranked.units))  # the same whatever the order
    if ends and count in known:
        return known[count]
    model = _without(experiment, ranked, count)
    found = (
        experiment.finished.arrays(
            "ablations", lambda: _asked(experiment, model), model.fingerprint
        )
        if experiment.finished
        else _asked(experiment, model)
    )
    if ends:
        known[count] = found
    return found


def _asked(experiment: Experiment, model: Model) -> Arrays:
    attacks, question = experiment.attacks, experiment.question
    found = {
        kind: question.predicted(embeddings(model, attacks, kind, experiment.batch_size))
        for kind in attacks.inputs
    }
    found["word"] = np.asarray([question.classifier.class_index(w) for w in attacks.words])
    return found


def _without(experiment: Experiment, ranked: Ranked, count: int) -> Model:
    cuts = ranked.cuts(count)
    if not cuts:
        return experiment.inside.model
    instead = {
        cut.layer.name: experiment.instead[cut.layer.name][:, :, list(cut.units)]
        for cut in cuts
        if experiment.instead
    }
    return AblatedModel(experiment.inside, cuts, experiment.how, instead)


def _point(
    order: str, count: int, answers: Sequence[Arrays], labels: NDArray[np.int64], seed: int
) -> Point:
    right = np.stack([one["clean"] == labels for one in answers])
    flips = np.stack([one["attacked"] != labels for one in answers])
    blanks = np.stack([one["blank"] != labels for one in answers])
    hits = np.stack([(one["attacked"] == one["word"]) & (one["word"] >= 0) for one in answers])
    everyone = np.ones_like(right)
    key = f"{order} {count}"
    return Point(
        order,
        count,
        _share(flips, right, key, seed),
        _share(blanks, right, key, seed),
        _share(hits, right, key, seed),
        _share(right, everyone, key, seed),
    )


def _share(happened: NDArray[np.bool_], counted: NDArray[np.bool_], key: str, seed: int) -> Figure:
    """The mean over photographs of the mean over repeats (both (repeats, n)), where counted."""
    times = counted.sum(axis=0)
    means = (happened & counted).sum(axis=0)[times > 0] / times[times > 0]
    if len(happened) == 1:
        return wilson(means)
    return bootstrap(means, stream(seed, "curve", key), bounds=SHARE)


def curve_frame(points: Sequence[Point]) -> pd.DataFrame:
    """One row a point; a figure `f` becomes `f`, `f_low`, `f_high` and `f_n`."""
    rows = []
    for point in points:
        row: dict[str, object] = {"order": point.order, "removed": point.removed}
        for name in FIGURES:
            figure: Figure = getattr(point, name)
            row |= {
                name: figure.value,
                f"{name}_low": figure.low,
                f"{name}_high": figure.high,
                f"{name}_n": figure.n,
            }
        rows.append(row)
    made: pd.DataFrame = pd.DataFrame(rows)
    return made
