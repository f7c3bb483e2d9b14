"""What a defence saves and what it costs, from summaries and the manifest's models."""

import pandas as pd
import pytest
from made_runs import parts
from made_tables import BLANK, clean, table

from typoattack.metrics.defences import ACCURACY, COST, UNDEFENDED, defence_table
from typoattack.metrics.summaries import summarise


def _rows(model: str, right: int, flips: int, task: str = "object") -> list[dict[str, object]]:
    """Ten photographs, of which the first `right` are right when clean and `flips` of them flip."""
    made: list[dict[str, object]] = []
    for i in range(10):
        before = 0 if i < right else 7
        about = {"model": model, "sample": f"{i}", "task": task, "clean_predicted": before}
        made.append(clean(**about, predicted=before))
        made.append({**about, "predicted": 1 if i < flips else before})
        made.append({**about, **BLANK, "predicted": before})
    return made


def _table(*models: tuple[str, int, int], known: bool = True) -> pd.DataFrame:
    rows = [row for model in models for row in _rows(*model)]
    entries = [{"name": name} | (parts(name) if known else {}) for name, *_ in models]
    return defence_table(summarise(table(*rows), resamples=10), entries)


def test_a_defence_is_set_beside_the_undefended_model_with_its_cost() -> None:
    found = _table(("m", 10, 8), ("m + mirror", 8, 2))
    assert list(found.columns) == [UNDEFENDED, "mirror"]
    assert list(found.index) == [("m", ACCURACY), ("m", COST), ("m", "printed-label")]
    assert found.loc[("m", ACCURACY)].tolist() == [1.0, 0.8]
    assert found.loc[("m", COST)].tolist() == pytest.approx([0.0, 0.2])
    assert found.loc[("m", "printed-label")].tolist() == pytest.approx([0.8, 0.25])


def test_another_figure_can_be_shown() -> None:
    rows = [*_rows("m", 10, 8), *_rows("m + mirror", 10, 2)]
    entries = [{"name": name} | parts(name) for name in ("m", "m + mirror")]
    found = defence_table(summarise(table(*rows), resamples=10), entries, "accuracy_attacked")
    assert found.loc[("m", "printed-label")].tolist() == pytest.approx([0.2, 0.8])


def test_a_model_with_a_probe_is_another_model() -> None:
    found = _table(("m", 10, 8), ('m + mirror + probe("p")', 9, 2), ('m + probe("p")', 10, 5))
    assert set(found.index.get_level_values("model")) == {'m + probe("p")'}
    assert list(found.columns) == [UNDEFENDED, "mirror"]


def test_several_defences_are_one_column() -> None:
    assert list(_table(("m", 9, 1), ("m + mirror + prompt", 9, 0)).columns) == [
        UNDEFENDED,
        "mirror + prompt",
    ]


def test_without_the_undefended_model_no_cost_is_said() -> None:
    found = _table(("m + mirror", 8, 2), ("other", 9, 1))
    assert list(found.columns) == ["mirror"]
    assert list(found.index) == [("m", ACCURACY), ("m", "printed-label")]


def test_models_stand_by_name_each_with_its_accuracy_and_cost_first() -> None:
    found = _table(("z", 9, 1), ("z + mirror", 9, 1), ("a", 9, 1), ("a + mirror", 8, 1))
    lines = [ACCURACY, COST, "printed-label"]
    assert list(found.index) == [(model, line) for model in "az" for line in lines]


def test_second_questions_are_passed_over() -> None:
    rows = [*_rows("m", 9, 1), *_rows("m + mirror", 9, 1), *_rows("m", 9, 9, task="zink")]
    entries = [{"name": name} | parts(name) for name in ("m", "m + mirror")]
    found = defence_table(summarise(table(*rows), resamples=10), entries)
    assert found.loc[("m", "printed-label"), UNDEFENDED] == pytest.approx(1 / 9)


def test_a_model_of_an_older_manifest_counts_as_undefended() -> None:
    assert _table(("m", 10, 8), ("m + mirror", 8, 2), known=False).empty
    assert _table(("m", 10, 8)).empty
