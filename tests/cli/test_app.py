"""What all commands have in common: help, errors, and what they import."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import typoattack as ta
from typoattack.cli.commands import COMMANDS, load_command
from typoattack.cli.listing import LISTINGS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "quikc"], "unknown suite 'quikc'; did you mean 'quick'?"),
        (["run", "quick", "--model", "mni"], "unknown model 'mni'"),
        (["run", "quick", "--model", "ViT-B-32/opnai"], "did you mean 'openai'"),
        (["run", "quick", "--dataset", "foldr:x"], "did you mean 'folder'"),
        (["run", "quick", "--dataset", "folder:/no/such"], "no such folder"),
        (["run", "quick", "--recipe", "printed-lable"], "did you mean 'printed-label'"),
        (["run", "quick", "--recipe", 'printed-label(font="robotto")'], "did you mean 'roboto'"),
        (["run", "quick", "--recipe", "printed-label(size=3)"], "'size' is 3"),
        (["run", "quick", "--words", "fixd:a"], "did you mean 'fixed'"),
        (["run", "quick", "--replicates", "0"], "key 'replicates'"),
        (["run", "quick", "--templates", "no.txt"], "cannot read 'no.txt'"),
        (["run", "quick", "--device", "tpu"], "use auto, cpu, cuda or mps"),
        (["run", "quick", "--precision", "int4"], "fp32"),
        (["run", "quick", "--no-such-option"], "No such option"),
        (["report", "/no/such/run"], "holds no run"),
        (["list", "recipe"], "did you mean 'recipes'"),
        (["generate", "quick", "--out", "."], "exists"),
        (["run", "quick", "--defence", "miror"], "did you mean 'mirror'"),
        (["run", "quick", "--model", "mini-blind + miror"], "did you mean 'mirror'"),
        (
            ["run", "quick", "--model", "mini-blind", "--defence", "projection('no.safetensors')"],
            "there is no file 'no.safetensors'",
        ),
        (["run", "quick", "--model", "mini-blind", "--probe", "no"], "there is no file 'no'"),
        (["probe", "fit", "--dataset", "bundled", "--out", "p.pkl"], "must end in .safetensors"),
        (["defence", "fit", "mirror", "-d", "bundled", "-o", "p.safetensors"], "learned defence"),
        (["probe", "features", "no.safetensors"], "there is no file"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(typoattack, arguments, said: str) -> None:
    done = typoattack(*arguments)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    if "No such option" not in said:
        assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "command", [*COMMANDS, "probe fit", "probe features", "defence fit"], ids=str
)
def test_help_of_each_command_shows_an_example(typoattack, command: str) -> None:
    done = typoattack(*command.split(), "--help")
    assert done.status == 0
    if command not in ("probe", "defence"):
        assert f"typoattack {command}" in done.out.split("Example")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help.partition("\n\n")[0].replace("\n", " ") == COMMANDS[name]


def test_the_list_of_commands_is_whole_and_in_order(typoattack) -> None:
    done = typoattack("--help")
    assert re.findall(r"^│ ([a-z]\S*) ", done.out.split("Commands")[1], re.MULTILINE) == [*COMMANDS]


def test_an_unknown_command_is_answered_with_the_nearest(typoattack) -> None:
    done = typoattack("comprae")
    assert done.status == 2
    assert "Did you mean 'compare'" in done.err


def imported(*arguments: str) -> set[str]:
    """The modules that are loaded once a process of its own has done a command line."""
    code = (
        "import sys; from typoattack.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_list_of_commands_is_shown_without_importing_one() -> None:
    modules = imported("--help")
    commands = {f"typoattack.cli.{name.replace('-', '_')}" for name in COMMANDS}
    assert "typoattack.cli.commands" in modules
    assert not modules & (commands | {"numpy", "pandas", "torch"})


@pytest.mark.parametrize(
    "kind", sorted(set(LISTINGS) - {"defences"})
)  # a defence is code on tensors, so that theirs are what torch is imported for
def test_lists_do_not_import_torch(kind: str) -> None:
    modules = imported("list", kind)
    assert "typoattack.cli.list" in modules
    assert "torch" not in modules


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs, and answers that were computed elsewhere."""
    home = tmp_path_factory.mktemp("finished")
    for model in ("mini", "mini-blind"):
        small = {"recipes": ["printed-label"], "limit": 9, "machine": ta.Machine("cpu")}
        ta.run("quick", model=model, out=home / model, **small)
    answers = "sample,kind,label,word,answer\n1,clean,cat,,cat\n1,note,cat,dog,dog\n"
    (home / "answers.csv").write_text(answers, "utf-8")
    return home


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("report mini", "mini/report.html"),
        ("compare mini mini-blind --out compared", "compared/comparison.html"),
        ("rank mini mini-blind --out ranked", "ranked/rank.html"),
        ("bundle mini mini-blind --out site", "site/index.html"),
        ("score answers.csv --out given", "given/report.html"),
        ("show printed-label --photographs 1 --out sheet.png", "sheet.png"),
    ],
)
def test_what_asks_no_model_needs_no_torch(
    command: str, left: str, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    (finished / left).unlink(missing_ok=True)
    modules = imported(*command.split())
    assert (finished / left).exists()
    assert not modules & {"torch", "torchvision", "open_clip", "timm"}


def test_a_run_of_the_embedded_model_imports_no_other_backend(tmp_path: Path) -> None:
    out = tmp_path / "run"
    modules = imported("run", "quick", "-r", "printed-label", "--limit", "1", "--out", str(out))
    assert (out / "report.html").exists()
    assert "timm" in modules
    assert not modules & {"open_clip", "transformers"}


def test_a_command_that_asks_a_model_says_that_torch_is_missing() -> None:
    code = (
        "import sys, typoattack.cli\n"
        "class Without:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'torch':\n"
        "            raise ModuleNotFoundError(\"No module named 'torch'\", name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "typoattack.cli.main(['run', 'quick', '--limit', '1'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "PyTorch" in line


def test_a_broken_photograph_is_named_where_it_would_be_shown(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "dog" / "0.png").write_bytes(b"\x89PNG half")
    (tmp_path / "words.txt").write_text("cat\n")
    where = ("--dataset", f"folder:{photo_folder}", "--canvas", 96)
    search = ("--vocabulary", tmp_path / "words.txt", "--model", f"local-dir:{tiny_clip}")
    for command in (("show", "printed-label", "--first"), ("word-search", "cat", *search)):
        done = typoattack(*command, *where, "--out", tmp_path / "out.png")
        assert done.status == 2
        assert "photograph 'dog/0.png' cannot be used" in done.err
