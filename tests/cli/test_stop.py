"""Ctrl-C and SIGTERM: answered within a second, with nothing half left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from typoattack.cli.stop import Say, Stopped, answered, told
from typoattack.core import files

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def started(*arguments: str, code: str = "") -> subprocess.Popen[str]:
    how = ["-c", code] if code else ["-m", "typoattack"]
    return subprocess.Popen(
        [sys.executable, *how, *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def stopped(process: subprocess.Popen[str], number: int) -> tuple[float, str]:
    """Signals the process and what it started, as a terminal does; seconds till it said so."""
    assert process.stderr is not None
    began = time.monotonic()
    os.killpg(process.pid, number)
    line = ""
    while "stopped" not in line:
        line = process.stderr.readline()
        assert line, "it ended without a word"
    return time.monotonic() - began, line + process.stderr.read()


def until(condition: object, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_says_at_once_that_it_goes_on(number: int, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = started("run", "quick", "--workers", "1", "--chunk-size", "1", "--out", str(out))
    until(lambda: len(list((out / "predictions.parquet").glob("part-*"))) > 0)
    took, said = stopped(process, number)
    assert process.wait(30) == 128 + number
    assert took < 1
    assert "what is finished is kept, the same command goes on from here" in said
    assert f"typoattack run quick --workers 1 --chunk-size 1 --out {out}" in said
    assert "Traceback" not in said
    assert not list(out.rglob(".*.tmp"))


@pytest.mark.parametrize("after", [0.0, 0.3])
def test_even_what_has_hardly_begun_answers(after: float) -> None:
    process = started("run", "quick")
    until(lambda: b"typoattack" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
    until(lambda: signal.SIGTERM in caught(process.pid))
    time.sleep(after)
    took, said = stopped(process, signal.SIGINT)
    assert process.wait(30) == 130
    assert took < 1
    assert "Traceback" not in said


def caught(pid: int) -> set[int]:
    """The signals that a process has handlers for."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


@pytest.mark.parametrize("number", SIGNALS)
def test_an_export_leaves_no_half_folder(number: int, tmp_path: Path) -> None:
    process = started("generate", "full", "--out", str(tmp_path / "room" / "set"))
    until(lambda: list(tmp_path.glob("room/.set.*/**/*.png")))
    took, said = stopped(process, number)
    assert process.wait(30) == 128 + number
    assert took < 1
    assert "begins again: typoattack generate full" in said
    assert list((tmp_path / "room").iterdir()) == []


STUCK = """
import hashlib, sys
from pathlib import Path
from typoattack.cli import stop
from typoattack.core.files import folder_made_whole
stop._GRACE = 0.5
out = Path(sys.argv[1]) / "out"
with stop.answered(stop.Say("stopped; told")), folder_made_whole(out) as folder:
    (folder / "half").write_text("x")
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""


def test_code_that_cannot_be_interrupted_is_ended_from_outside(tmp_path: Path) -> None:
    process = started(str(tmp_path), code=STUCK)
    until(lambda: list(tmp_path.glob(".out.*/half")))
    time.sleep(0.2)
    took, _ = stopped(process, signal.SIGINT)
    assert process.wait(10) == 130
    assert took < 1
    assert list(tmp_path.iterdir()) == []


def test_handlers_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    say = Say("stopped; kept")
    with pytest.raises(Stopped) as end, answered(say):
        signal.raise_signal(signal.SIGTERM)
    say()
    assert end.value.status == 143
    assert capsys.readouterr().err.count("stopped; kept") == 1
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_is_kept_depends_on_the_command() -> None:
    assert "is kept" in told(["run", "a b"])
    assert told(["run", "a b"]).endswith("typoattack run 'a b'")
    assert "nothing half written is left" in told(["generate", "x"])


def test_half_files_are_known_only_while_they_are_half(tmp_path: Path) -> None:
    with files.folder_made_whole(tmp_path / "out") as folder:
        assert folder in files._HALF
    files.write_whole(tmp_path / "file", b"x")
    assert not files._HALF
