"""The same numbers every time, and those that are kept in tests/golden."""

import csv
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import typoattack as ta
from tests.trust.runs import equal, run_of, suite_of
from typoattack.api import Machine, Run

GOLDEN = Path(__file__).parents[1] / "golden"
RENEW = "; if it should: python benchmarks/trust/renew_golden.py --reason WHY"
ON_CPU = Machine("cpu", workers=0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The demo, with no network to be had."""

    def no_network(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("the demo asked for the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", no_network)
        patch.setattr(socket.socket, "connect_ex", no_network)
        patch.setattr(socket, "getaddrinfo", no_network)
        yield ta.run(
            "quick", model="mini", out=tmp_path_factory.mktemp("d") / "run", machine=ON_CPU
        )


@pytest.fixture
def golden() -> list[dict[str, str]]:
    with (GOLDEN / "quick-mini.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def notes() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / "quick-mini.json").read_text("utf-8"))
    return read


def test_the_demo_needs_no_network_and_finishes(demo: Run) -> None:
    assert demo.manifest["planned"] == 20
    assert len(demo.predictions) == 20 * 11


def test_mini_is_the_model_that_the_golden_predictions_are_of(
    demo: Run, notes: dict[str, Any]
) -> None:
    assert demo.manifest["models"][0]["fingerprint"] == notes["model"], f"mini changed{RENEW}"
    assert all(len(entry["reason"].split()) >= 3 for entry in notes["renewed"])


def test_the_demo_predicts_what_the_golden_file_says(
    demo: Run, golden: list[dict[str, str]], notes: dict[str, Any]
) -> None:
    table = demo.predictions.set_index(["recipe", "sample"])
    assert len(golden) == len(table)
    same_drawing = demo.manifest["versions"]["pillow"] == notes["versions"]["pillow"]
    for row in golden:
        now = table.loc[(row["recipe"], row["sample"])]
        where = f"{row['recipe']} on {row['sample']}"
        assert now["word"] == row["word"], f"{where}: another word{RENEW}"
        if same_drawing:
            assert now["pixels"] == row["pixels"], f"{where}: other pixels{RENEW}"
        assert str(now["predicted"]) == row["predicted"], f"{where}: another answer{RENEW}"
        for column in ("prob_predicted", "prob_label"):
            assert now[column] == pytest.approx(float(row[column]), abs=1e-3), f"{where}{RENEW}"


def test_again_to_the_last_bit(demo: Run, tmp_path: Path) -> None:
    again = ta.run("quick", model="mini", out=tmp_path / "run", machine=ON_CPU, dataset="bundled")
    equal(again, demo)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [1, 3])
def test_other_thread_counts_give_the_same_answers(
    count: int, photo_folder: Path, tiny_clip: Path, tmp_path: Path, threads: None
) -> None:
    suite = suite_of(photo_folder, tiny_clip)
    torch.set_num_threads(2)
    two = run_of(suite, tmp_path / "two").predictions
    torch.set_num_threads(count)
    other = run_of(suite, tmp_path / "other").predictions
    close(other, two)


def test_mini_gives_the_same_answers_with_one_thread(
    demo: Run, tmp_path: Path, threads: None
) -> None:
    from typoattack.suite import load_suite

    suite = load_suite("quick", {"limit": 2})
    torch.set_num_threads(1)
    alone = ta.run(suite, out=tmp_path / "run", machine=ON_CPU).predictions
    here = demo.predictions[demo.predictions["sample"].isin(set(alone["sample"]))]
    close(alone, here.reset_index(drop=True))


def close(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Equal answers and pictures; probabilities within 1e-5."""
    for column in ("model", "recipe", "sample", "predicted", "correct", "pixels", "written"):
        assert first[column].tolist() == second[column].tolist(), column
    for column in ("prob_label", "prob_predicted", "sim_label", "sim_predicted"):
        np.testing.assert_allclose(first[column], second[column], atol=1e-5, rtol=0)
