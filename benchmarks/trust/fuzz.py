"""Fuzz the suite parser and the recipe-string parser: understood, or refused in words.

make fuzz        # 65,000 recipe strings and 45,000 suites, a quarter of an hour
"""

import dataclasses
import sys
import time
from collections.abc import Callable

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.recipes import parse_recipe
from typoattack.recipes.base import RECIPES
from typoattack.suite import parse_suite

_PIECES = st.sampled_from(
    [
        *sorted(RECIPES),
        *("size", "font", "place", "ink", "words", "base", "recipe", "k", "steps", "lines"),
        *("=", "(", ")", "[", "]", ",", " ", '"', "'", "\\", "@", " @ ", ":", "-", "."),
        *("true", "false", "none", "0.5", "-1", "1e309", "1e-9", "nan", "inf", "0x10", "1_000"),
        *('"red"', '"roboto"', "random", "fixed:iPod", "list:a,b", "nearest", "99999999999999999"),
    ]
)


def _parameters() -> list[tuple[str, str]]:
    """Every recipe with every parameter it takes."""
    found = []
    for name, made in RECIPES.items():
        found += [(name, f.name) for f in dataclasses.fields(made) if f.init]
    return found


PARAMETERS = _parameters()
_LIKELY = ["0.3", "1", "12.5", "true", '"red"', '"blue"', '"roboto"', "printed-label", '"random"']


def _sound() -> st.SearchStrategy[str]:
    """Recipe strings of which many are understood."""
    value = st.one_of(st.sampled_from(_LIKELY), _PIECES)
    one = st.builds(
        lambda of, value: f"{of[0]}({of[1]}={value})", st.sampled_from(PARAMETERS), value
    )
    return st.one_of(st.sampled_from(sorted(RECIPES)), one)


def recipe_strings() -> st.SearchStrategy[str]:
    """Recipe strings, text of the grammar's own pieces, and any text."""
    piece = st.one_of(_PIECES, st.text(max_size=3))
    return st.one_of(_sound(), st.lists(piece, max_size=14).map("".join), st.text(max_size=60))


def _values() -> st.SearchStrategy[object]:
    leaf = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), recipe_strings()
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.one_of(_PIECES, st.text(max_size=4)), inner, max_size=4),
        ),
        max_leaves=12,
    )


def suite_texts() -> st.SearchStrategy[str]:
    """YAML that is nearly a suite, or any text."""
    keys = st.sampled_from(
        [
            "question",
            "dataset",
            "models",
            "recipes",
            "controls",
            "words",
            "replicates",
            "seed",
            "canvas",
            "limit",
        ]
    )
    entry = st.fixed_dictionaries(
        {"recipe": st.sampled_from(sorted(RECIPES))},
        optional={name: _values() for name in ("size", "font", "words", "place")},
    )
    near = st.builds(
        lambda more, recipes: {"question": "q", "recipes": recipes, **more},
        st.one_of(st.just({}), st.dictionaries(keys, _values(), max_size=3)),
        st.lists(st.one_of(entry, _sound(), recipe_strings()), min_size=1, max_size=3),
    )
    written = near.map(lambda data: yaml.safe_dump(data, allow_unicode=True))
    marks = st.sampled_from(["&a ", "*a", "!!python/name:os ", "<<: ", "- ", "{", "}", "\n", ": "])
    broken = st.builds(
        lambda text, mark, at: text[: at % (len(text) + 1)] + mark + text[at % (len(text) + 1) :],
        written,
        marks,
        st.integers(0, 10_000),
    )
    return st.one_of(written, broken, st.text(max_size=80))


def recipe_round_trip(text: str) -> bool:
    """Whether `text` is a recipe; one prints as a string that is parsed to it again."""
    try:
        made = parse_recipe(text)
    except UserError as error:
        assert "\n" not in str(error).replace(text, ""), str(error)
        return False
    assert parse_recipe(str(made)) == made
    return True


def suite_is_parsed_or_refused(text: str) -> bool:
    """Whether `text` is a suite."""
    try:
        suite = parse_suite(text, "fuzz")
    except UserError as error:
        assert len(str(error)) < 2_000
        return False
    assert suite.attacks
    return True


def _hunt(
    what: str, strategy: st.SearchStrategy[str], check: Callable[[str], bool], count: int
) -> None:
    seen = {"all": 0, "understood": 0}

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def hunt(text: str) -> None:
        seen["all"] += 1
        seen["understood"] += check(text)

    began = time.monotonic()
    hunt()
    took = time.monotonic() - began
    print(
        f"{what}: {seen['all']} tried, {seen['understood']} understood, {took:.0f} s, no traceback"
    )


if __name__ == "__main__":
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    _hunt("recipe strings", recipe_strings(), recipe_round_trip, int(65_000 * share))
    _hunt("suites", suite_texts(), suite_is_parsed_or_refused, int(45_000 * share))
