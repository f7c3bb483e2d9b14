import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from made_runs import manifest

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.results.folder import RunFolder, describe_difference
from typoattack.results.parts import Skipped
from typoattack.results.schema import SCHEMA

MANIFEST = manifest(["m"], ["cat"]) | {"identity": {"seed": 0, "recipes": ["a", "b"]}}


def table(*samples: str) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"model": "m", "task": "object", "recipe": "clean", "sample": s, "replicate": 0}
            for s in samples
        ],
        schema=SCHEMA,
    )


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.start(MANIFEST)
    return made


def test_parts_read_back_as_one_table_in_the_order_of_the_key(folder: RunFolder) -> None:
    folder.write_part(table("c", "b"), ["c", "b"], [])
    folder.write_part(table("a"), ["a", "broken"], [Skipped("broken", "truncated")])
    assert list(folder.predictions()["sample"]) == ["a", "b", "c"]
    assert folder.done() == {"a", "b", "c", "broken"}
    assert folder.skipped() == [Skipped("broken", "truncated")]


def test_pandas_reads_the_predictions_folder_by_itself(folder: RunFolder) -> None:
    folder.write_part(table("a"), ["a"], [])
    folder.write_part(table("b"), ["b"], [])
    assert len(pd.read_parquet(folder.path / "predictions.parquet")) == 2


def test_the_same_run_is_taken_up_and_another_refused_with_the_difference(
    folder: RunFolder,
) -> None:
    assert folder.start(MANIFEST) is True
    folder.write_part(table("a"), ["a"], [])
    with pytest.raises(
        UserError, match=r"seed: 0 there, 1 here.*recipes: only there b; only here c"
    ):
        folder.start({"identity": {"seed": 1, "recipes": ["a", "c"]}})


def test_a_run_without_an_answer_makes_room_for_another_one_unless_more_lies_there(
    folder: RunFolder,
) -> None:
    other = {**MANIFEST, "identity": {"seed": 1, "recipes": ["a", "c"]}}
    assert folder.start(other) is False
    assert folder.manifest()["identity"] == other["identity"]
    (folder.path / "report.html").write_text("x")
    with pytest.raises(UserError, match="holds another run"):
        folder.start(MANIFEST)
    assert folder.manifest()["identity"] == other["identity"]


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match=r"thesis\.tex"):
        RunFolder(tmp_path).start(MANIFEST)


def test_a_run_killed_before_its_first_part_can_be_taken_up(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    folder = RunFolder(tmp_path)
    folder.start(MANIFEST)
    folder.write_part(table("a"), ["a"], [])
    assert folder.done() == {"a"}


def test_two_runs_cannot_hold_one_folder(folder: RunFolder) -> None:
    with (
        folder.lock(),
        pytest.raises(UserError, match="another run"),
        RunFolder(folder.path).lock(),
    ):
        pass


def test_a_damaged_part_is_named(folder: RunFolder) -> None:
    part = folder.write_part(table("a"), ["a"], [])
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(UserError, match=r"part-000000\.parquet.*damaged"):
        folder.done()


def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "a.txt", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"a\.txt.*No space left"):
        write_whole(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_no_run_is_said_to_be_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        RunFolder(tmp_path).manifest()


def test_equal_identities_have_no_difference() -> None:
    assert describe_difference({"seed": 1}, {"seed": 1}) == ""
    assert "another version" in describe_difference(
        {"recipe_fingerprints": ["a"]}, {"recipe_fingerprints": ["b"]}
    )
