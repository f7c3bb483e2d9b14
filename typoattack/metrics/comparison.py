"""Two or more models on the same attacked pictures: who is more robust, and how sure is that.

Everything is paired. A figure is compared on the rows that count for both models (for the flip
rate: photographs that both classify correctly when clean), joined by task, recipe, sample,
replicate and word, so a difference between two models is never a difference between two sets of
photographs.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.metrics.figures import FIGURES, comparable
from typoattack.metrics.intervals import DIFFERENCE, RESAMPLES, Figure, bootstrap
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.ranking import Rank, rank
from typoattack.results.folder import RunFolder, describe_difference
from typoattack.results.schema import CLEAN

JOIN = ["task", "recipe", "sample", "replicate", "word"]
"""What two rows must share to be a pair."""

ALPHA = 0.05
"""The family-wise error at which a difference is called established."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One model of one run.

    Attributes:
        name: how tables call it; unique in a comparison.
        manifest: of its run.
        predictions: its rows.
    """

    name: str
    manifest: Mapping[str, Any]
    predictions: pd.DataFrame

    @property
    def model(self) -> str:
        """What predictions and manifest call it."""
        return str(self.predictions["model"].iloc[0])


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two models under one recipe.

    Attributes:
        a: name of the first model.
        b: name of the second.
        rate_a: the figure of `a` on the shared samples.
        rate_b: the figure of `b` on the same samples.
        difference: `b` minus `a`, with a bootstrap interval over samples.
        more_a: samples on which the figure is higher for `a`.
        more_b: samples on which it is higher for `b`.
        p: exact McNemar on those two counts; NaN for a control, which is not tested.
        p_holm: adjusted over every test of the comparison.
    """

    task: str
    recipe: str
    family: str
    a: str
    b: str
    rate_a: float
    rate_b: float
    difference: Figure
    more_a: int
    more_b: int
    p: float
    p_holm: float = float("nan")

    @property
    def established(self) -> bool:
        """Whether the difference stands after adjusting for the number of tests."""
        return self.p_holm < ALPHA


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare` found.

    Attributes:
        names: the models, in the order given.
        figure: which figure was compared.
        pairings: for each pair of models, each recipe, attacks before controls.
        changed: rows on which two models differ: JOIN, family, the label, both answers, `a`, `b`.
        ranking: best first; empty if no attack is shared by all models.
        notes: what a reader must know, such as pictures that differ.
    """

    names: tuple[str, ...]
    figure: str
    pairings: tuple[Pairing, ...]
    changed: pd.DataFrame
    ranking: tuple[Rank, ...]
    notes: tuple[str, ...]


def read_entrants(folders: Sequence[Path]) -> list[Entrant]:
    """Every model of every run, named by the model, and by the folder where models repeat.

    Raises:
        UserError: if a folder holds no run, or a run no predictions.
    """
    found = []
    for folder in folders:
        run = RunFolder(folder)
        manifest, predictions = run.manifest(), run.predictions()
        if predictions.empty:
            raise UserError(f"{str(folder)!r} has no predictions yet; let its run finish first")
        for model, rows in predictions.groupby("model", sort=True):
            found.append((str(model), folder, Entrant(str(model), manifest, rows)))
    times = Counter(model for model, _, _ in found)
    return [
        replace(entrant, name=f"{model} ({folder})") if times[model] > 1 else entrant
        for model, folder, entrant in found
    ]


def compare(
    entrants: Sequence[Entrant],
    *,
    figure: str = "flip_rate",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare every pair of `entrants` recipe by recipe, and rank them.

    A sample that was attacked several times has one vote in McNemar's test: for the model whose
    figure is higher on it, over all its attacked versions; where both are equal it has none, as
    a concordant pair has none. Rows of one sample are not independent, so counting them all
    would give p-values that are too small; taking only the first would throw the rest away. With
    one attacked version a sample this is the ordinary exact test. Holm's adjustment runs over
    all attacks and pairs; controls are shown but not tested.

    Args:
        entrants: at least two, from `read_entrants`.
        figure: one that `typoattack.metrics.figures.comparable` names.
        seed: of the bootstrap.
        resamples: how many bootstrap resamples.

    Raises:
        UserError: for fewer than two models, runs that are not comparable (the difference is
            named), a figure that cannot be compared, or no pair in common.
    """
    if figure not in comparable():
        raise UserError(f"cannot compare {figure!r}; choose one of {', '.join(comparable())}")
    if len(entrants) < 2:
        raise UserError("comparing needs at least two models; name another run")
    _refuse_different_suites(entrants)
    counted = [outcomes(e.predictions) for e in entrants]
    notes = list(_sample_notes(entrants))
    pairings: list[Pairing] = []
    changed: list[pd.DataFrame] = []
    for (a, rows_a), (b, rows_b) in itertools.combinations(zip(entrants, counted, strict=True), 2):
        paired = _join(rows_a, rows_b, figure)
        notes += _pairing_notes(a, b, rows_a, rows_b, paired)
        pairings += [
            _pairing(key, rows, (a.name, b.name), seed, resamples)
            for key, rows in paired.groupby(["family", "task", "recipe"], sort=True)
        ]
        differ = paired[paired["value_a"] != paired["value_b"]]
        changed.append(differ.assign(a=a.name, b=b.name))
    return Comparison(
        names=tuple(e.name for e in entrants),
        figure=figure,
        pairings=tuple(_with_holm(pairings)),
        changed=pd.concat(changed, ignore_index=True),
        ranking=tuple(
            rank(
                {e.name: rows for e, rows in zip(entrants, counted, strict=True)},
                figure,
                lower_is_better=FIGURES[figure].more_robust == "lower",
                rng=stream("bootstrap", seed),
                resamples=resamples,
            )
        ),
        notes=tuple(notes),
    )


def _refuse_different_suites(entrants: Sequence[Entrant]) -> None:
    first = entrants[0]
    for other in entrants[1:]:
        if first.manifest is other.manifest:
            continue
        for key in ("format", "comparable"):
            here, there = first.manifest.get(key), other.manifest.get(key)
            if here == there and here is not None:
                continue
            told = describe_difference({key: here}, {key: there})
            if isinstance(here, Mapping) and isinstance(there, Mapping):
                told = describe_difference(here, there)
            raise UserError(
                f"{first.name!r} and {other.name!r} were not run on the same suite, so their "
                f"figures cannot be set side by side; {told}"
            )


def _sample_notes(entrants: Sequence[Entrant]) -> Iterator[str]:
    """Says which entrants lack samples that others have, as an unfinished run does."""
    samples = {e.name: set(e.predictions["sample"]) for e in entrants}
    everything = set().union(*samples.values())
    for name, own in samples.items():
        if own != everything:
            yield (
                f"{name} has predictions for {len(own)} of {len(everything)} samples; only "
                "samples that both models of a pair have are compared."
            )


def _join(a: pd.DataFrame, b: pd.DataFrame, figure: str) -> pd.DataFrame:
    """The rows that count for both models, side by side."""
    kept = [*JOIN, "family", "label", "target", "predicted", "clean_predicted", "pixels", figure]
    sides = []
    for rows in (a, b):
        attacked = rows.loc[rows["family"] != CLEAN, kept]
        sides.append(attacked.rename(columns={figure: "value"}))
    joined = sides[0].merge(
        sides[1].drop(columns=["family", "label", "target"]),
        on=JOIN,
        suffixes=("_a", "_b"),
        validate="1:1",
    )
    counting: pd.DataFrame = joined.dropna(subset=["value_a", "value_b"], ignore_index=True)
    return counting


def _pairing_notes(
    a: Entrant, b: Entrant, rows_a: pd.DataFrame, rows_b: pd.DataFrame, paired: pd.DataFrame
) -> Iterator[str]:
    """Says where the two models did not see the same thing."""
    who = f"{a.name} and {b.name}"
    for recipe, rows in rows_a[rows_a["family"] != CLEAN].groupby("recipe", sort=True):
        others = rows_b[rows_b["recipe"] == recipe]
        shared = rows[JOIN].merge(others[JOIN], on=JOIN)
        lacking = max(len(rows), len(others)) - len(shared)
        if lacking and set(rows["sample"]) == set(others["sample"]):
            yield (
                f"{recipe}: {lacking} of {len(rows)} attacked pictures bear different words for "
                f"{who} (words chosen in each model's own text space?) and are left out."
            )
    unlike = paired[paired["pixels_a"] != paired["pixels_b"]]
    for recipe, rows in unlike.groupby("recipe", sort=True):
        yield (
            f"{recipe}: {len(rows)} of {int((paired['recipe'] == recipe).sum())} pairs are not "
            f"the same picture for {who} (a search that adapts to the model, or another version "
            "of the drawing code)."
        )
    if paired.empty:
        raise UserError(f"{who} have no attacked picture in common that counts for both")


def _pairing(
    key: Any,
    rows: pd.DataFrame,
    names: tuple[str, str],
    seed: int,
    resamples: int,
) -> Pairing:
    """Two models under one recipe, from their joined rows."""
    family, task, recipe = key
    means = rows.groupby("sample", sort=True)[["value_a", "value_b"]].mean()
    gap = (means["value_b"] - means["value_a"]).to_numpy(np.float64)
    more_a, more_b = int((gap < 0).sum()), int((gap > 0).sum())
    p = exact_mcnemar(more_a, more_b) if family != "control" else float("nan")
    return Pairing(
        task=task,
        recipe=recipe,
        family=family,
        a=names[0],
        b=names[1],
        rate_a=float(means["value_a"].mean()),
        rate_b=float(means["value_b"].mean()),
        difference=bootstrap(
            gap, stream("bootstrap", seed), bounds=DIFFERENCE, resamples=resamples
        ),
        more_a=more_a,
        more_b=more_b,
        p=p,
    )


def exact_mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p of McNemar's test from its two discordant counts."""
    return float(min(1.0, mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue))


def _with_holm(pairings: Sequence[Pairing]) -> list[Pairing]:
    tested = [i for i, one in enumerate(pairings) if one.p == one.p]
    adjusted = list(pairings)
    if tested:
        holm = multipletests([pairings[i].p for i in tested], alpha=ALPHA, method="holm")[1]
        for i, p in zip(tested, holm, strict=True):
            adjusted[i] = replace(pairings[i], p_holm=float(p))
    return adjusted
