"""Whatever happens to a run: the right result in the end, or a clear error, never wrong numbers."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.trust.runs import SUITE, command_of, equal, run_of, suite_of
from typoattack.api import Machine, Run
from typoattack.core.errors import RunFailure, UserError
from typoattack.factory import load_models
from typoattack.recipes import Recipe, recipe
from typoattack.recipes.base import RECIPES
from typoattack.runner.execute import execute
from typoattack.samples import open_dataset


@pytest.fixture(scope="module")
def undisturbed(tiny_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    from tests.conftest import noise

    photos = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("cat", "dog", "fish")):
        (photos / name).mkdir()
        for number in range(3):
            noise(10 * label + number).save(photos / name / f"{number}.png")
    return run_of(suite_of(photos, tiny_clip), tmp_path_factory.mktemp("runs") / "a")


@pytest.fixture
def photos(undisturbed: Run, tmp_path: Path) -> Path:
    """A copy of the photographs, to be done to as one likes."""
    source = undisturbed.manifest["dataset"]["name"].removeprefix("folder:")
    return Path(shutil.copytree(source, tmp_path / "photos"))


def after(samples: int, do: object) -> object:
    """Progress that does something once so many photographs are done."""
    done = []

    def told(stage: str, count: int, total: int) -> None:
        if stage == "photographs" and count >= samples and not done:
            done.append(True)
            do()  # type: ignore[operator]

    return told


def test_killed_again_and_again_a_run_comes_to_the_same_end(
    undisturbed: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    """The main process alone is killed: its drawing process must not keep the folder locked."""
    (tmp_path / "test.yaml").write_text(SUITE)
    out = tmp_path / "run"
    command = command_of(tmp_path / "test.yaml", photos, tiny_clip, out)
    for wanted in (1, 5):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        parts = out / "predictions.parquet"
        while process.poll() is None and len(list(parts.glob("part-*"))) < wanted:
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert wanted <= len(Run(out).folder.done()) < 9
    subprocess.run(command, check=True, capture_output=True)
    equal(Run(out), undisturbed)


def test_what_a_kill_left_half_written_is_swept_up(
    undisturbed: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite = suite_of(photos, tiny_clip)
    run_of(suite, tmp_path / "run")
    half = tmp_path / "run" / "predictions.parquet" / ".part-000009.parquet.abc.tmp"
    half.write_bytes(b"PAR1 half")
    equal(run_of(suite, tmp_path / "run"), undisturbed)
    assert not half.exists()


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of `size`, or a skipped test where none may be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_the_run_stops_and_goes_on_when_there_is_room(
    undisturbed: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite = suite_of(photos, tiny_clip)
    with small_disk(tmp_path / "disk", "256k") as disk:
        ballast = disk / "ballast"

        def fill() -> None:
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)

        with pytest.raises(UserError, match="cannot write .*No space left"):
            run_of(suite, disk / "run", progress=after(5, fill))
        kept = Run(disk / "run")
        assert 0 < len(kept.folder.done()) < 9
        assert not list((disk / "run" / "predictions.parquet").glob(".*.tmp"))
        ballast.unlink()
        equal(run_of(suite, disk / "run"), undisturbed)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT])
def test_a_disk_that_refuses_is_said_in_one_line(
    code: int, photos: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, real = suite_of(photos, tiny_clip), tempfile.NamedTemporaryFile

    def refusing(*args: object, **kwargs: object) -> object:
        if "part-" in str(kwargs.get("prefix")):
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refusing)
    with pytest.raises(UserError, match=rf"part-000000.parquet.*{os.strerror(code)}"):
        run_of(suite, tmp_path / "run")
    monkeypatch.undo()
    assert len(run_of(suite, tmp_path / "run").predictions) == 9 * 5


def test_a_folder_that_cannot_be_written_is_named(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "256k") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UserError, match="cannot use .*Read-only"):
            run_of(suite_of(photos, tiny_clip), disk / "run")


@pytest.mark.parametrize("place", ["file", "file/run"])
def test_a_file_in_the_way_of_the_folder_is_named(
    place: str, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot use"):
        run_of(suite_of(photos, tiny_clip), tmp_path / place)


@pytest.mark.parametrize("what", ["run", "run/predictions.parquet"])
def test_a_run_folder_deleted_meanwhile_ends_the_run(
    what: str, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    progress = after(5, lambda: shutil.rmtree(tmp_path / what))
    with pytest.raises(UserError, match="cannot write .*No such file"):
        run_of(suite_of(photos, tiny_clip), tmp_path / "run", progress=progress)


def test_photographs_deleted_meanwhile_stop_the_run_and_count_as_nothing(
    undisturbed: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite, away = suite_of(photos, tiny_clip), tmp_path / "away"
    with pytest.raises(RunFailure, match="cannot read .*No such file"):
        run_of(suite, tmp_path / "run", progress=after(4, lambda: photos.rename(away)))
    away.rename(photos)
    assert Run(tmp_path / "run").skipped == []
    equal(run_of(suite, tmp_path / "run"), undisturbed)


def test_of_two_runs_in_one_folder_the_second_is_refused(
    undisturbed: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite, refused = suite_of(photos, tiny_clip), []

    def second() -> None:
        with pytest.raises(UserError, match="another run is writing"):
            run_of(suite, tmp_path / "run")
        refused.append(True)

    equal(run_of(suite, tmp_path / "run", progress=after(3, second)), undisturbed)
    assert refused


def test_a_drawing_process_that_dies_is_told_and_the_run_goes_on_without_it(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    home = os.getpid()

    @recipe("dies", source="a test")
    class Dies(Recipe):
        """Kills the process it is drawn in, if that is not the test's own."""

        def __call__(self, canvas, word, rng, *, ink=True):  # type: ignore[no-untyped-def]
            if os.getpid() != home:
                os.kill(os.getpid(), signal.SIGKILL)
            return RECIPES["printed-label"]()(canvas, word, rng, ink=ink)

    try:
        suite = suite_of(photos, tiny_clip, recipes=["dies"], controls=[])
        with pytest.raises(RunFailure, match="a drawing process died.*run the same command again"):
            run_of(suite, tmp_path / "run", workers=1)
        assert len(run_of(suite, tmp_path / "run").predictions) == 9 * 2
    finally:
        RECIPES._parts.pop("dies")


def test_a_model_that_answers_nan_to_a_text_ends_the_run_and_leaves_no_cache(
    photos: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    suite = suite_of(photos, tiny_clip)
    (model,) = load_models(suite.models, device="cpu")
    with torch.no_grad():
        model.module.text_projection[0, 0] = float("nan")
    with pytest.raises(UserError, match="returned NaN or infinity for a text"):
        execute(suite, [model], open_dataset(suite.dataset), tmp_path / "run", Machine("cpu"))
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_a_clock_that_jumps_changes_nothing(
    undisturbed: Run,
    photos: Path,
    tiny_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = iter(range(10**9, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    run = run_of(suite_of(photos, tiny_clip), tmp_path / "run", chunk_size=1)
    equal(run, undisturbed)


def test_rot_in_a_part_is_noticed(photos: Path, tiny_clip: Path, tmp_path: Path) -> None:
    run = run_of(suite_of(photos, tiny_clip), tmp_path / "run")
    part = run.folder.parts()[1]
    whole = part.read_bytes()
    noticed = 0
    for at in range(8, len(whole) // 2, 97):  # data pages come first, the footer last
        part.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            now = Run(tmp_path / "run").predictions
        except UserError as error:
            noticed += "damaged" in str(error)
        else:
            assert now.equals(run.predictions), f"byte {at}: other numbers, and no word of it"
    assert noticed > 5


def test_a_part_that_stands_twice_is_refused(photos: Path, tiny_clip: Path, tmp_path: Path) -> None:
    run = run_of(suite_of(photos, tiny_clip), tmp_path / "run")
    first = run.folder.parts()[0]
    shutil.copy(first, first.with_name("part-000077.parquet"))
    with pytest.raises(UserError, match=r"part-000077.*again"):
        _ = Run(tmp_path / "run").predictions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("{}", "is no manifest"),
        ("[1]", "is no manifest"),
        ('{"identity": {}, "format": 99, "typoattack": "9.0"}', r"another version .*9\.0"),
    ],
)
def test_a_damaged_manifest_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=said):
        Run(tmp_path)
