"""Fuzz all that reads what others wrote: understood, or refused in words.

    make fuzz                                          # 200,000 inputs, about an hour
    .venv/bin/python benchmarks/trust/fuzz.py 0.01     # a hundredth of them

An exception that is no refusal, an input that takes more than five seconds and a process of more
than 2 GB end it with the input that did it.
"""

import contextlib
import dataclasses
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz_data
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.recipes import parse_recipe
from typoattack.recipes.base import RECIPES
from typoattack.report.provenance import provenance
from typoattack.report.story import model_notes
from typoattack.report.view import task_names
from typoattack.results.manifest_file import FORMAT, read_manifest
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


SOUND_MANIFEST: dict[str, Any] = {
    "format": FORMAT,
    "typoattack": "0.1.0",
    "suite": "quick",
    "question": "Does a word change the answer?",
    "identity": {"dataset": {"spec": "bundled"}, "seed": 0, "canvas": 448, "models": [["m", "f"]]},
    "comparable": {"dataset": {"spec": "bundled"}, "seed": 0, "canvas": 448},
    "models": [
        {
            "name": "m",
            "base": "m",
            "defences": [],
            "classifier": "",
            "fingerprint": "f",
            "image_size": 224,
            "reads": True,
            "note": "small",
        }
    ],
    "task": {"name": "object", "class_names": ["cat", "dog"], "templates": ["a {}"]},
    "second_tasks": [],
    "dataset": {
        "name": "bundled",
        "fingerprint": "f",
        "samples": 2,
        "licence": "free",
        "chosen": "all 2",
    },
    "words": "random",
    "before_canvas": ["cao2023"],
    "passes": 2,
    "planned": 2,
    "seed": 0,
    "command": "typoattack run quick",
    "settings": {"device": "cpu"},
    "started": "2026-01-01T00:00:00+00:00",
    "versions": {"torch": "2.0"},
}
"""A manifest as a run writes it."""


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a manifest, as the keys that lead there."""
    keys = value if isinstance(value, dict) else range(len(value)) if _is_list(value) else ()
    return [path, *(place for key in keys for place in _places(value[key], (*path, key)))]


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_GONE = object()


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """`value` with `new` at the end of `path`, or without what stands there."""
    if not path:
        return None if new is _GONE else new
    made = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    if path[0] not in made:
        return value
    made[path[0]] = _changed(made[path[0]], path[1:], new)
    if new is _GONE and len(path) == 1:
        del made[path[0]]
    return made if isinstance(value, dict) else list(made.values())


def manifest_texts() -> st.SearchStrategy[str]:
    """Manifests with something else in one, two or three places, old formats, or any text."""
    foreign = st.one_of(
        st.just(_GONE),
        _values(),
        st.sampled_from([1, FORMAT, "models", 2**70, "\ud800", "\x1b[2J"]),
    )
    changes = st.lists(
        st.tuples(st.sampled_from(_places(SOUND_MANIFEST)[1:]), foreign), min_size=1, max_size=3
    )

    def spoilt(asked: list[tuple[tuple[Any, ...], Any]], old: bool) -> str:
        made: Any = SOUND_MANIFEST | ({"format": 1} if old else {})
        for path, new in asked:
            with contextlib.suppress(KeyError, IndexError, TypeError):
                made = _changed(made, path, new)
        return json.dumps(made)

    near = st.builds(spoilt, changes, st.booleans())
    cut = st.builds(lambda text, at: text[: at % (len(text) + 1)], near, st.integers(0, 10_000))
    deep = st.builds(lambda mark, times: mark * times, st.sampled_from(["[", '{"a":']), _COUNTS)
    return st.one_of(near, cut, deep, st.text(max_size=80))


_COUNTS = st.sampled_from([1, 50, 500, 100_000])


def manifest_is_read_or_refused(text: str) -> bool:
    """Whether `text` is a manifest; of one, all is told that a page tells of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.json"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            manifest = read_manifest(path)
        except UserError as error:
            assert len(str(error)) < 1_000
            assert "\n" not in str(error)
            return False
    assert manifest["format"] == FORMAT
    provenance(manifest)
    task_names(manifest, manifest["task"]["name"])
    for model in manifest["models"]:
        model_notes(model)
    json.dumps(manifest).encode()
    return True


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


_LONGEST = 5.0
"""Seconds of a core that an input may take."""

_MOST = 2_000
"""MB that the process may come to hold."""


@dataclasses.dataclass(frozen=True)
class Hunt:
    """What is fuzzed.

    Attributes:
        what: in words.
        inputs: what is tried.
        check: whether an input is understood; raises where it is neither that nor refused.
        count: of how many inputs.
    """

    what: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], bool]
    count: int


HUNTS = (
    Hunt("recipe strings", recipe_strings(), recipe_round_trip, 65_000),
    Hunt("suites", suite_texts(), suite_is_parsed_or_refused, 35_000),
    Hunt("manifests", manifest_texts(), manifest_is_read_or_refused, 40_000),
    Hunt("archives", fuzz_data.archives(), fuzz_data.archive_is_read_or_refused, 15_000),
    Hunt("parquet rows", fuzz_data.parquet_rows(), fuzz_data.rows_are_read_or_refused, 5_000),
    Hunt(
        "class files, templates, tables",
        fuzz_data.lists(),
        fuzz_data.list_is_read_or_refused,
        15_000,
    ),
    Hunt("chat bodies", fuzz_data.chat_bodies(), fuzz_data.body_is_read_or_tried_again, 15_000),
    Hunt("model answers", fuzz_data.answers(), fuzz_data.answer_is_judged, 10_000),
)


def _run(hunt_for: Hunt, count: int) -> None:
    seen = {"all": 0, "understood": 0}
    longest = 0.0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(hunt_for.inputs)
    def hunt(given_one: Any) -> None:
        nonlocal longest
        began = time.process_time()
        seen["understood"] += hunt_for.check(given_one)
        took = time.process_time() - began
        assert took < _LONGEST or not seen["all"], f"{took:.1f} s"  # the first one imports
        seen["all"] += 1
        longest = max(longest, took) if seen["all"] > 1 else 0.0

    hunt()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    assert memory < _MOST, f"{memory:.0f} MB"
    print(
        f"{hunt_for.what}: {seen['all']} tried, {seen['understood']} understood, the longest "
        f"{longest:.2f} s, {memory:.0f} MB, no traceback",
        flush=True,
    )


if __name__ == "__main__":
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    for one in HUNTS:
        _run(one, max(int(one.count * share), 1))
