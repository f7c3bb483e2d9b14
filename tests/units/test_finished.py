"""What a killed study left: taken up if it is whole and of the same facts, else never."""

from pathlib import Path

import numpy as np
import pytest

from typoattack.core.errors import UserError
from typoattack.units.finished import (
    UNFINISHED,
    FinishedWork,
    code_fingerprint,
    memory_mapped,
    unfinished,
)


class Made:
    """Work that counts how often it was done."""

    def __init__(self) -> None:
        self.times = 0

    def files(self, folder: Path) -> None:
        self.times += 1
        (folder / "a.bin").write_bytes(b"0123456789")
        (folder / "b.bin").write_bytes(b"")

    def arrays(self) -> dict[str, np.ndarray]:
        self.times += 1
        return {"x": np.arange(4.0), "names": np.asarray(("one", "ünïted"))}


def test_files_are_made_once_for_the_same_facts_and_anew_for_others(tmp_path: Path) -> None:
    made, told = Made(), []
    finished = FinishedWork(tmp_path / "s", "model", found=told.append)
    first = finished.files("word cards", made.files, "layer")
    assert told == []
    assert FinishedWork(tmp_path / "s", "model").files("word cards", made.files, "layer") == first
    assert made.times == 1
    for other in (
        FinishedWork(tmp_path / "s", "other model").files("word cards", made.files, "layer"),
        finished.files("word cards", made.files, "other layer"),
        finished.files("blank cards", made.files, "layer"),
        finished.under("more").files("word cards", made.files, "layer"),
    ):
        assert other != first
    assert made.times == 5
    for _ in range(2):
        finished.under("more").files("word cards", made.files, "layer")
    assert told == ["word cards"]


@pytest.mark.parametrize("harm", ["no marker", "cut", "changed", "missing", "marker cut"])
def test_files_that_are_not_whole_are_made_anew(tmp_path: Path, harm: str) -> None:
    made, finished = Made(), FinishedWork(tmp_path)
    place = finished.files("cards", made.files)
    if harm == "no marker":
        (place / "whole.json").unlink()
    elif harm == "cut":
        (place / "a.bin").write_bytes(b"01234")
    elif harm == "changed":
        (place / "a.bin").write_bytes(b"0123456780")
    elif harm == "missing":
        (place / "b.bin").unlink()
    else:
        (place / "whole.json").write_text('{"a.b')
    assert finished.files("cards", made.files) == place
    assert made.times == 2
    assert (place / "a.bin").read_bytes() == b"0123456789"


def test_what_stopped_while_it_was_made_is_not_taken(tmp_path: Path) -> None:
    def stops(folder: Path) -> None:
        (folder / "a.bin").write_bytes(b"0123")
        (folder / "stray").write_bytes(b"x")
        raise KeyboardInterrupt

    made, finished = Made(), FinishedWork(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        finished.files("cards", stops)
    place = finished.files("cards", made.files)
    assert made.times == 1
    assert sorted(path.name for path in place.iterdir()) == ["a.bin", "b.bin", "whole.json"]


def test_arrays_come_back_bit_by_bit_and_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    made, finished = Made(), FinishedWork(tmp_path / "s")
    first = finished.arrays("scores", made.arrays, "seed 0")
    kept = FinishedWork(tmp_path / "s").arrays("scores", made.arrays, "seed 0")
    assert made.times == 1
    for name, values in first.items():
        np.testing.assert_array_equal(kept[name], values)
        assert kept[name].dtype == values.dtype
    (file,) = (tmp_path / "s").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    finished.arrays("scores", made.arrays, "seed 0")
    finished.arrays("scores", made.arrays, "seed 1")
    assert made.times == 3


def test_the_store_is_gone_once_all_is_done_and_stays_where_something_was_finished(
    tmp_path: Path,
) -> None:
    def killed(out: Path, made: Made | None) -> None:
        with unfinished(out) as store:
            if made:
                FinishedWork(store).arrays("scores", made.arrays)
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        killed(out, None)
    assert not out.exists()
    with pytest.raises(KeyboardInterrupt):
        killed(out, Made())
    assert list((out / UNFINISHED).glob("*.npz"))
    with unfinished(out) as store:
        assert list(store.glob("*.npz"))
        with pytest.raises(UserError, match="another run is writing"), unfinished(out):
            pass
        assert list(store.glob("*.npz"))
    assert list(out.iterdir()) == []


def test_any_change_of_the_code_is_another_fact(tmp_path: Path) -> None:
    assert code_fingerprint() == code_fingerprint()
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.py").write_text("x = 1\n")
    before = code_fingerprint(tmp_path)
    (tmp_path / "below" / "a.py").write_text("x = 2\n")
    changed = code_fingerprint(tmp_path)
    (tmp_path / "b.py").write_text("")
    assert len({before, changed, code_fingerprint(tmp_path)}) == 3


def test_a_disk_that_refuses_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finished = FinishedWork(tmp_path / "file" / "below")
    for work in (
        lambda: finished.arrays("a", Made().arrays),
        lambda: finished.files("a", Made().files),
    ):
        with pytest.raises(UserError, match="cannot use"):
            work()
    with pytest.raises(UserError, match="cannot use"):
        memory_mapped(tmp_path / "nowhere" / "x.npy", (2, 2))
