"""A run in parts, on whatever machines, is the run."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.results.merge import Shard, merge, parse_shard
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite

SUITE = "question: q\nrecipes: [printed-label @ nearest, worst-of(k=2)]\ncanvas: 64"


def run_in(out: Path, photos: Path, model: Path, shard: str | None = None, seed: int = 0) -> Run:
    changes = {
        "dataset": f"folder:{photos}",
        "models": [f"local-dir:{model}"],
        "seed": seed,
    }
    suite = parse_suite(SUITE, "test", changes)
    machine = Machine("cpu", workers=0, chunk_size=2)
    return ta.run(suite, out=out, machine=machine, shard=shard)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import noise

    root = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("cat", "dog", "fish")):
        (root / name).mkdir()
        for number in range(3):
            noise(10 * label + number).save(root / name / f"{number}.png")
    (root / "cat" / "broken.png").write_bytes(b"\x89PNG half")
    return root


@pytest.fixture(scope="module")
def whole(photos: Path, tiny_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_in(tmp_path_factory.mktemp("whole") / "run", photos, tiny_clip)


@pytest.fixture(scope="module")
def parts(photos: Path, tiny_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three shards, the photographs of the second lying elsewhere."""
    root = tmp_path_factory.mktemp("shards")
    elsewhere = root / "other machine"
    shutil.copytree(photos, elsewhere)
    places = [photos, elsewhere, photos]
    for number, place in enumerate(places, start=1):
        run_in(root / str(number), place, tiny_clip, f"{number}/3")
    return [root / str(number) for number in (1, 2, 3)]


@pytest.fixture
def copies(parts: list[Path], tmp_path: Path) -> list[Path]:
    """The shards, to be damaged."""
    return [Path(shutil.copytree(part, tmp_path / part.name)) for part in parts]


def test_merged_shards_are_the_whole_run(whole: Run, parts: list[Path], tmp_path: Path) -> None:
    third, first, second = parts[2], parts[0], parts[1]
    merged = Run(merge([third, first, second], tmp_path / "merged").path)
    pd.testing.assert_frame_equal(merged.predictions, whole.predictions, check_exact=True)
    assert merged.skipped == whole.skipped != []
    assert merged.manifest["identity"] == whole.manifest["identity"]
    assert merged.manifest["planned"] == whole.manifest["planned"] == 10
    assert len(merged.manifest["shards"]) == 3
    found = [sorted(p.name for p in (r.path / "found").iterdir()) for r in (merged, whole)]
    assert found[0] == found[1] != []


def test_a_merged_run_can_be_gone_on_with_as_the_whole_one(
    parts: list[Path], photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    merged = merge(parts, tmp_path / "merged")
    before = [part.stat().st_mtime_ns for part in merged.parts()]
    run_in(merged.path, photos, tiny_clip)
    assert [part.stat().st_mtime_ns for part in merged.parts()] == before


def test_which_shard_a_sample_belongs_to_never_changes() -> None:
    ids = [f"n01440764/{number}.JPEG" for number in range(1000)]
    held = [sum(Shard(number, 4).holds(name) for name in ids) for number in (1, 2, 3, 4)]
    assert sum(held) == 1000
    assert min(held) > 200
    assert [next(s for s in (1, 2, 3, 4) if Shard(s, 4).holds(n)) for n in ids[:6]] == FIRST_SIX


FIRST_SIX = [4, 4, 2, 4, 3, 3]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "-1/4", "a/b", "1/4/2", "١/٤", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="i from 1 to n"):
        parse_shard(text)


def test_a_missing_shard_is_named(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="1 of 3 shards missing: 2/3"):
        merge([parts[0], parts[2]], tmp_path / "merged")


def test_a_shard_given_twice_is_refused(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="shard 1/3 is there 2 times"):
        merge([*parts, parts[0]], tmp_path / "merged")


def test_an_unfinished_shard_is_refused_with_its_command(
    copies: list[Path], tmp_path: Path
) -> None:
    next((copies[1] / "predictions.parquet").glob("part-*")).unlink()
    with pytest.raises(UserError, match=r"shard 2/3\) is unfinished .* run its command again"):
        merge(copies, tmp_path / "merged")


def test_a_shard_of_another_run_is_refused_with_the_difference(
    parts: list[Path], photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run_in(tmp_path / "other", photos, tiny_clip, "2/3", seed=5)
    with pytest.raises(UserError, match="another run.*seed: 0 there, 5 here"):
        merge([parts[0], tmp_path / "other", parts[2]], tmp_path / "merged")


def test_a_whole_run_is_no_shard(whole: Run, parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a whole run, not a shard"):
        merge([whole.path, *parts], tmp_path / "merged")


def test_parts_that_wandered_between_shards_are_refused(copies: list[Path], tmp_path: Path) -> None:
    part = next((copies[0] / "predictions.parquet").glob("part-*"))
    shutil.copy(part, copies[1] / "predictions.parquet" / "part-000099.parquet")
    with pytest.raises(UserError, match="of another shard"):
        merge(copies, tmp_path / "merged")


def test_an_existing_folder_is_never_merged_into(parts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "merged").mkdir()
    with pytest.raises(UserError, match="exists"):
        merge(parts, tmp_path / "merged")


def test_a_failed_merge_leaves_nothing(copies: list[Path], tmp_path: Path) -> None:
    part = next((copies[2] / "predictions.parquet").glob("part-*"))
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(UserError, match="damaged"):
        merge(copies, tmp_path / "merged")
    assert not [p for p in tmp_path.iterdir() if "merged" in p.name]


def test_another_shard_does_not_go_into_a_shards_folder(
    copies: list[Path], photos: Path, tiny_clip: Path
) -> None:
    with pytest.raises(UserError, match="shard: '1/3' there, '2/3' here"):
        run_in(copies[0], photos, tiny_clip, "2/3")


def test_a_shard_without_photographs_is_a_run_all_the_same(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    ids = [data.id for data in open_dataset(parse_suite(SUITE, "t", given(photos)).dataset)]
    empty = next(n for n in range(1, 98) if not any(Shard(n, 97).holds(i) for i in ids))
    run = run_in(tmp_path / "run", photos, tiny_clip, f"{empty}/97")
    assert len(run.predictions) == 0
    assert run.summaries == []
    with pytest.raises(UserError, match="no answers yet"):
        run.report()


def given(photos: Path) -> dict[str, str]:
    return {"dataset": f"folder:{photos}"}


def test_a_shard_tells_what_it_is_and_what_it_lacks(
    copies: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    next((copies[1] / "predictions.parquet").glob("part-*")).unlink()
    main_alone(["report", str(copies[1])])
    assert "unfinished: " in capsys.readouterr().out
    assert "shard 2/3 of them" in (copies[1] / "report.html").read_text("utf-8")
    assert Run(copies[0]).left == 0 < Run(copies[1]).left


def test_the_commands_split_and_join(
    photos: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photos}"]
    common += ["--recipe", "printed-label", "--canvas", "64", "--device", "cpu"]
    for shard in ("1/2", "2/2"):
        main_alone(["run", "quick", *common, "--shard", shard])
    folders = sorted(str(p) for p in Path("runs").iterdir())
    assert [name[-6:] for name in folders] == ["1-of-2", "2-of-2"]
    main_alone(["merge", *folders, "--out", "merged"])
    manifest = json.loads(Path("merged/manifest.json").read_text())
    assert manifest["planned"] == 10
    assert len(Run("merged").predictions) == 9 * 3


def main_alone(arguments: list[str]) -> None:
    """The command line, which ends a process that did well by status 0 or not at all."""
    status: object = 0
    try:
        main(arguments)
    except SystemExit as stop:
        status = stop.code or 0
    assert status == 0
