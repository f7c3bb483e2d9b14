"""What tests share: a cache of their own, photographs, and a tiny open_clip model."""

import json
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from tests.command_server import Servers

T = TypeVar("T")

# Read when huggingface_hub is imported: no test may wait for a network.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Text features go to a folder of this test run, never to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TYPOATTACK_CACHE", str(shared(tmp_path_factory) / "cache"))
        yield


def shared(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a test run have in common."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    return factory.getbasetemp() if alone else factory.getbasetemp().parent


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` gives in a folder of its own, made once for all processes of a test run.

    Args:
        factory: of the session.
        name: of the folder; `make` is called by the first process that asks for it.
        make: gives something that can be pickled; the others get a copy.
    """
    root = shared(factory)
    folder, kept = root / name, root / f"{name}.pickle"
    with FileLock(root / f"{name}.lock"):
        if not kept.exists():
            folder.mkdir()
            kept.write_bytes(pickle.dumps(make(folder)))
    made: T = pickle.loads(kept.read_bytes())
    return made


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Processes that run command lines and programs."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ  # else every worker of the tests has its own
    made = Servers(2 if alone else 1, {"HF_HOME": str(tmp_path_factory.mktemp("hf"))})
    yield made
    made.close()


def noise(seed: int, width: int = 80, height: int = 60) -> Image.Image:
    """A small picture that is unlike any other seed's."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """Nine small photographs of three classes."""
    root = tmp_path / "photos"
    for label, name in enumerate(("cat", "dog", "fish")):
        (root / name).mkdir(parents=True)
        for number in range(3):
            noise(10 * label + number).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised CLIP of a few thousand weights, saved as open_clip saves one."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("tiny-clip")
    config = {
        "model_cfg": {
            "embed_dim": 16,
            "vision_cfg": {
                "image_size": 32,
                "layers": 2,
                "width": 32,
                "patch_size": 8,
                "head_width": 16,
            },
            "text_cfg": {
                "context_length": 77,
                "vocab_size": 49408,
                "width": 16,
                "heads": 2,
                "layers": 1,
            },
        },
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    model = open_clip.model.CLIP(
        embed_dim=16,
        vision_cfg=config["model_cfg"]["vision_cfg"],
        text_cfg=config["model_cfg"]["text_cfg"],
    )
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder
