"""What a command line or a call changes in a suite."""

from pathlib import Path

import pytest

from typoattack.core.errors import UserError
from typoattack.suite import list_suites, load_suite, parse_suite
from typoattack.suite.choose import changes_of, choose_suite


def test_what_is_none_is_as_the_suite_says() -> None:
    assert choose_suite("quick", {"seed": None, "label_column": None}) == load_suite("quick")


def test_keys_of_the_suite_and_of_its_data_set_are_changed() -> None:
    suite = choose_suite("quick", {"seed": 0, "limit": 3, "label_column": "species"})
    assert (suite.seed, suite.limit) == (0, 3)
    assert suite.dataset.label_column == "species"
    assert suite.dataset.spec == load_suite("quick").dataset.spec


def test_a_made_suite_is_taken_as_it_is() -> None:
    suite = load_suite("quick")
    assert choose_suite(suite, {"words": None}) is suite
    with pytest.raises(UserError, match="to change words, limit, name the suite or its file"):
        choose_suite(suite, {"words": "pseudo", "limit": 0})


def test_a_plugin_is_loaded_before_its_recipe_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        choose_suite("quick", {"recipes": ["printed-lable"]}, [tmp_path / "no.py"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7, "limit": 3, "models": ["mini", "mini-blind"]},
        {"dataset": "folder:photos", "label_column": "species"},
        {"words": "pseudo", "controls": ["true"]},
        {"recipes": ["printed-label(size=0.4) @ fixed:ox", "apple-ipod"], "replicates": 2},
    ],
)
def test_a_suite_is_said_by_its_name_and_what_was_changed(changes: dict[str, object]) -> None:
    assert changes_of(choose_suite("quick", changes)) == changes


def test_each_suite_of_the_package_is_said_by_its_name() -> None:
    assert [changes_of(load_suite(name)) for name in list_suites()] == [{}] * len(list_suites())


def test_a_suite_of_the_users_own_is_not_taken_for_another() -> None:
    text = "question: mine\nrecipes: [printed-label]"
    assert changes_of(parse_suite(text, "mine")) is None
    assert changes_of(parse_suite(text, "quick")) is None
