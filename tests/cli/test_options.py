"""Options that several commands share are the same in each."""

import inspect
from typing import Annotated

import pytest
import typer

from typoattack.cli.commands import load_command
from typoattack.cli.options import chosen_suite, takes_suite

Names = Annotated[list[str], typer.Option("--model")]
SHARED = set(inspect.signature(chosen_suite).parameters)


def options(command: str) -> dict[str, str]:
    """Each parameter's help by its name."""
    return {one.name: getattr(one, "help", "") for one in load_command(command).params}


def test_commands_that_take_a_suite_let_the_same_of_it_be_changed() -> None:
    assert set(options("run")) >= SHARED
    assert set(options("generate")) >= SHARED - {"reads"}
    assert set(options("chat")) & SHARED == SHARED - {"templates", "clean_as_published", "reads"}


@pytest.mark.parametrize("command", ["generate", "chat", "show", "word-search"])
def test_an_option_of_one_name_says_one_thing(command: str) -> None:
    here, there = options(command), options("run")
    shared = {"dataset", "words", "seed", "canvas", "device", "plugin"} & set(here)
    assert len(shared) >= 4
    assert {name: here[name] for name in shared} == {name: there[name] for name in shared}


def test_a_command_gets_the_suite_and_what_it_declares_itself(monkeypatch) -> None:
    seen = {}
    other = typer.Typer()

    @other.command()
    @takes_suite(without=["templates"])
    def command(chosen, model: Names, extra: int = 3) -> None:
        """What it does."""
        seen.update(chosen=chosen, model=model, extra=extra)

    @other.callback()
    def several() -> None: ...

    other(
        ["command", "quick", "--model", "a", "--model", "b", "--seed", "5", "--limit", "2"],
        standalone_mode=False,
    )
    suite = seen["chosen"]
    assert (suite.name, suite.models, suite.seed, suite.limit) == ("quick", ("a", "b"), 5, 2)
    assert (seen["model"], seen["extra"]) == (["a", "b"], 3)
    with pytest.raises(Exception, match="--templates"):
        other(["command", "quick", "--model", "a", "--templates", "openai"], standalone_mode=False)
