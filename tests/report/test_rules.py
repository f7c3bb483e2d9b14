"""Places under several rules: the matrix, its sentence, its files."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import typoattack
from tests.metrics.test_field import contestants
from typoattack.metrics.field import rank_field
from typoattack.metrics.intervals import Figure
from typoattack.report.rules import ByRule, rules_frame, tell_rules, write_rules
from typoattack.runner.rescore import Rule, every_rule

ONE, TWO = Rule("simple"), Rule("openai", "2")


def made(first: dict[str, float], second: dict[str, float]) -> ByRule:
    fields = {
        rule: rank_field(contestants(rates), resamples=50)
        for rule, rates in ((ONE, first), (TWO, second))
    }
    share = Figure(0.5, 0.4, 0.6, 100)
    figures = {(rule, model): share for rule in (ONE, TWO) for model in first}
    return ByRule("flip_rate", (ONE, TWO), tuple(first), figures, fields)


def test_one_order_under_all_rules_is_said_to_be_one() -> None:
    found = made({"a": 0.1, "b": 0.5}, {"a": 0.2, "b": 0.6})
    assert tell_rules(found) == "The order of the models is the same under all 2 rules."


def test_models_that_change_places_are_named() -> None:
    found = made({"a": 0.1, "b": 0.5}, {"a": 0.6, "b": 0.2})
    assert tell_rules(found) == (
        "The order of the models depends on the rule, told apart either way: a and b."
    )


def test_places_that_change_within_chance_are_not_said_to_depend_on_the_rule() -> None:
    found = made({"a": 0.30, "b": 0.31}, {"a": 0.31, "b": 0.30})
    told = tell_rules(found)
    assert "depends on the rule" not in told
    assert "none that are told apart" in told or "the same under all" in told


def test_without_places_the_span_of_the_figure_is_said() -> None:
    found = made({"a": 0.1, "b": 0.5}, {"a": 0.6, "b": 0.2})
    figures = {**found.figures, (TWO, "a"): Figure(0.75, 0.7, 0.8, 100)}
    alone = replace(found, fields={}, models=("a",), figures=figures)
    assert tell_rules(alone) == "Flip rate by the rule: a 50.0 to 75.0 %."


def test_the_files_hold_figures_and_places(tmp_path: Path) -> None:
    found = made({"a": 0.1, "b": 0.5}, {"a": 0.6, "b": 0.2})
    write_rules(found, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "rules.csv")
    assert table.set_index(["templates", "among", "model"])["place"].to_dict() == {
        ("simple", "all", "a"): 1, ("simple", "all", "b"): 2,
        ("openai", "2", "a"): 2, ("openai", "2", "b"): 1,
    }  # fmt: skip
    assert "depends on the rule" in (tmp_path / "out" / "rules.md").read_text()
    assert len(rules_frame(found)) == 4


def test_every_pair_of_sentences_and_answers_is_a_rule_once() -> None:
    assert every_rule(["simple", "simple"], ["all", "2"]) == [Rule("simple"), Rule("simple", "2")]


def test_runs_are_scored_and_ranked_under_each_rule(tmp_path: Path) -> None:
    run = typoattack.run(
        "quick",
        model=["mini", "mini-blind"],
        recipes=["printed-label"],
        controls=[],
        out=tmp_path / "run",
        machine=typoattack.Machine(keep_embeddings=True),
    )
    found = typoattack.rescore(run, templates=["as run", "a photo of a {}."], among=["all", "2"])
    assert len(found.rules) == 4
    fresh = {one.model: one["flip_rate"].value for one in run.summaries if one.family == "attack"}
    for model, value in fresh.items():
        assert found.figures[Rule(), model].value == pytest.approx(value)
    assert all(found.places(rule)["mini-blind"] == 1 for rule in found.rules)
