"""The same predictions from a local Ray as from this process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.core.errors import UserError
from typoattack.suite import parse_suite

ray = pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")

SUITE = """
question: q
recipes: [printed-label, repeated-overlay @ nearest]
controls: [blank]
canvas: 96
"""


@pytest.fixture(scope="module", autouse=True)
def local_ray() -> Iterator[None]:
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=200 * 2**20,
    )
    yield
    ray.shutdown()


def run_with(engine: str, photos: Path, model: Path, out: Path, recipes: list[str]) -> Run:
    changes = {
        "dataset": f"folder:{photos}",
        "models": [f"local-dir:{model}"],
        "recipes": recipes,
    }
    suite = parse_suite(SUITE, "test", changes)
    machine = Machine("cpu", workers=0, chunk_size=4, engine=engine)
    return ta.run(suite, out=out, machine=machine)


def same_answers(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Pixels, words and answers to the letter; floats to 1e-5, since actors have other threads."""
    floats = first.select_dtypes("float").columns
    exact = [name for name in first.columns if name not in {*floats, "top_prob", "facts"}]
    pd.testing.assert_frame_equal(first[exact], second[exact])
    np.testing.assert_allclose(first[floats], second[floats], rtol=0, atol=1e-5)


def test_ray_and_this_process_give_the_same_predictions(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    recipes = ["printed-label", "repeated-overlay @ nearest", "worst-of(k=3)"]
    (photo_folder / "dog" / "1.png").write_bytes(b"\x89PNG half")
    here, there = (
        run_with(engine, photo_folder, tiny_clip, tmp_path / engine, recipes)
        for engine in ("local", "ray")
    )
    assert len(here.predictions) > 8 * 5
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
