"""Many small parts become few large ones, and no row is lost or doubled whenever a kill comes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made_runs import manifest

import typoattack as ta
import typoattack.results.folder as folder_module
from typoattack.core.errors import UserError
from typoattack.results.folder import RunFolder
from typoattack.results.parts import Skipped

from .test_folder import table

MANIFEST = manifest(["m"], ["cat"]) | {"identity": {"seed": 0}}


def run_of(folder: Path, chunks: int) -> RunFolder:
    """A run with two samples a chunk, one of them skipped in every third."""
    made = RunFolder(folder)
    made.start(MANIFEST)
    for n in range(chunks):
        broken = n % 3 == 0
        names = [f"{n}-a", f"{n}-b"]
        rows = table(*(names[:1] if broken else names))
        made.write_part(rows, names, [Skipped(names[1], "truncated")] if broken else [])
    return made


def state(folder: RunFolder) -> tuple[pd.DataFrame, set[str], list[Skipped]]:
    return folder.predictions(), folder.done(), folder.skipped()


def same(folder: RunFolder, before: tuple[pd.DataFrame, set[str], list[Skipped]]) -> None:
    rows, done, skipped = state(folder)
    pd.testing.assert_frame_equal(rows, before[0])
    assert (done, skipped) == before[1:]


def names(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in (folder.path / "predictions.parquet").iterdir())


def test_small_parts_are_put_together_in_their_order(tmp_path: Path) -> None:
    folder = run_of(tmp_path, 20)
    before = state(folder)
    folder.compact(rows=10)
    same(folder, before)
    assert names(folder) == [
        "part-000000-000005.parquet",
        "part-000006-000011.parquet",
        "part-000012-000017.parquet",
        "part-000018-000019.parquet",
    ]
    assert len(pd.read_parquet(tmp_path / "predictions.parquet")) == len(before[0])


def test_a_run_goes_on_behind_what_was_put_together(tmp_path: Path) -> None:
    folder = run_of(tmp_path, 20)
    folder.compact(rows=1000)
    added = folder.write_part(table("z"), ["z"], [])
    assert [part.name for part in folder.parts()] == ["part-000000-000019.parquet", added.name]
    assert added.name == "part-000020.parquet"
    assert "z" in folder.done()


def test_few_parts_stay_as_they_are(tmp_path: Path) -> None:
    folder = run_of(tmp_path, 16)
    before = names(folder)
    folder.compact()
    assert names(folder) == before


@pytest.mark.parametrize("read", ["read_part", "read_notes"])
def test_who_reads_while_parts_are_put_together_reads_all_of_them(
    read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_of(tmp_path, 20)
    before = state(folder)
    inner, turns = getattr(folder_module, read), 0

    def interrupted(part: Path) -> object:
        nonlocal turns
        turns += 1
        if turns == 3:
            RunFolder(tmp_path).compact(rows=10)
        return inner(part)

    monkeypatch.setattr(folder_module, read, interrupted)
    same(folder, before)
    assert len(folder.parts()) == 4


def test_parts_that_are_gone_while_they_are_read_are_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_of(tmp_path, 4)
    inner = folder_module.read_part

    def interrupted(part: Path) -> object:
        for one in folder.parts()[1:]:
            one.unlink()
        return inner(part)

    monkeypatch.setattr(folder_module, "read_part", interrupted)
    with pytest.raises(UserError, match="part-000001"):
        folder.predictions()


class Killed(BaseException):
    """What no handler of errors takes."""


def killed_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """From the `step`-th of what compaction does to files on, the process is no more."""
    left = [step]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*args, **named)

        return act

    patch.setattr("os.fsync", dying(__import__("os").fsync))
    patch.setattr(Path, "replace", dying(Path.replace))
    patch.setattr(Path, "unlink", dying(Path.unlink))


def test_a_kill_at_any_step_leaves_every_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, finished = 0, False
    while not finished:
        folder = run_of(tmp_path / str(step), 20)
        before = state(folder)
        with monkeypatch.context() as patch:
            killed_at(step, patch)
            try:
                folder.compact(rows=16, few=2)
                finished = True
            except Killed:
                pass
        same(folder, before)
        folder.start(MANIFEST)  # as the next run of the same command does
        folder.compact(rows=16, few=2)
        same(folder, before)
        assert len(names(folder)) == 2
        step += 1
    assert step > 20


def test_what_is_damaged_is_named_and_the_rest_stays(tmp_path: Path) -> None:
    folder = run_of(tmp_path, 20)
    part = folder.parts()[7]
    part.write_bytes(part.read_bytes()[:-30])
    before = names(folder)
    with pytest.raises(UserError, match="part-000007.*is damaged"):
        folder.compact(rows=1000)
    assert names(folder) == before


def test_a_finished_run_leaves_few_parts_and_is_taken_up_as_it_is(tmp_path: Path) -> None:
    one = {"recipes": ["printed-label"], "out": tmp_path / "run"}
    machine = ta.Machine("cpu", workers=0, chunk_size=1, keep_embeddings=True)
    done = ta.run("quick", **one, machine=machine)
    assert names(done.folder) == ["part-000000-000019.parquet"]
    assert len(list((tmp_path / "run" / "embeddings.parquet").iterdir())) == 20
    whole = ta.run("quick", **{**one, "out": tmp_path / "whole"})
    pd.testing.assert_frame_equal(done.predictions, whole.predictions)
    again = ta.run("quick", **one, machine=machine)
    assert names(again.folder) == ["part-000000-000019.parquet"]
