"""A manifest from anywhere: read with every key, brought to today's format, or refused by name."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.trust.runs import run_of, suite_of
from typoattack.core.errors import UserError
from typoattack.report.run import Run
from typoattack.results.manifest_file import FORMAT, MIGRATIONS


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny_clip: Path) -> Path:
    out = tmp_path_factory.mktemp("finished") / "run"
    return run_of(suite_of("none", tiny_clip, dataset="bundled", limit=6), out).path


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def spoil(folder: Path, change: Any) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": None}, "key 'models'"),
        ({"models": []}, "key 'models'"),
        ({"task": 5}, "key 'task'"),
        ({"task": {"name": "object", "class_names": ["cat"]}}, "beyond the 1 classes"),
        ({"task": {"name": "object", "class_names": [3]}}, r"key 'task\.class_names\.0'"),
        ({"dataset": {}}, r"key 'dataset\.name'"),
        ({"identity": {"dataset": {"spec": 5}, "seed": 0, "canvas": 9}}, r"'dataset\.spec'"),
        ({"identity": {"dataset": {"spec": "a", "x": 1}, "seed": 0, "canvas": 9}}, "dataset.x"),
        ({"identity": {"dataset": {"spec": "a"}, "canvas": 10**6, "seed": 0}}, "'canvas'"),
        ({"planned": -1}, "key 'planned'"),
        ({"format": True}, "no version"),
        ({"settings": [1]}, "key 'settings'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_foreign_value_is_refused_with_its_key(change: Any, said: str, copy: Path) -> None:
    spoil(copy, change)
    with pytest.raises(UserError, match=said):
        _ = Run(copy).predictions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"identity":{}}', r"key 'models'|key 'typoattack'"),
        ("[" * 100_000, "cannot be read"),
        ("[" * 60 + "]" * 60, "nests deeper"),
        ('{"seed": ' + "9" * 5_000 + "}", "cannot be read"),
        ("null", "no keys and values"),
        ('{"format": 1' + "0" * 50 + "}", "another version"),
        ("\x00", "cannot be read"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_that_is_no_manifest_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UserError, match=said) as refused:
        Run(tmp_path)
    assert "manifest.json" in str(refused.value)
    assert len(str(refused.value)) < 500


def test_predictions_of_another_model_are_not_this_runs(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    spoil(copy, {"models": [manifest["models"][0] | {"name": "another"}]})
    with pytest.raises(UserError, match=r"predictions of model .*not of one run"):
        _ = Run(copy).predictions


def test_a_run_of_the_first_format_is_read_as_if_it_were_of_today(
    finished: Path, copy: Path
) -> None:
    path = copy / "manifest.json"
    old = json.loads(path.read_text())
    for key in ("second_tasks", "before_canvas", "comparable", "planned"):
        del old[key]
    for key in ("base", "defences", "classifier"):
        del old["models"][0][key]
    del old["dataset"]["chosen"]
    path.write_text(json.dumps(old | {"format": 1}))
    read, now = Run(copy), Run(finished)
    assert set(read.manifest) == set(now.manifest)
    assert read.manifest["format"] == FORMAT
    assert read.manifest["comparable"] == now.manifest["comparable"]
    assert read.manifest["models"] == now.manifest["models"]
    assert read.report().exists()


def test_each_older_format_has_a_step_to_the_next() -> None:
    assert sorted(MIGRATIONS) == list(range(1, FORMAT))


def test_what_is_not_known_is_kept(copy: Path) -> None:
    spoil(copy, {"shards": [{"command": "x"}]})
    assert Run(copy).manifest["shards"] == [{"command": "x"}]


def test_half_characters_of_a_command_do_not_reach_the_page(copy: Path) -> None:
    spoil(copy, {"command": "typoattack run \udcff"})
    assert "run ?" in Run(copy).report().read_text(encoding="utf-8")
