"""What a command line or a call changes in a suite."""

from pathlib import Path

import pytest

from typoattack.core.errors import UserError
from typoattack.suite.choose import choose_suite
from typoattack.suite.suite import load_suite


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
