"""Suites as YAML files: `benchmarks/*.yaml`, and the user's own."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from typoattack.core.errors import UserError, unknown
from typoattack.core.resources import suites_dir
from typoattack.recipes.registry import load_entry_points
from typoattack.samples import DatasetSpec
from typoattack.suite.attacks import Attack, with_controls
from typoattack.suite.suite import Suite
from typoattack.suite.sweeps import expand
from typoattack.words import parse_words


class _DatasetEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    spec: str
    image_column: str | None = None
    label_column: str | None = None
    caption_column: str | None = None
    class_names: str | None = None
    as_published: bool | None = None


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
    first: int = Field(default=0, ge=0)
    clean_as_published: bool = False
    reads: int = Field(default=0, ge=0, le=10_000)


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
        text = path.read_text(encoding="utf-8-sig")
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
        first=file.first,
        clean_as_published=file.clean_as_published,
        reads=file.reads,
    )
    if suite.limit and suite.first:
        raise UserError(f"suite {name!r}: give limit (spread over the classes) or first, not both")
    parse_words(suite.words)
    return replace(suite, attacks=_attacks(suite, file.recipes))


MOST_PICTURES = 100_000
"""Attacked pictures a photograph at most: a run of more takes months, and nobody reads it."""

_LONGEST = 1_000_000
"""Characters of a suite's file; a real one has a few hundred."""


class _PlainLoader(yaml.SafeLoader):
    """Safe, and without what YAML reads otherwise than people do.

    No aliases: a few lines of nested ones stand for gigabytes. No key twice, of which YAML would
    keep the last in silence. Numbers and truth as in YAML 1.2: `1:30` is no number (it was 90),
    nor are `010` (8) and `1_000`, and `yes`, `no`, `on` and `off` are words.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set[str]()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key {key.value[:60]!r} stands twice")
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not read in suites; write the values out")
        return super().compose_node(parent, index)


def _number(
    kind: Callable[[str], int | float],
) -> Callable[[_PlainLoader, yaml.ScalarNode], int | float]:
    def construct(loader: _PlainLoader, node: yaml.ScalarNode) -> int | float:
        text = str(loader.construct_scalar(node))
        if len(text) > _MOST_DIGITS:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"line {line}: a number of {len(text):,} characters")
        return kind(text.replace(".inf", "inf").replace(".nan", "nan").replace(".NaN", "nan"))

    return construct


_MOST_DIGITS = 100
_AS_EVER = ("null", "merge", "timestamp")
_PlainLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0].rpartition(":")[2] in _AS_EVER]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_INT, _FLOAT, _BOOL = (f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool"))
_PlainLoader.add_implicit_resolver(
    _BOOL, re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), [*"tTfF"]
)
_PlainLoader.add_implicit_resolver(_INT, re.compile(r"^[-+]?(0|[1-9][0-9]*)$"), [*"-+0123456789"])
_PlainLoader.add_implicit_resolver(
    _FLOAT,
    re.compile(
        r"""^([-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?
        |[-+]?\.inf|\.nan|\.NaN)$""",
        re.VERBOSE,
    ),
    [*"-+.0123456789"],
)
_PlainLoader.add_constructor(_INT, _number(int))
_PlainLoader.add_constructor(_FLOAT, _number(float))


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


def _attacks(suite: Suite, entries: Iterable[str | Mapping[str, Any]]) -> tuple[Attack, ...]:
    """The attacks of a suite's recipe entries, sweeps expanded, controls beside each."""
    load_entry_points()
    most = MOST_PICTURES // suite.replicates
    attacks: dict[str, Attack] = {}
    for entry in entries:
        for recipe, words in expand(entry):
            for attack in with_controls(recipe, words, suite.words, suite.controls):
                if attack.label in attacks and not attack.control:
                    raise UserError(f"recipe {attack.label!r} stands twice in suite {suite.name!r}")
                attacks[attack.label] = attack
            if len(attacks) > most:
                raise UserError(
                    f"suite {suite.name!r} asks for more than {MOST_PICTURES:,} attacked pictures "
                    f"a photograph ({len(attacks):,} recipes and controls so far, "
                    f"{suite.replicates:,} replicates of each); sweep over less"
                )
    return tuple(attacks.values())
