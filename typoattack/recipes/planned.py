"""An attacker who plans: place, size, colours, font and wording chosen by an optimiser."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from PIL import Image
from pydantic import Field

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.drawing.colours import BASIC, INK, PAPER, colour, contrast
from typoattack.drawing.fonts import can_draw, families, tidy
from typoattack.recipes.adaptive import SearchOver
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.recipes.oracle import Aim, Search, margins
from typoattack.recipes.variation import substream

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

Choice = Literal["place", "tilt", "size", "font", "bold", "ink", "paper", "fill", "edge", "wording"]
"""What may be planned: parameters of the base recipe, and `wording`."""

Plan: TypeAlias = Mapping[str, Any]
"""A value for each choice."""

WORDINGS = ("{}", "a {}", "this is a {}", "a photo of a {}", "{}, {}, {}")
"""What may be written of a word, where the wording is planned."""

MOST_TILT = 15.0
"""Degrees that a surface is turned at most, where the tilt is planned."""

LEGIBLE = 3.0
"""The contrast that letters have against what they lie on at least, where colours are planned:
WCAG 2.2's for large text. Without it an attacker would find that covering is enough."""

_ON = {"ink": "paper", "fill": "edge"}
"""Colours of letters, and of what they are seen against."""

TOGETHER = 4
"""Drawings that are asked about at once; the optimiser hears of all before it proposes again."""


@recipe("planned", source="new here; TPE of Bergstra et al. 2011 (NeurIPS), by Optuna; black box")
class Planned(SearchOver):
    """A recipe whose place, size, colours, font and wording an optimiser chooses, query by query.

    The first query is the base recipe as it is. What is kept is the drawing whose margin, the log
    probability of the right class less that of the next best, was the least; below 0 the answer has
    flipped. `facts` say at which query that first happened (`flip_query`, 0 if never), the margin,
    and what was chosen. Letters always differ from what they lie on, by a contrast of 3 at least,
    but there is no control beside a search: what covers may flip too. It needs Optuna:
    `pip install 'typoattack[plan]'`.

    Attributes:
        base: the recipe that draws; it is never drawn larger than it says itself.
        budget: how many queries.
        over: what is chosen; empty: all of it that the base recipe has.
        optimiser: `tpe` learns from the answers; `random` does not, and is what it stands against.
        least: the smallest size, as a share of the base recipe's.
    """

    base: Recipe = PrintedLabel()
    budget: Annotated[int, Field(ge=1, le=2000)] = 32
    over: tuple[Choice, ...] = ()
    optimiser: Literal["tpe", "random"] = "tpe"
    least: Share = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        missing = [name for name in self.over if name not in self._all_choices()]
        if missing:
            raise UserError(
                f"recipe {self.name!r}: {self.base} has no {missing[0]!r} to choose; it has "
                f"{', '.join(self._all_choices())}"
            )

    def _all_choices(self) -> list[str]:
        """What could be planned of the base recipe."""
        own = {field.name for field in fields(self.base)}
        names: tuple[str, ...] = Choice.__args__  # type: ignore[attr-defined]
        return [name for name in names if name in own or name == "wording"]

    @property
    def most_queries(self) -> int:
        return self.budget

    def search(self, canvas: Image.Image, word: str, rng: Rng, aim: Aim) -> Search:
        space = self._space(word)
        study = _study(self.optimiser, int(substream(rng, "optimiser").integers(2**31)))
        plain = self._drawn({}, canvas, word, rng)
        (margin,) = margins((yield [plain.image]), aim.label)
        best, queries, flip_query = _Tried(margin, {}, plain), 1, int(margin < 0)
        while queries < self.budget:
            trials = [study.ask(space) for _ in range(min(TOGETHER, self.budget - queries))]
            plans = [_plan(trial.params) for trial in trials]
            drawn = [self._drawn(plan, canvas, word, rng) for plan in plans]
            found = margins((yield [one.image for one in drawn]), aim.label)
            for trial, plan, one, margin in zip(trials, plans, drawn, found, strict=True):
                study.tell(trial, margin)
                queries += 1
                if margin < 0 and not flip_query:
                    flip_query = queries
                if margin < best.margin:
                    best = _Tried(margin, plan, one)
        chosen = {f"chosen_{name}": value for name, value in best.plan.items()}
        facts = {"flip_query": flip_query, "margin": best.margin, **chosen}
        return replace(best.drawn, facts={**best.drawn.facts, **facts})

    def _space(self, word: str) -> dict[str, "BaseDistribution"]:
        """What each choice may be, for a word that every font chosen from can draw."""
        distributions = _optuna().distributions
        most = float(getattr(self.base, "size", 1.0))
        ranges = {
            "across": (0.0, 1.0),
            "down": (0.0, 1.0),
            "tilt": (0.0, MOST_TILT),
            "size": (self.least * most, most),
        }
        values: dict[str, Iterable[Any]] = {
            "font": [font for font in families() if can_draw(font, tidy(word), bold=True)],
            "bold": (True, False),
            "wording": WORDINGS,
        }
        space: dict[str, BaseDistribution] = {}
        for name in self._parameters():
            if name in ranges:
                space[name] = distributions.FloatDistribution(*ranges[name])
            else:
                choices = values[name] if name in values else self._colours(name)
                space[name] = distributions.CategoricalDistribution(tuple(choices))
        return space

    def _parameters(self) -> Iterator[str]:
        """What the optimiser chooses: a place is two numbers, letters and ground are one pair."""
        chosen = self.over or self._all_choices()
        for name in chosen:
            ground = _ON.get(name)
            if name == "place":
                yield from ("across", "down")
            elif ground in chosen:
                yield f"{name} on {ground}"
            elif not any(name == of and letters in chosen for letters, of in _ON.items()):
                yield name

    def _colours(self, name: str) -> list[str]:
        """What a colour, or a pair such as `black on white`, may be for letters to be legible."""
        letters, pair, _ = name.partition(" on ")
        if pair:
            return [f"{a} on {b}" for a in BASIC for b in BASIC if _legible(a, b)]
        other = _ON.get(letters) or next(of for of, seen in _ON.items() if seen == letters)
        fixed = str(getattr(self.base, other, ""))
        return [a for a in BASIC if not fixed or _legible(a, fixed)] or list(BASIC)

    def _drawn(self, plan: Plan, canvas: Image.Image, word: str, rng: Rng) -> Attacked:
        """The base recipe by a plan, always from the same point of the stream."""
        changes = {name: value for name, value in plan.items() if name != "wording"}
        text = str(plan.get("wording", "{}")).replace("{}", word)
        changed: Recipe = replace(self.base, **changes)
        return replace(changed(canvas, text, copy.deepcopy(rng)), word=word)


def _plan(chosen: Mapping[str, Any]) -> Plan:
    """What an optimiser chose, as parameters of a recipe."""
    plan: dict[str, Any] = {}
    for name, value in chosen.items():
        letters, pair, ground = name.partition(" on ")
        if pair:
            plan[letters], _, plan[ground] = str(value).partition(" on ")
        elif name not in ("across", "down"):
            plan[name] = value
    if "across" in chosen:
        plan["place"] = f"{chosen['across']:.4f},{chosen['down']:.4f}"
    return plan


def _legible(letters: str, ground: str) -> bool:
    tables = (BASIC, PAPER, INK)
    return contrast(colour(letters, *tables), colour(ground, *tables)) >= LEGIBLE


@dataclass(frozen=True, slots=True)
class _Tried:
    """A drawing that was asked about.

    Attributes:
        margin: what the model made of it.
        plan: by what it was drawn.
        drawn: the picture.
    """

    margin: float
    plan: Plan
    drawn: Attacked


def _study(optimiser: str, seed: int) -> "Study":
    """A search for the least margin; it writes nothing anywhere."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a line a query would bury the progress
    samplers = optuna.samplers
    study: Study = optuna.create_study(
        sampler=samplers.TPESampler(seed=seed, constant_liar=True)
        if optimiser == "tpe"
        else samplers.RandomSampler(seed=seed)
    )
    return study


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UserError("the recipe planned needs Optuna: pip install 'typoattack[plan]'") from None
    return optuna
