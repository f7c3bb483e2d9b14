"""A folder of photographs in a repository of the Hub, opened as `folder:hf://datasets/…`."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_server import Servers
from tests.conftest import noise
from tests.hub import server
from tests.hub.server import Hub, Serving
from typoattack.api import Run

SMALL = ["-r", "printed-label", "--canvas", "64", "--device", "cpu", "--workers", "0"]


def png(seed: int) -> bytes:
    data = io.BytesIO()
    noise(seed).save(data, "PNG")
    return data.getvalue()


FILES = {f"val/{name}/{seed}.png": png(seed) for seed in (0, 1) for name in ("cat", "dog")}


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Servers, Path]]:
    hub, folder = Hub(), tmp_path_factory.mktemp("laboratory")
    hub.add("datasets", "lab/photographs", FILES)
    hub.add("datasets", "lab/gated", {}).trouble = server.GATED
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    serving = Serving(hub)
    wishes = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "0"}
    servers = Servers(1, {**wishes, "HF_HUB_DISABLE_XET": "1"})
    yield servers, folder
    serving.stop()
    servers.close()


def run(laboratory: tuple[Servers, Path], dataset: str, out: str) -> tuple[int, str]:
    servers, folder = laboratory
    words = ["run", "quick", "--dataset", dataset, *SMALL, "--out", out]
    done = servers.run("typoattack", words, folder, terminal=False)
    return done.status, done.err


def test_a_folder_on_the_hub_is_the_folder_on_disk(laboratory: tuple[Servers, Path]) -> None:
    folder = laboratory[1]
    for dataset, out in (("val", "here"), ("hf://datasets/lab/photographs/val", "there")):
        status, err = run(laboratory, f"folder:{dataset}", out)
        assert status == 0, err
    here, there = Run(folder / "here"), Run(folder / "there")
    assert here.predictions.equals(there.predictions)
    told = [json.loads((one.path / "manifest.json").read_text()) for one in (here, there)]
    assert told[0]["dataset"]["fingerprint"] == told[1]["dataset"]["fingerprint"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("lab/photographs/none", "there is no such folder"),
        ("lab/none/val", "the Hub has none of this name"),
        ("lab/gated/val", "gives it only to who has been granted access"),
    ],
)
def test_a_folder_that_the_hub_does_not_give_is_an_error_in_words(
    laboratory: tuple[Servers, Path], where: str, said: str
) -> None:
    status, err = run(laboratory, f"folder:hf://datasets/{where}", "none")
    assert status == 2
    assert said in err
    assert "Traceback" not in err
