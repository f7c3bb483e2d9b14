"""The one way from a suite to a finished run."""

from pathlib import Path

import pytest

from typoattack.api import Machine
from typoattack.core.errors import UserError
from typoattack.factory import load_models
from typoattack.runner.execute import automatic_workers, default_folder, execute
from typoattack.samples import open_dataset
from typoattack.suite import Suite, parse_suite


@pytest.mark.parametrize(
    ("pictures", "device", "cores", "workers"),
    [
        (400, "cuda", 16, 0),
        (401, "cuda", 16, 15),
        (401, "mps", 8, 7),
        (401, "cuda", 1, 1),
        (400, "cpu", 16, 0),
        (401, "cpu", 16, 4),
        (401, "cpu", 2, 0),
    ],
)
def test_drawing_leaves_a_cpu_to_the_model_and_feeds_a_gpu_with_all_cores_but_one(
    pictures: int, device: str, cores: int, workers: int
) -> None:
    assert automatic_workers(pictures, device, cores) == workers


def suite(photo_folder: Path, tiny_clip: Path) -> Suite:
    changes = {"dataset": f"folder:{photo_folder}", "models": [f"local-dir:{tiny_clip}"]}
    return parse_suite("question: q\nrecipes: [plain-overlay]", "mine", changes)


def test_fewer_than_no_workers_are_refused_before_anything_is_written(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    chosen = suite(photo_folder, tiny_clip)
    models = load_models(chosen.models, device="cpu")
    out = tmp_path / "run"
    with pytest.raises(UserError, match="workers must be 0 or more, not -1"):
        execute(chosen, models, open_dataset(chosen.dataset), out, Machine("cpu", workers=-1))
    assert not out.exists()


def test_the_command_that_repeats_a_run_is_the_one_that_was_given(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    chosen = suite(photo_folder, tiny_clip)
    models = load_models(chosen.models, device="cpu")
    data = open_dataset(chosen.dataset)
    machine = Machine("cpu", workers=0)
    folder = execute(chosen, models, data, tmp_path / "run", machine, command="typoattack run x")
    assert folder.manifest()["command"] == "typoattack run x"
    assert len(folder.done()) == len(data)


def test_a_run_lies_where_suite_model_and_shard_say() -> None:
    named = parse_suite(
        "question: q\nrecipes: [plain-overlay]", "mine", {"models": ["a/b", "local-dir:c d"]}
    )
    assert default_folder(named) == Path("runs/mine-a_b+local-dir_c_d")
    assert default_folder(named, "2/4") == Path("runs/mine-a_b+local-dir_c_d-2-of-4")
