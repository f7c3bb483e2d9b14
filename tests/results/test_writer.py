"""Finished samples are written when a chunk is full, and when one has waited for a minute."""

from pathlib import Path

import pytest

from typoattack.core.progress import silent
from typoattack.results.folder import RunFolder
from typoattack.results.writer import Finished, ResultWriter
from typoattack.samples import DatasetSpec, open_dataset


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(tmp_path: Path, photo_folder: Path, clock: Clock) -> ResultWriter:
    folder = RunFolder(tmp_path / "run")
    folder.start({"identity": {}})
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    return ResultWriter(folder, range(9), data, chunk_size=4, progress=silent, clock=clock)


def parts(tmp_path: Path) -> int:
    return len(RunFolder(tmp_path / "run").parts())


def test_quick_samples_are_written_a_chunk_at_a_time(writer: ResultWriter, tmp_path: Path) -> None:
    for number in range(3):
        writer.add(Finished(str(number), []))
    assert parts(tmp_path) == 0
    writer.add(Finished("3", []))
    assert parts(tmp_path) == 1


def test_slow_samples_do_not_wait_for_their_chunk(
    writer: ResultWriter, clock: Clock, tmp_path: Path
) -> None:
    for number in range(3):
        clock.now += 70
        writer.add(Finished(str(number), []))
    assert parts(tmp_path) == 3
    clock.now += 20
    writer.add(Finished("3", []))
    assert parts(tmp_path) == 3
    clock.now += 45
    writer.add(Finished("4", []))
    assert parts(tmp_path) == 4
    assert RunFolder(tmp_path / "run").done() == {"0", "1", "2", "3", "4"}


def test_what_is_left_is_written_at_the_end(writer: ResultWriter, tmp_path: Path) -> None:
    writer.add(Finished("0", []))
    writer.flush()
    writer.flush()
    assert parts(tmp_path) == 1
