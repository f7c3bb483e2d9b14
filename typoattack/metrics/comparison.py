"""Two or more models on the same attacked pictures: who is more robust, and how sure is that.

Everything is paired. A figure is compared on the rows that count for both models (for the flip
rate: photographs that both classify correctly when clean), joined by task, recipe, sample,
replicate and word, so a difference between two models is never a difference between two sets of
photographs. Beside it stand each model's figure on its own photographs, and what is left of the
difference at equal clean margin.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from typoattack.core.errors import UserError
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.figures import comparable
from typoattack.metrics.intervals import RESAMPLES
from typoattack.metrics.margins import AtEqualMargin, at_equal_margin, clean_margins, without
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import LEAST_COMMON, Contrast, contrast, with_holm
from typoattack.results.folder import RunFolder, describe_difference
from typoattack.results.frame import by_model
from typoattack.results.schema import CLEAN, LISTS

JOIN = ["task", "recipe", "sample", "replicate", "word"]
"""What two rows must share to be a pair."""

_OF_BOTH = ("family", "label", "target", "facts")
"""Columns that are alike in both rows of a pair."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One model of one run.

    Attributes:
        name: how tables call it; unique in a comparison.
        manifest: of its run.
        predictions: its rows; where a figure was counted when they were read, that figure's column
            too, and no more than comparing it needs.
        repeats: the folders that hold the same rows of the same model again.
        margins: what `clean_margins` gives for its rows, where they were counted.
    """

    name: str
    manifest: Mapping[str, Any]
    predictions: pd.DataFrame
    repeats: tuple[str, ...] = ()
    margins: "pd.Series[float] | None" = None

    @property
    def model(self) -> str:
        """What predictions and manifest call it."""
        return str(self.predictions["model"].iloc[0])


@dataclass(frozen=True, slots=True)
class OwnRate:
    """A figure of one model under one recipe on all samples that count for it.

    Attributes:
        value: the mean over samples.
        n: how many samples.
    """

    value: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing(Contrast):
    """Two models under one recipe.

    Attributes:
        recipe: what both were attacked with.
        family: `attack` or `control`; a control is shown, not tested.
        own_a: the figure of `a` on its own samples, whatever counts for `b`.
        own_b: the figure of `b` on its own.
        at_equal_margin: what is left of the difference at equal clean margin.
    """

    recipe: str
    family: str
    own_a: OwnRate
    own_b: OwnRate
    at_equal_margin: AtEqualMargin


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `compare` found.

    Attributes:
        names: the models, in the order given.
        figure: which figure was compared.
        pairings: for each pair of models, each recipe, attacks before controls.
        changed: rows on which two models differ: JOIN, family, the label, both answers, `a`, `b`.
        notes: what a reader must know, such as pictures that differ or pairs that are left out.
    """

    names: tuple[str, ...]
    figure: str
    pairings: tuple[Pairing, ...]
    changed: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """An entrant with what is computed of it once, for all its pairs."""

    entrant: Entrant
    rows: pd.DataFrame
    own: Mapping[Any, OwnRate]
    margins: "pd.Series[float]"

    @property
    def name(self) -> str:
        return self.entrant.name


def _counted(entrant: Entrant, figure: str) -> _Counted:
    rows = entrant.predictions
    margins = entrant.margins
    if figure not in rows or margins is None:
        rows, margins = outcomes(rows), clean_margins(rows)
    by = ["family", "task", "recipe"]
    means = rows.groupby([*by, "sample"], sort=False)[figure].mean().dropna()
    own = {
        key: OwnRate(float(values.mean()), len(values))
        for key, values in means.groupby(by, sort=False)
    }
    return _Counted(entrant, rows, own, margins)


def read_entrants(folders: Sequence[Path], figure: str = "") -> list[Entrant]:
    """Every model of every run, named by the model, and by the folder where models repeat.

    The same predictions of the same model are one entrant, however often they are given: twice
    the same folder, a copy, or a run that was repeated.

    Args:
        folders: of runs.
        figure: counted as each run is read, whose other columns are then let go: of large runs,
            not all fit in memory together. Nothing is counted if empty.

    Raises:
        UserError: if a folder holds no run, or a run no predictions; with a figure, also for one
            that cannot be compared or taken.
    """
    if figure:
        refuse_figure(figure)
    found: list[tuple[Path, Entrant]] = []
    for folder in folders:
        for one in _entrants(folder, figure):
            same = next((i for i, (_, other) in enumerate(found) if _same(one, other)), None)
            if same is None:
                found.append((folder, one))
                continue
            first, kept = found[same]
            found[same] = first, replace(kept, repeats=(*kept.repeats, str(folder)))
    times = Counter(entrant.name for _, entrant in found)
    return [
        replace(entrant, name=f"{entrant.name} ({folder})") if times[entrant.name] > 1 else entrant
        for folder, entrant in found
    ]


def _entrants(folder: Path, figure: str) -> list[Entrant]:
    """The models of one run."""
    manifest, predictions = read_begun(folder)
    every = [Entrant(model, manifest, rows) for model, rows in by_model(predictions)]
    if not figure:
        return every
    kept = ["model", *_joined_columns(figure), "prob_label", "sim_label", "sim_word"]
    return [
        replace(
            one,
            predictions=outcomes(one.predictions)[kept],
            margins=clean_margins(one.predictions),
        )
        for one in every
    ]


def read_begun(folder: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Manifest and predictions of a run, cells of lists as Python lists.

    Raises:
        UserError: if there is no run, or it has no predictions yet.
    """
    run = RunFolder(folder)
    manifest, predictions = run.manifest(), run.predictions(compact=True)
    if predictions.empty:
        raise UserError(f"{str(folder)!r} has no predictions yet; let its run finish first")
    return manifest, predictions


def _same(one: Entrant, other: Entrant) -> bool:
    """Whether they are the same model's same predictions under the same suite."""
    suites = [e.manifest.get("comparable") for e in (one, other)]
    return one.model == other.model and suites[0] == suites[1] and _plain(one).equals(_plain(other))


def _plain(entrant: Entrant) -> pd.DataFrame:
    """Its rows without the columns of lists, which follow from the others' pictures and answers."""
    lists = [name for name in LISTS if name in entrant.predictions]
    plain: pd.DataFrame = entrant.predictions.drop(columns=lists).reset_index(drop=True)
    return plain


def compare(
    entrants: Sequence[Entrant],
    *,
    figure: str = "flip_rate",
    seed: int = 0,
    resamples: int = RESAMPLES,
    least: int = LEAST_COMMON,
    by: str = AUTO,
) -> Comparison:
    """Compare every pair of `entrants` recipe by recipe.

    The test is `typoattack.metrics.paired.p_of_mean` on the mean gap a sample: rows of one sample
    are not independent, so a sample counts once, with the mean of its attacked versions, and
    samples that belong together (one object's, one word's) change sides together. With one version
    a sample, each by itself, this is McNemar's exact test. Holm's adjustment runs over the attacks
    of one pair of models, so what is said of two does not depend on who else is compared; controls
    are shown but not tested.

    Args:
        entrants: at least two, from `read_entrants`.
        figure: one that `typoattack.metrics.figures.comparable` names.
        seed: of the bootstrap, and of random signs where they are drawn.
        resamples: how many bootstrap resamples.
        least: how many samples must count for both; a pair with fewer is named and left out.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.

    Raises:
        UserError: for fewer than two models, runs that are not comparable (the difference is
            named), a figure that cannot be compared, or no pair with enough in common.
    """
    refuse_figure(figure)
    if len(entrants) < 2:
        raise UserError(_alone(entrants))
    first = entrants[0]
    for other in entrants[1:]:
        refuse_different_suites(first.name, first.manifest, other.name, other.manifest)
    counted = [_counted(e, figure) for e in entrants]
    notes = [*repeat_notes(entrants), *_sample_notes(entrants)]
    pairings: list[Pairing] = []
    changed: list[pd.DataFrame] = []
    left_out = []
    for a, b in itertools.combinations(counted, 2):
        paired = join_rows(a.rows, b.rows, figure)
        how = {"seed": seed, "resamples": resamples, "by": by}
        found, too_few = _pair(a, b, paired, least, how)
        if not any(one.tested for one in found):
            left_out.append(_left_out(a, b, paired, least))
            continue
        notes += [*_pairing_notes(a, b, paired), *too_few]
        pairings += found
        differ = paired[paired["value_a"] != paired["value_b"]]
        changed.append(differ.assign(a=a.name, b=b.name))
    if not pairings:
        more = f"; and {len(left_out) - 3} other pairs likewise" if len(left_out) > 3 else ""
        raise UserError(f"{'; '.join(left_out[:3])}{more}; run them on more photographs")
    return Comparison(
        names=tuple(e.name for e in entrants),
        figure=figure,
        pairings=tuple(pairings),
        changed=pd.concat(changed, ignore_index=True),
        notes=(*(f"{told}; the pair is left out." for told in left_out), *notes),
    )


def refuse_figure(figure: str) -> None:
    """Raise `UserError` for a figure that cannot be compared, with those that can."""
    if figure not in comparable():
        raise UserError(f"cannot compare {figure!r}; choose one of {', '.join(comparable())}")


def _alone(entrants: Sequence[Entrant]) -> str:
    """Why there is nothing to compare."""
    for one in entrants:
        if one.repeats:
            times = "twice" if len(one.repeats) == 1 else f"{len(one.repeats) + 1} times"
            return (
                f"the same predictions of {one.name!r} were given {times} "
                f"(again in {', '.join(map(repr, one.repeats))}) and nothing else; "
                "name a run of another model"
            )
    return "comparing needs at least two models; name another run"


def repeat_notes(entrants: Sequence[Entrant]) -> Iterator[str]:
    """Says what was given more than once and is counted once."""
    for one in entrants:
        if one.repeats:
            yield f"{one.name} was given again by {', '.join(one.repeats)} and is counted once."


def refuse_different_suites(
    name: str, manifest: Mapping[str, Any], other: str, others: Mapping[str, Any]
) -> None:
    """Raise `UserError` where two models' runs are not of one suite, with the difference."""
    if manifest is others:
        return
    for key in ("format", "comparable"):
        here, there = manifest.get(key), others.get(key)
        if here == there and here is not None:
            continue
        told = describe_difference({key: here}, {key: there})
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            told = describe_difference(here, there)
        raise UserError(
            f"{name!r} and {other!r} were not run on the same suite, so their "
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


def join_rows(a: pd.DataFrame, b: pd.DataFrame, figure: str) -> pd.DataFrame:
    """The rows of `outcomes` that count for both models, side by side."""
    sides = []
    for rows in (a, b):
        # What does not count on its own side counts for no pair: fewer rows to join.
        counting = (rows["family"] != CLEAN) & rows[figure].notna()
        side = rows.loc[counting, _joined_columns(figure)]
        sides.append(side.rename(columns={figure: "value"}))
    joined: pd.DataFrame = sides[0].merge(
        sides[1].drop(columns=list(_OF_BOTH)),
        on=JOIN,
        suffixes=("_a", "_b"),
        validate="1:1",
    )
    return joined


def _joined_columns(figure: str) -> list[str]:
    return [*JOIN, *_OF_BOTH, "predicted", "clean_predicted", "pixels", figure]


def _left_out(a: _Counted, b: _Counted, paired: pd.DataFrame, least: int) -> str:
    attacks = paired[paired["family"] != "control"]
    most = max(attacks.groupby(["task", "recipe"])["sample"].nunique(), default=0)
    shared = "no attacked picture" if not most else f"only {_photographs(most)}"
    return (
        f"{a.name} and {b.name} have {shared} in common that {'count' if most > 1 else 'counts'} "
        f"for both, and comparing needs {least}"
    )


def _photographs(count: int) -> str:
    return f"{count:,} photograph{'' if count == 1 else 's'}"


def _pairing_notes(a: _Counted, b: _Counted, paired: pd.DataFrame) -> Iterator[str]:
    """Says where the two models did not see the same thing."""
    who = f"{a.name} and {b.name}"
    for recipe, rows in a.rows[a.rows["family"] != CLEAN].groupby("recipe", sort=True):
        others = b.rows[b.rows["recipe"] == recipe]
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


def _pair(
    a: _Counted, b: _Counted, paired: pd.DataFrame, least: int, how: Mapping[str, Any]
) -> tuple[list[Pairing], list[str]]:
    """Two models under each recipe with enough in common, and what is said of the others."""
    found, too_few = [], []
    for key, rows in paired.groupby(["family", "task", "recipe"], sort=True):
        samples = int(rows["sample"].nunique())
        if samples >= least:
            found.append(_pairing(key, rows, a, b, how))
        else:
            too_few.append(
                f"{key[2]}: only {_photographs(samples)} count for both {a.name} and {b.name}, "
                f"and comparing needs {least}; it is left out for them."
            )
    return with_holm(found), too_few


def _pairing(
    key: Any, rows: pd.DataFrame, a: _Counted, b: _Counted, how: Mapping[str, Any]
) -> Pairing:
    """Two models under one recipe, from their joined rows."""
    family, task, recipe = key
    tested = family != "control"
    return Pairing(
        task=task,
        recipe=recipe,
        family=family,
        a=a.name,
        b=b.name,
        own_a=a.own[key],
        own_b=b.own[key],
        at_equal_margin=(
            at_equal_margin(rows, a.margins, b.margins, how["by"])
            if tested
            else without("controls are not tested", int(rows["sample"].nunique()))
        ),
        **contrast(rows, tested=tested, **how),
    )
