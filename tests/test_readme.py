"""What the README shows works as it is written."""

import re
import shlex
from pathlib import Path

import pytest

from typoattack.suite import list_suites, load_suite, parse_suite

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in fenced if name == language]


def test_the_suite_table_says_what_the_suites_say() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*\?) \|$", README, re.MULTILINE))
    assert rows
    for name, question in rows.items():
        assert load_suite(name).question == question
    assert set(rows) <= set(list_suites())


def test_the_suite_example_is_a_suite() -> None:
    (text,) = blocks("yaml")
    suite = parse_suite(text, "readme")
    assert len({attack.label for attack in suite.attacks}) == len(suite.attacks) == (6 + 1 + 1) * 4


def test_every_command_line_parses() -> None:
    from typoattack.cli.commands import load_command

    lines = [line for block in blocks("") for line in block.splitlines()]
    commands = [line.partition(" #")[0] for line in lines if line.startswith("typoattack ")]
    assert len(commands) > 8
    for line in commands:
        name, *arguments = shlex.split(line)[1:]
        command = load_command(name)
        while hasattr(command, "commands"):
            command = command.commands[arguments.pop(0)]
        options = {option for p in command.params for option in p.opts}
        assert {a for a in arguments if a.startswith("-")} <= options, line


def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_clip: Path, photo_folder: Path
) -> None:
    import open_clip

    from tests.conftest import noise
    from typoattack import api

    (code,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    noise(1, 300, 200).save("photo.jpg")
    name = f"local-dir:{tiny_clip}"
    small = {"model": name, "dataset": f"folder:{photo_folder}", "machine": api.Machine("cpu")}
    run, evaluate, compare = api.run, api.evaluate, api.compare
    monkeypatch.setattr(api, "run", lambda suite, **given: run(suite, **{**given, **small}))
    monkeypatch.setattr(
        api, "evaluate", lambda *given: evaluate(*given, dataset=f"folder:{photo_folder}")
    )
    # of nine photographs of noise, too few are right when clean for a flip rate
    monkeypatch.setattr(api, "compare", lambda *runs: compare(*runs, figure="accuracy_attacked"))
    run("quick", recipes=["printed-label"], out="runs/other", **{**small, "model": "mini"})
    model, preprocess = open_clip.create_model_from_pretrained(name)
    names = {"model": model, "preprocess": preprocess, "tokenizer": open_clip.get_tokenizer(name)}
    exec(compile(code, "README.md", "exec"), names)
    assert Path("attacked.png").stat().st_size > 0
