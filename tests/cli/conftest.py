"""What the command line's tests share: a way to call it, and options that make a run small."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from typoattack.cli import main


@dataclass
class Outcome:
    """What a command line did."""

    status: int
    out: str
    err: str


@pytest.fixture
def typoattack(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs a command line in this process."""

    def call(*arguments: object) -> Outcome:
        status = 0
        try:
            main([str(a) for a in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def small(photo_folder: Path, tiny_clip: Path, tmp_path: Path) -> list[str]:
    """Options that make `run quick` a matter of seconds."""
    return [
        *("--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photo_folder}"),
        *("--canvas", "96", "--device", "cpu", "--out", str(tmp_path / "run")),
    ]
