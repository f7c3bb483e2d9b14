"""A field of models: each one's figures, places, and who is told apart from whom.

Grows with the number of models, not of their pairs: each run is read once and kept as what its
photographs contribute, and each model is tested against the best and against a named baseline.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from typoattack.core.errors import UserError, unknown
from typoattack.core.randomness import stream
from typoattack.metrics.clusters import AUTO, Clusters, clustered, clusters, p_value
from typoattack.metrics.comparison import read_begun, refuse_different_suites, refuse_figure
from typoattack.metrics.duplicates import LIKENESS, near_duplicates, with_likeness
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import DIFFERENCE, RESAMPLES, Figure, Values
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import ALPHA, DRAWS, holm, random_signs
from typoattack.metrics.ranking import Rank, rank
from typoattack.metrics.reading import Reading, readings
from typoattack.metrics.summaries import estimate
from typoattack.results.frame import by_model
from typoattack.results.reading import read_reading

FIGURES_SHOWN = (
    "accuracy_clean",
    "accuracy_attacked",
    "flip_rate",
    "targeted_success",
    "reading_effect",
)
"""What the table of a field has of each model, on its own photographs, over all attacks."""

_DRAWS_A_MODEL = 100
"""Random signs for each model of a field: so many leave 1 % of the smallest adjusted p-value."""

LEAST_MODELS = 3
"""Models that a correlation of recipes needs."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model of one run, as small as a field of hundreds allows.

    Attributes:
        name: how tables call it; unique in a field.
        model: what its run calls it.
        folder: where the run lies.
        manifest: of its run.
        rows: its attacked rows with what they contribute to the figures, and no more.
        repeats: the folders that hold the same rows of the same model again.
        reading: how well it reads; None where that was not asked.
    """

    name: str
    model: str
    folder: str
    manifest: Mapping[str, Any]
    rows: pd.DataFrame
    repeats: tuple[str, ...] = ()
    reading: Reading | None = None

    @property
    def note(self) -> str:
        """What a report must say of its figures."""
        return next(str(m["note"]) for m in self.manifest["models"] if m["name"] == self.model)


@dataclass(frozen=True, slots=True)
class Against:
    """A model held against another on the photographs that count for all with a place.

    Attributes:
        other: whom.
        difference: the model's figure less the other's, with its interval.
        p_holm: of a sign-flip test of the mean gap a photograph (Student's t where objects and
            words cross), Holm-adjusted over the field.
    """

    other: str
    difference: Figure
    p_holm: float

    @property
    def apart(self) -> bool:
        """Whether the two are told apart."""
        return self.p_holm < ALPHA


@dataclass(frozen=True, slots=True)
class Placed:
    """A model in a field.

    Attributes:
        rank: its place, with what is uncertain about it.
        figures: by the names of `FIGURES_SHOWN`, on its own photographs.
        recipes: the ranked figure under each attack, on its own photographs.
        group: 1 for the best and all that are not told apart from it, 2 for the best of the others
            and those not told apart from that, and so on; None without a place.
        best: the model against the best; None for the best itself, or without a place.
        baseline: the model against the named one; None for that, where none was named, or without
            a place.
        note: what must be said of its figures.
        folder: where its run lies.
        reading: how well it reads; None where that was not asked.
    """

    rank: Rank
    figures: Mapping[str, Figure]
    recipes: Mapping[str, Figure]
    group: int | None
    best: Against | None
    baseline: Against | None
    note: str
    folder: str
    reading: Reading | None = None

    @property
    def blind(self) -> bool:
        """Whether it was asked to read and does not."""
        return self.reading is not None and self.reading.reads.high < self.reading.middle


@dataclass(frozen=True, slots=True)
class Field:
    """What `rank_field` found.

    Attributes:
        figure: which figure was ranked.
        models: the most robust first, then those without a place.
        correlation: of recipes across models (Spearman's), by recipe; empty for fewer than
            `LEAST_MODELS` models.
        grouped: by what photographs belong together; empty where each stands by itself.
        baseline: the named model; empty if none.
        notes: what a reader must know.
        manifest: of one of the runs, for what they share.
    """

    figure: str
    models: tuple[Placed, ...]
    correlation: pd.DataFrame
    grouped: str
    baseline: str
    notes: tuple[str, ...]
    manifest: Mapping[str, Any]


def read_field(
    folders: Sequence[Path], figure: str = "flip_rate", by: str = AUTO
) -> list[Contestant]:
    """Every model of every run, one run in memory at a time.

    Args:
        folders: of runs.
        figure: what will be ranked; kept beside `FIGURES_SHOWN`.
        by: what photographs will be taken together by.

    Raises:
        UserError: if a folder holds no run, a run no predictions, or runs are of other suites.
    """
    refuse_figure(figure)
    found: list[Contestant] = []
    for folder in folders:
        for one in _contestants(folder, figure, by):
            if found:
                refuse_different_suites(found[0].name, found[0].manifest, one.name, one.manifest)
            same = next((n for n, other in enumerate(found) if _same(one, other)), None)
            if same is None:
                found.append(one)
            else:
                first = found[same]
                found[same] = replace(first, repeats=(*first.repeats, one.folder))
    return _named_apart(found)


def _contestants(folder: Path, figure: str, by: str) -> list[Contestant]:
    """The models of one run, whose predictions are let go when they are counted."""
    kept = ["family", "task", "recipe", "sample", "replicate", "label", "word", "facts"]
    kept += dict.fromkeys([*FIGURES_SHOWN, figure, *[LIKENESS] * (by == LIKENESS)])
    manifest, predictions = read_begun(folder)
    table = read_reading(folder)
    read = {} if table is None else {one.model: one for one in readings(table)}
    found = []
    for model, rows in by_model(predictions):
        counted = outcomes(rows)
        if by == LIKENESS:
            counted = with_likeness(counted, near_duplicates(rows))
        attacks = counted.loc[counted["family"] == "attack", kept].reset_index(drop=True)
        found.append(
            Contestant(model, model, str(folder), manifest, attacks, reading=read.get(model))
        )
    return found


def _same(one: Contestant, other: Contestant) -> bool:
    return one.model == other.model and one.rows.equals(other.rows)


def _repeats(contestants: Sequence[Contestant]) -> Iterator[str]:
    """Says what was given more than once and is counted once."""
    for one in contestants:
        if one.repeats:
            yield f"{one.name} was given again by {', '.join(one.repeats)} and is counted once."


def _asked_otherwise(contestants: Sequence[Contestant]) -> Iterator[str]:
    """Says where models were not asked to read the same pictures."""
    asked: dict[int, list[str]] = {}
    for one in contestants:
        if one.reading is not None:
            asked.setdefault(one.reading.reads.n, []).append(one.name)
    if len(asked) > 1:
        told = ", ".join(
            f"{count} pictures of {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}"
            for count, names in sorted(asked.items())
        )
        yield (
            f"Reading was asked on {told}: these figures are not of the same pictures; "
            "run them with one number of --reads to compare them."
        )


def _named_apart(found: Sequence[Contestant]) -> list[Contestant]:
    times = pd.Series([one.model for one in found]).value_counts()
    return [
        replace(one, name=f"{one.model} ({one.folder})") if times[one.model] > 1 else one
        for one in found
    ]


def rank_field(
    contestants: Sequence[Contestant],
    *,
    figure: str = "flip_rate",
    baseline: str = "",
    seed: int = 0,
    resamples: int = RESAMPLES,
    by: str = AUTO,
) -> Field:
    """Place every model of a field, and tell which differ from the best.

    Args:
        contestants: two or more, from `read_field`.
        figure: one that `typoattack.metrics.figures.comparable` names.
        baseline: a model that all others are held against, beside the best.
        seed: of the bootstrap and of random signs.
        resamples: how many bootstrap resamples.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Raises:
        UserError: for fewer than two models, or a baseline that is none of them.
    """
    refuse_figure(figure)
    if len(contestants) < 2:
        again = "; ".join(told.rstrip(".") for told in _repeats(contestants))
        raise UserError(f"ranking needs at least two models; name another run. {again}".strip(". "))
    by_name = {one.name: one for one in contestants}
    if baseline and baseline not in by_name:
        raise unknown("model of these runs", baseline, by_name)
    ranks = rank(
        {name: one.rows for name, one in by_name.items()},
        figure,
        lower_is_better=FIGURES[figure].more_robust == "lower",
        rng=stream("bootstrap", seed),
        resamples=resamples,
        by=by,
    )
    if not ranks:
        raise UserError("no two models share an attack, so there is nothing to rank them by")
    order = [one.name for one in ranks if one.place is not None]
    test = _tests([by_name[name] for name in order], figure, by, seed)
    best = test.against(order[0], order[1:]) if order else {}
    others = [name for name in order if name != baseline]
    held = test.against(baseline, others) if baseline in order else {}
    groups = dict(_told_apart(order, test))
    models = tuple(
        Placed(
            one,
            *_figures(by_name[one.name].rows, figure, seed, resamples, by),
            groups.get(one.name),
            best.get(one.name),
            held.get(one.name),
            by_name[one.name].note,
            by_name[one.name].folder,
            by_name[one.name].reading,
        )
        for one in ranks
    )
    return Field(
        figure,
        models,
        _correlation([one for one in models if one.rank.place is not None]),
        "" if test.groups.trivial else " × ".join(test.groups.factors),
        baseline,
        (
            *_repeats(contestants),
            *_asked_otherwise(contestants),
            *_notes(models, baseline, order),
        ),
        contestants[0].manifest,
    )


def _figures(
    rows: pd.DataFrame, figure: str, seed: int, resamples: int, by: str
) -> tuple[dict[str, Figure], dict[str, Figure]]:
    """A model's own figures over all attacks, and the ranked one under each."""

    def own(part: pd.DataFrame, names: Iterable[str]) -> dict[str, Figure]:
        groups = clusters(part, by)
        how: dict[str, Any] = {"seed": seed, "resamples": resamples, "groups": groups}
        return {name: estimate(part, name, **how) for name in names}

    recipes = {
        str(recipe): own(part, [figure])[figure]
        for recipe, part in rows.groupby("recipe", sort=True, observed=True)
    }
    return own(rows, FIGURES_SHOWN), recipes


def _tests(placed: Sequence[Contestant], figure: str, by: str, seed: int) -> "_Tests":
    """Tests on the pictures that count for all models with a place, as their scores do."""
    keys = ["task", "recipe", "sample", "replicate", "word"]
    cells: pd.DataFrame = pd.DataFrame(
        {one.name: one.rows.groupby(keys)[figure].mean() for one in placed}, dtype=np.float64
    ).dropna()
    # A picture that counts for all is one of the first model's.
    rows = placed[0].rows if placed else pd.DataFrame(columns=[*keys])
    once = rows.drop(columns=[*FIGURES_SHOWN, figure], errors="ignore")
    once = once.drop_duplicates(keys).set_index(keys)
    shared = once.loc[cells.index].reset_index()
    shared["sample"] = shared["task"].astype(str) + "\0" + shared["sample"].astype(str)
    return _Tests(cells, clusters(shared, by), seed)


@dataclass(frozen=True, slots=True)
class _Tests:
    """Paired tests of models with a place.

    Attributes:
        cells: the figure (pictures, models) on pictures that count for all of them.
        groups: which pictures belong together.
        seed: of random signs.
    """

    cells: pd.DataFrame
    groups: Clusters
    seed: int

    def against(self, other: str, names: Sequence[str]) -> dict[str, Against]:
        """Each of `names` less `other`, Holm-adjusted over them."""
        if not names:
            return {}
        gaps = self.cells[list(names)].sub(self.cells[other], axis=0).to_numpy(np.float64)
        chances = holm(self._chances(gaps).tolist())
        return {
            name: Against(other, clustered(own, self.groups, DIFFERENCE), p)
            for name, own, p in zip(names, gaps.T, chances, strict=True)
        }

    def _chances(self, gaps: Values) -> Values:
        """p-values (models,) of gaps (pictures, models)."""
        if len(self.groups.codes) > 1:
            return np.array([p_value(own, self.groups) for own in gaps.T])
        sums = np.column_stack([self.groups.sums(own) for own in gaps.T])
        draws = max(DRAWS, _DRAWS_A_MODEL * gaps.shape[1])  # else Holm's factor outgrows them
        return random_signs(sums, stream("sign flip", self.seed), draws)


def _told_apart(order: Sequence[str], test: _Tests) -> Iterator[tuple[str, int]]:
    """Each placed model with its group."""
    left, number = list(order), 1
    while left:
        leader, others = left[0], left[1:]
        found = test.against(leader, others)
        together = [leader, *(name for name in others if not found[name].apart)]
        yield from ((name, number) for name in together)
        left = [name for name in others if name not in together]
        number += 1


def _correlation(models: Sequence[Placed]) -> pd.DataFrame:
    enough = models if len(models) >= LEAST_MODELS else ()
    rates: pd.DataFrame = pd.DataFrame(
        [{r: f.value for r, f in one.recipes.items()} for one in enough]
    )
    found: pd.DataFrame = rates.corr(method="spearman", min_periods=LEAST_MODELS)
    return found


def _notes(models: Sequence[Placed], baseline: str, order: Sequence[str]) -> Iterator[str]:
    if baseline and baseline not in order:
        yield f"{baseline} has no place, so nothing is held against it."
    blind = [one.rank.name for one in models if one.blind and one.rank.place is not None]
    if blind:
        shown = ", ".join(blind[:3]) + (f" and {len(blind) - 3} more" if len(blind) > 3 else "")
        verb = "does" if len(blind) == 1 else "do"
        yield f"{shown} {verb} not read, so that a good place is no sign of robustness."
    for one in models:
        if one.rank.reason:
            yield f"{one.rank.name} has no place: {one.rank.reason}."
    photographs = {one.rank.photographs for one in models}
    if len(photographs) > 1:
        yield (
            f"The models have clean pictures of {min(photographs):,} to {max(photographs):,} "
            "photographs; places are taken on those that count for all of them."
        )
