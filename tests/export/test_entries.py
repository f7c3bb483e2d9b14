"""What is drawn for an attacked data set may travel; who watches it may not."""

import pickle
import threading
from pathlib import Path

import pytest

from typoattack.export.attacked import write_attacked
from typoattack.export.entries import Entries
from typoattack.runner.draw import Generator
from typoattack.samples import open_dataset
from typoattack.suite import Suite, parse_suite


class Watched:
    """Progress that no other process can have, as a terminal's cannot."""

    def __init__(self) -> None:
        self.of_this_thread = threading.local()  # as rich's console has
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.told.append((stage, done, total))


@pytest.fixture
def suite(photo_folder: Path) -> Suite:
    text = "question: q\nrecipes: [printed-label]\ncanvas: 64\nlimit: 2"
    return parse_suite(text, "s", {"dataset": f"folder:{photo_folder}"})


@pytest.mark.parametrize("layout", ["parquet", "imagefolder"])
def test_a_data_set_is_written_while_a_terminal_watches(
    suite: Suite, tmp_path: Path, layout: str
) -> None:
    watched = Watched()
    write_attacked(suite, tmp_path / "attacked", layout, progress=watched)
    assert watched.told[-1] == ("photographs", 2, 2)


def test_entries_pickle_without_who_watches_them(suite: Suite) -> None:
    data = open_dataset(suite.dataset)
    told: list[int] = []
    entries = Entries(
        Generator(suite, data.task.class_names), data, [0, 1], lambda done, total: told.append(done)
    )
    again = pickle.loads(pickle.dumps(entries))
    assert [e.notes for e in again] == [e.notes for e in entries]
    assert told == [1, 2]
