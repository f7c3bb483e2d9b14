"""Nothing acts on the terminal but our own styles; an output that fails is said in words."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from typoattack.cli import main
from typoattack.cli.console import Results
from typoattack.cli.terminal import visible

HOSTILE = "a\x1b[2Jb\x1b]0;title\x07\u202ec\x9b1A\udcff\r"


def bare(text: str) -> bool:
    """Whether a terminal would print `text` and do nothing else."""
    return not set(text) & {"\x1b", "\x07", "\u202e", "\x9b", "\r"}


def test_control_characters_are_made_visible() -> None:
    assert visible(HOSTILE) == "a\ufffd[2Jb\ufffd]0;title\ufffd\ufffdc\ufffd1A\ufffd\ufffd"
    assert visible("Größe\t– שלום 猫\n") == "Größe\t– שלום 猫\n"


@pytest.mark.parametrize("what", ["text", "cell", "caption", "markup"])
def test_a_console_shows_them_wherever_they_stand(what: str, tmp_path: Path) -> None:
    table = Table(caption=HOSTILE if what == "caption" else "")
    table.add_row(Text(HOSTILE if what == "cell" else "x"))
    shown = {"text": Text(HOSTILE), "markup": HOSTILE.replace("[", "")}.get(what, table)
    with (tmp_path / "out").open("w+", encoding="utf-8") as file:
        Results(file=file, width=60).print(shown)
        file.seek(0)
        written = file.read()
    assert "\ufffd" in written
    assert bare(written)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", f"--{HOSTILE}"],
        [HOSTILE],
        ["report", HOSTILE],
        ["list", HOSTILE],
        ["list", "recipes", HOSTILE],
        ["run", "quick", "--words", HOSTILE],
        ["run", "quick", "--plugin", HOSTILE],
        ["published", HOSTILE],
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_hostile_arguments_come_back_harmless(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    told = capsys.readouterr()
    assert bare(told.out + told.err)
    assert "Traceback" not in told.err


def test_a_plugins_exception_is_shown_harmless(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text("raise RuntimeError('\\x1b[2J gone')")
    with pytest.raises(SystemExit):
        main(["list", "recipes", "--plugin", str(plugin)])
    assert "\ufffd[2J gone" in capsys.readouterr().err


def test_a_manifests_text_is_shown_harmless(typoattack, small: list[str], tmp_path: Path) -> None:
    assert typoattack("run", "quick", "-r", "printed-label", *small).status == 0
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["models"][0]["note"] = HOSTILE
    path.write_text(json.dumps(manifest))
    done = typoattack("report", tmp_path / "run")
    assert done.status == 0
    assert "\ufffd[2Jb" in done.out
    assert bare(done.out + done.err)


def command(*arguments: str, encoding: str = "utf-8", **streams: object) -> tuple[int, str]:
    """Runs the command line as a process; its status and what it said on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "typoattack", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stderr=subprocess.PIPE,
        **streams,  # type: ignore[call-overload]
    )
    return done.returncode, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize("arguments", [["list", "suites"], ["--help"], ["--version"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_the_output_is_said_in_a_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        status, told = command(*arguments, stdout=full)
    assert status == 1
    assert told == "error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["list", "suites"], ["--help"]])
def test_a_reader_who_goes_ends_the_command_in_silence(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        status, told = command(*arguments, stdout=writer)
    finally:
        os.close(writer)
    assert (status, told) == (1, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_encoding_without_our_signs_gets_plainer_ones(encoding: str) -> None:
    for arguments in (["list", "figures"], ["run", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "typoattack", *arguments],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        done.stdout.decode(encoding)


def test_an_output_that_was_closed_is_no_fault_of_ours() -> None:
    shell = shutil.which("sh")
    assert shell is not None
    line = f"{sys.executable} -m typoattack list suites >&-"
    done = subprocess.run([shell, "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["a[/b]", "[bold]x[/bold]", ":smile:", "[link=x]y"])
def test_a_name_is_no_markup_wherever_it_stands(name: str, tmp_path: Path) -> None:
    table = Table(title=name, caption=name)
    table.add_column(name)
    table.add_row(name)
    with (tmp_path / "out").open("w+", encoding="utf-8") as file:
        console = Results(file=file, width=60)
        console.print(table)
        console.print(name)
        file.seek(0)
        assert file.read().count(name) == 5
