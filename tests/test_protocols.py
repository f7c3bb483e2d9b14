"""`results/protocols.md`: what is done here is read from the code, and the page is up to date."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import once
from typoattack.recipes import RECIPES
from typoattack.recipes import cao2023 as module

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks" / "protocols"))

import table

FILES = sorted((ROOT / "benchmarks" / "protocols").glob("*.yaml"))
RULES = [
    (path.stem, rule) for path in FILES for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[table.Protocol]:
    return once(tmp_path_factory, "protocols", lambda _: table.protocols())


def test_the_page_is_what_make_protocols_writes_now(found: list[table.Protocol]) -> None:
    kept = (ROOT / "results" / "protocols.md").read_text("utf-8")
    assert kept == table.page(found), "it is out of date; make protocols"


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[f"{n}: {r['rule']}"[:60] for n, r in RULES])
def test_every_rule_says_where_theirs_stands_and_reads_ours(
    name: str, rule: dict[str, Any]
) -> None:
    assert rule["where"].strip()
    if "ours" in rule:
        assert rule["ours"].split(":")[0] in ("recipe", "suite", "code", "measured", "defence")
    else:
        assert rule["equal"] != "yes", "what is not done is not equal"
    if rule.get("equal"):
        assert rule.get("why"), "where equality is said and not computed, say why"


def test_what_differs_says_why(found: list[table.Protocol]) -> None:
    silent = [(p.name, r.rule) for p in found for r in p.rules if r.equal != "yes" and not r.why]
    assert silent == []


def test_every_protocol_names_the_commit_it_was_read_at(found: list[table.Protocol]) -> None:
    for one in found:
        assert len(one.commit) == 40 or not one.repository


def _changed(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    made = RECIPES["cao2023"]
    plain = table.parse_any
    opened = dict(table._OPENED)
    opened["recipe"] = lambda text: (
        replace(plain(text), **values) if text == made.name else plain(text)
    )
    monkeypatch.setattr(table, "_OPENED", opened)


def test_a_changed_default_changes_what_the_page_says_of_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = {"rule": "font size", "theirs": 50, "where": "x", "ours": "recipe:cao2023.em"}
    assert table._rule(rule).equal == "yes"
    _changed(monkeypatch, em=40)
    assert (table._rule(rule).ours, table._rule(rule).equal) == ("40", "no")


def test_a_changed_constant_changes_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = "code:typoattack.recipes.cao2023:_RED"
    rule = {"rule": "colour", "theirs": [255, 0, 0], "where": "x", "ours": reference}
    assert table._rule(rule).equal == "yes"
    monkeypatch.setattr(module, "_RED", (254, 0, 0))
    assert table._rule(rule).equal == "no"


@pytest.mark.parametrize(
    ("theirs", "ours", "within", "equal"),
    [
        (1, 1.0, 0, True),
        (2, 2.4, 0.5, True),
        (True, 1, 0, False),
        ([1, 2], (1, 2), 0, True),
        ([1, 2], [1], 0, False),
        ({"a": 1.0}, {"a": 1.04}, 0.05, True),
        ({"a": 1}, {"b": 1}, 0, False),
        ("red", "red", 0, True),
        ("red", None, 0, False),
    ],
)
def test_values_are_equal_one_by_one(theirs: Any, ours: Any, within: float, equal: bool) -> None:
    assert table.same(theirs, ours, within) is equal
