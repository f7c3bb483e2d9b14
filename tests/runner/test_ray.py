"""The same predictions from a local Ray as from this process."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import typoattack as ta
from tests import stores
from tests.conftest import noise
from typoattack.api import Machine, Run
from typoattack.core.errors import UserError
from typoattack.core.progress import Progress, silent
from typoattack.factory import load_models
from typoattack.runner.execute import execute
from typoattack.runner.ray import _ASKED_AHEAD, _DRAWN_AHEAD, _Cluster
from typoattack.samples import Dataset, DatasetSpec, Sample, open_dataset
from typoattack.suite import parse_suite

ray = pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
pytest.importorskip("s3fs", reason="s3fs is not installed (extra `remote`)")
pytest.importorskip("moto", reason="moto is not installed (extra `test`)")

SUITE = """
question: q
recipes: [printed-label, repeated-overlay @ nearest]
controls: [blank]
canvas: 96
"""


@pytest.fixture(scope="module", autouse=True)
def local_ray() -> Iterator[None]:
    with stores.s3():  # whose address and keys its processes have from this one's environment
        ray.init(
            num_cpus=3,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
            object_store_memory=200 * 2**20,
        )
        yield
        ray.shutdown()


def run_with(
    engine: str,
    photos: Path | str,
    model: Path,
    out: Path,
    recipes: list[str],
    *,
    actors: int | None = None,
    progress: Progress = silent,
) -> Run:
    changes = {
        "dataset": f"folder:{photos}",
        "models": [f"local-dir:{model}"],
        "recipes": recipes,
    }
    suite = parse_suite(SUITE, "test", changes)
    machine = Machine("cpu", workers=0, chunk_size=4, engine=engine, actors=actors)
    return ta.run(suite, out=out, machine=machine, progress=progress)


def same_answers(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Pixels, words and answers to the letter; floats to 1e-5, since actors have other threads."""
    floats = first.select_dtypes("float").columns
    exact = [name for name in first.columns if name not in {*floats, "top_prob", "facts"}]
    pd.testing.assert_frame_equal(first[exact], second[exact])
    np.testing.assert_allclose(first[floats], second[floats], rtol=0, atol=1e-5)


RECIPES = ["printed-label", "repeated-overlay @ nearest", "worst-of(k=3)"]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photographs, of which one is broken."""
    root = tmp_path_factory.mktemp("many")
    for name in ("cat", "dog"):
        (root / name).mkdir()
        for number in range(20):
            noise(number).save(root / name / f"{number}.png")
    (root / "dog" / "1.png").write_bytes(b"\x89PNG half")
    return root


@pytest.fixture(scope="module")
def undisturbed(many: Path, tiny_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on Ray, of photographs in a bucket."""
    url = stores.put("s3", "many", many)
    return run_with("ray", url, tiny_clip, tmp_path_factory.mktemp("run"), RECIPES)


def test_ray_from_a_bucket_and_this_process_from_disk_give_the_same_predictions(
    many: Path, tiny_clip: Path, tmp_path: Path, undisturbed: Run
) -> None:
    here, there = run_with("local", many, tiny_clip, tmp_path / "local", RECIPES), undisturbed
    assert len(here.predictions) > 39 * 5
    same_answers(here.predictions, there.predictions)
    assert here.skipped == there.skipped != []
    assert there.manifest["settings"]["engine"] == "ray"
    kept = [sorted(p.name for p in (run.path / "found").iterdir()) for run in (here, there)]
    assert kept[0] == kept[1] != []


def test_ray_goes_on_with_what_this_process_began(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    begun = run_with("local", photo_folder, tiny_clip, tmp_path / "a", ["printed-label"])
    *kept, last = begun.folder.parts()
    last.unlink()
    times = [part.stat().st_mtime_ns for part in kept]
    done = run_with("ray", photo_folder, tiny_clip, tmp_path / "a", ["printed-label"])
    same_answers(done.predictions, begun.predictions)
    assert [part.stat().st_mtime_ns for part in kept] == times


def test_a_mistake_found_on_the_cluster_is_said_in_words(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    recipes = ['printed-label(font="roboto") @ fixed:龘']
    with pytest.raises(UserError, match="'roboto' cannot draw '龘'"):
        run_with("ray", photo_folder, tiny_clip, tmp_path / "a", recipes)


def actors_here() -> list[int]:
    """The processes that Ray keeps actors of ours in."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"ray::_Classify"):
                found.append(int(folder.name))
    return found


def test_an_actor_killed_and_a_run_stopped_midway_leave_the_very_same_table(
    many: Path,
    tiny_clip: Path,
    tmp_path: Path,
    undisturbed: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("typoattack.runner.ray._PICTURES", 1)
    killed: list[int] = []
    finished = 0

    def disturb(stage: str, done: int, total: int) -> None:
        nonlocal finished
        finished = done
        if stage == "photographs" and done == 6:
            killed.extend(actors_here())
            os.kill(killed[0], signal.SIGKILL)
        if stage == "photographs" and done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_with("ray", many, tiny_clip, tmp_path / "a", RECIPES, actors=2, progress=disturb)
    assert (len(killed), finished) == (2, 30)
    monkeypatch.undo()
    done = run_with("ray", many, tiny_clip, tmp_path / "a", RECIPES)
    assert done.predictions.equals(undisturbed.predictions)
    assert done.skipped == undisturbed.skipped


@pytest.mark.parametrize("actors", [3, 40])
def test_more_actors_than_the_cluster_holds_are_refused(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, actors: int
) -> None:
    with pytest.raises(UserError, match=f"--actors {actors}: .* at least one; .* has 3"):
        run_with("ray", photo_folder, tiny_clip, tmp_path / "a", ["printed-label"], actors=actors)


def test_a_cluster_without_cpus_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoCpus:
        """What says what a cluster has."""

        cluster_resources = staticmethod(lambda: {"GPU": 0.0})

    setup = SimpleNamespace(device="cpu")
    with pytest.raises(UserError, match="the Ray cluster has no CPU"):
        _Cluster(NoCpus(), None, setup, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, -1])
def test_less_than_one_actor_is_refused(count: int, tmp_path: Path) -> None:
    machine = Machine("cpu", engine="ray", actors=count)
    with pytest.raises(UserError, match=f"actors is {count}; at least one"):
        ta.run("quick", limit=1, out=tmp_path / "run", machine=machine)


def test_actors_without_a_cluster_are_refused(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="--engine ray"):
        run_with("local", photo_folder, tiny_clip, tmp_path / "a", ["printed-label"], actors=2)


@dataclass(frozen=True)
class Noted:
    """A data set that notes in a file whenever a photograph is decoded; see `Dataset`."""

    data: Dataset
    log: Path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by pickle, before `data` is there
            raise AttributeError(name)
        return getattr(self.data, name)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Sample:
        sample = self.data[index]
        return replace(sample, load=partial(self._load, sample))

    def _load(self, sample: Sample) -> Image.Image:
        with self.log.open("a") as file:
            file.write(f"{sample.id}\n")
        return sample.load()


def slow_models(names: Sequence[str], *, device: str = "cpu", precision: str = "fp32") -> Any:
    """Models that take a while."""
    models = load_models(names, device=device, precision=precision)
    for model in models:
        encode = model.encode_image
        model.encode_image = lambda batch, encode=encode: (time.sleep(0.05), encode(batch))[1]
    return models


def test_drawing_waits_for_a_slow_model_however_many_photographs_there_are(
    many: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typoattack.runner.ray._PICTURES", 1)
    name = f"local-dir:{tiny_clip}"
    suite = parse_suite(SUITE, "test", {"models": [name], "recipes": ["printed-label"]})
    data = Noted(open_dataset(DatasetSpec(f"folder:{many}")), tmp_path / "log.txt")
    ahead: list[int] = []

    def told(stage: str, done: int, total: int) -> None:
        if stage == "photographs" and done:
            ahead.append(len(data.log.read_text().splitlines()) - done)

    execute(
        suite,
        load_models([name], device="cpu"),
        data,
        tmp_path / "run",
        Machine("cpu", engine="ray"),
        progress=told,
        open_models=slow_models,
    )
    free = 3 - 1  # CPUs that draw
    assert len(ahead) == len(data)
    assert 0 < max(ahead[:-10]) <= _DRAWN_AHEAD * free + _ASKED_AHEAD
