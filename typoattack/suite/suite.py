"""What to run, validated: data set, models, recipes, words, seed. Reads `benchmarks/*.yaml`."""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from typoattack.core.errors import UserError, unknown
from typoattack.core.resources import suites_dir
from typoattack.recipes import Control, Recipe, SearchRecipe, build_recipe, parse_recipe
from typoattack.recipes.base import RECIPES
from typoattack.recipes.plugins import load_entry_points
from typoattack.samples import DatasetSpec
from typoattack.words import parse_words


@dataclass(frozen=True, slots=True)
class Attack:
    """One line of a suite: a recipe and where its words come from.

    Attributes:
        recipe: what is drawn.
        words: the word source's spec.
        label: how predictions name the pair: the recipe, and ` @ words` where the words are
            neither the suite's nor the recipe's own.
        control_of: the label of the attack whose geometry a control has; empty for an attack.
    """

    recipe: Recipe
    words: str
    label: str
    control_of: str = ""

    @property
    def control(self) -> str:
        """The kind of control (`blank`, `true`, …); empty for an attack."""
        return self.recipe.kind if isinstance(self.recipe, Control) else ""


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark, resolved: everything that decides pixels and predictions but the models.

    Attributes:
        name: the suite's name.
        question: what it answers, one line.
        dataset: which photographs.
        models: names of the models, as `--model` takes them.
        attacks: in the order of the suite, sweeps expanded.
        words: the word source of recipes that ask for none.
        controls: kinds of control that stand beside every attack.
        replicates: words and draws per sample and recipe.
        seed: keys every random stream.
        canvas: side of the square canvas in pixels.
        templates: `simple`, `openai`, a file, or empty for the data set's own.
        limit: only the first so many samples; 0 for all.
    """

    name: str
    question: str
    dataset: DatasetSpec
    models: tuple[str, ...]
    attacks: tuple[Attack, ...]
    words: str = "random"
    controls: tuple[str, ...] = ()
    replicates: int = 1
    seed: int = 0
    canvas: int = 448
    templates: str = ""
    limit: int = 0

    @property
    def passes(self) -> int:
        """Forward passes a photograph costs, the clean one included."""
        searches = (a.recipe for a in self.attacks if isinstance(a.recipe, SearchRecipe))
        queries: int = sum(recipe.most_queries for recipe in searches)
        return 1 + self.replicates * (len(self.attacks) + queries)

    @property
    def identity(self) -> dict[str, Any]:
        """What two runs must share to be comparable: all but name, question and models."""
        return {
            "dataset": {k: v for k, v in dataclasses.asdict(self.dataset).items() if v is not None},
            "recipes": [attack.label for attack in self.attacks],
            "recipe_fingerprints": [attack.recipe.fingerprint for attack in self.attacks],
            "word_sources": [attack.words for attack in self.attacks],
            "replicates": self.replicates,
            "seed": self.seed,
            "canvas": self.canvas,
            "templates": self.templates,
            "limit": self.limit,
        }


class _DatasetEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    spec: str
    image_column: str | None = None
    label_column: str | None = None
    class_names: str | None = None


class _SuiteFile(BaseModel):
    """The keys of a suite's YAML file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str
    dataset: str | _DatasetEntry = "bundled"
    models: list[str] = Field(default=["mini"], min_length=1)
    recipes: list[str | dict[str, Any]] = Field(min_length=1)
    controls: list[str] = []
    words: str = "random"
    replicates: int = Field(default=1, ge=1, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**63)
    canvas: int = Field(default=448, ge=32, le=4096)
    templates: str = ""
    limit: int = Field(default=0, ge=0)


def list_suites() -> dict[str, Path]:
    """The suites that come with the package, by name."""
    return {path.stem: path for path in sorted(suites_dir().glob("*.yaml"))}


def load_suite(name: str, changes: Mapping[str, Any] | None = None) -> Suite:
    """The suite called `name`, or the one in the YAML file that `name` is the path of.

    Args:
        name: see `list_suites`.
        changes: keys of the suite's file to replace, such as `{"seed": 1}`; None leaves one.

    Raises:
        UserError: for an unknown suite, or a key or value that is wrong; the message names it.
    """
    known = list_suites()
    if name in known:
        path = known[name]
    elif name.endswith((".yaml", ".yml")) or "/" in name:
        path = Path(name)
    else:
        raise unknown("suite", name, known, "or give the path of a YAML file")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"suite {name!r}: cannot read it ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"suite {name!r}: not UTF-8 text") from None
    return parse_suite(text, path.stem, changes)


def parse_suite(text: str, name: str, changes: Mapping[str, Any] | None = None) -> Suite:
    """The suite called `name` from YAML text; see `load_suite`."""
    data = _read_yaml(text, name)
    data |= {key: value for key, value in (changes or {}).items() if value is not None}
    _refuse_half_characters(data, name)
    try:
        file = _SuiteFile.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise UserError(f"suite {name!r}: key {key!r}: {problem['msg']}") from None
    entry = file.dataset if isinstance(file.dataset, _DatasetEntry) else None
    suite = Suite(
        name=name,
        question=file.question,
        dataset=DatasetSpec(**entry.model_dump()) if entry else DatasetSpec(str(file.dataset)),
        models=tuple(file.models),
        attacks=(),
        words=file.words,
        controls=tuple(file.controls),
        replicates=file.replicates,
        seed=file.seed,
        canvas=file.canvas,
        templates=file.templates,
        limit=file.limit,
    )
    parse_words(suite.words)
    return replace(suite, attacks=_attacks(suite, file.recipes))


_LONGEST = 1_000_000
"""Characters of a suite's file; a real one has a few hundred."""


class _PlainLoader(yaml.SafeLoader):
    """Safe, and without aliases: a few lines of nested ones stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not read in suites; write the values out")
        return super().compose_node(parent, index)


def _read_yaml(text: str, name: str) -> dict[Any, Any]:
    """The keys and values of a suite's file.

    Raises:
        UserError: if it is none, too long, or holds tags or aliases.
    """
    if len(text) > _LONGEST:
        raise UserError(f"suite {name!r}: {len(text)} characters; at most {_LONGEST} are read")
    try:
        data = _PlainLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UserError(
            f"suite {name!r}: not YAML ({' '.join(str(error).split())[:200]})"
        ) from None
    if not isinstance(data, dict):
        raise UserError(f"suite {name!r}: expected keys and values, such as `recipes: [...]`")
    return data


def _refuse_half_characters(data: Any, name: str) -> None:
    """Text that no file could hold: lone surrogates, from escapes or from names in no UTF-8."""
    if isinstance(data, str):
        try:
            data.encode()
        except UnicodeEncodeError:
            raise UserError(f"suite {name!r}: {data[:60]!r} is not text (UTF-8)") from None
    elif isinstance(data, Mapping):
        _refuse_half_characters([*data.keys(), *data.values()], name)
    elif isinstance(data, (list, tuple)):
        for part in data:
            _refuse_half_characters(part, name)


def with_dataset_options(
    suite: Suite,
    *,
    image_column: str | None = None,
    label_column: str | None = None,
    class_names: str | None = None,
) -> Suite:
    """`suite` with options of its data set replaced where they are given."""
    given = {
        "image_column": image_column,
        "label_column": label_column,
        "class_names": class_names,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    return replace(suite, dataset=replace(suite.dataset, **changes))


def _attacks(suite: Suite, entries: Iterable[str | Mapping[str, Any]]) -> tuple[Attack, ...]:
    """The attacks of a suite's recipe entries, sweeps expanded, controls beside each.

    An entry is `recipe(param=value) @ words`, or a mapping with `recipe`, optional `words` and
    parameters, where a list sweeps over its values.
    """
    load_entry_points()
    attacks: dict[str, Attack] = {}
    for entry in entries:
        for recipe, words in _expand(entry):
            for attack in _with_controls(recipe, words, suite.words, suite.controls):
                if attack.label in attacks and not attack.control:
                    raise UserError(f"recipe {attack.label!r} stands twice in suite {suite.name!r}")
                attacks[attack.label] = attack
    return tuple(attacks.values())


def _with_controls(
    recipe: Recipe, words: str, default: str, controls: Sequence[str]
) -> Iterable[Attack]:
    attack = make_attack(recipe, words, default)
    yield attack
    if recipe.family == "attack" and not isinstance(recipe, SearchRecipe):
        for kind in controls:
            yield make_attack(_control(recipe, kind), words, default)


def without_searches(suite: Suite) -> tuple[Suite, tuple[str, ...]]:
    """The suite less the attacks that ask a model what to draw, and the labels of those.

    Raises:
        UserError: if it has no other.
    """
    drawn = tuple(a for a in suite.attacks if not isinstance(a.recipe, SearchRecipe))
    left_out = tuple(a.label for a in suite.attacks if isinstance(a.recipe, SearchRecipe))
    if not drawn:
        raise UserError(
            f"suite {suite.name!r}: {', '.join(left_out)} ask a model what to draw, which only "
            "`typoattack run` does; choose other recipes"
        )
    return dataclasses.replace(suite, attacks=drawn), left_out


def _control(recipe: Recipe, kind: str) -> Recipe:
    """The control of `recipe`, by its own name where it has one (`blank-label`)."""
    control = build_recipe(Control, [recipe, kind], {})
    for made_from in RECIPES.values():
        if issubclass(made_from, Control) and made_from is not Control:
            named = made_from()  # type: ignore[call-arg]
            if (named.recipe, named.kind) == (recipe, kind):
                return named
    return control


def make_attack(recipe: Recipe, words: str, default: str) -> Attack:
    """Pair a recipe with its words: those given, else its own, else the suite's default.

    A control of kind `true` always writes the true class; every other control is called with
    the word of the attack that it belongs to.
    """
    suffix = f" @ {words}" if words and words != default else ""
    chosen = "true" if recipe.words == "true" else words or recipe.words or default
    parse_words(chosen)
    base = f"{recipe.recipe}{suffix}" if isinstance(recipe, Control) else ""
    return Attack(recipe, chosen, f"{recipe}{suffix}", base)


def split_label(text: str) -> tuple[Recipe, str]:
    """The recipe and the word source that `recipe @ words` names; no words: an empty string.

    Raises:
        UserError: if either is missing or not understood.
    """
    name, at, words = text.partition(" @ ")
    if at and not words.strip():
        raise UserError(f"recipe {text!r}: name a word source after '@'")
    return parse_recipe(name), words.strip()


_MOST_SWEPT = 10_000


def _expand(entry: str | Mapping[str, Any]) -> Iterable[tuple[Recipe, str]]:
    """The recipes and word specs of one entry, sweeps expanded."""
    if isinstance(entry, str):
        yield split_label(entry)
        return
    name = entry.get("recipe")
    if not isinstance(name, str):
        raise UserError(f"recipe entry {dict(entry)!r:.200}: needs the key 'recipe' with a name")
    words = entry.get("words", "")
    if not isinstance(words, str):
        raise UserError(f"recipe entry {name!r}: key 'words' must be text, not {words!r}")
    made_from = RECIPES[name]
    given = {str(k): v for k, v in entry.items() if k not in ("recipe", "words")}
    hints = get_type_hints(made_from)
    axes = [
        [(key, _plain(v)) for v in _axis(value, hints.get(key))] for key, value in given.items()
    ]
    count = math.prod(len(axis) for axis in axes)
    if not count:
        raise UserError(f"recipe entry {name!r} sweeps over an empty list; give at least one value")
    if count > _MOST_SWEPT:
        raise UserError(f"recipe entry {name!r} sweeps over {count} recipes; at most {_MOST_SWEPT}")
    for values in itertools.product(*axes):
        yield build_recipe(made_from, [], dict(values)), words


def _axis(value: Any, hint: Any) -> list[Any]:
    """The values that a parameter sweeps over; a list for a list parameter is one value."""
    takes_list = get_origin(hint) is tuple
    if isinstance(value, list) and not (takes_list and not any(isinstance(v, list) for v in value)):
        return value
    return [value]


def _plain(value: Any) -> Any:
    """A YAML value as a recipe's parameter: lists become tuples, recipe strings recipes."""
    if isinstance(value, list):
        return tuple(_plain(part) for part in value)
    return value
