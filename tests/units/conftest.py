"""A CLIP in which it is known which unit reads: real architecture, three planted neurons.

The neurons `RED` (red photographs, and the word red), `TEXT` (any word) and `DECOY` (red
photographs alone) of the first block are wired to directions of the patch embedding that are
fitted by ridge regression on pictures of other seeds. `RED` writes the class red into the output.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from typoattack.factory import load_model
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.cards import LABEL, WordCards
from typoattack.units.photographs import Photographs, usable_photographs

SIDE = 64
RED, TEXT, DECOY = 7, 9, 11
WORDS = (
    *("red", "blue", "green", "tractor", "lemon", "owl"),
    *("cup", "violin", "bread", "river", "shoe", "kite"),
)
COLOURS = {"red": (200, 30, 30), "blue": (40, 60, 190), "green": (30, 150, 60)}
CENTRED = replace(LABEL, place="centre")
RECIPE = 'printed-label(size=0.7, place="centre")'


def cards(seed: int = 0) -> WordCards:
    return WordCards(WORDS, seed=seed, canvas=SIDE, label=CENTRED)


def photograph(colour: str, seed: int) -> Image.Image:
    rng = np.random.default_rng([seed, *COLOURS[colour]])
    pixels = np.asarray(COLOURS[colour]) + rng.normal(0, 8, (SIDE, SIDE, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _tiny(config: dict[str, Any]) -> torch.nn.Module:
    torch.manual_seed(0)
    return open_clip.model.CLIP(**config)


def saved(folder: Path, config: dict[str, Any], model: torch.nn.Module) -> Path:
    whole = {
        "model_cfg": config,
        "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(whole))
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


TEXT_TOWER = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}


def tiny_config(**vision: Any) -> dict[str, Any]:
    return {"embed_dim": 16, "vision_cfg": vision, "text_cfg": TEXT_TOWER}


def saved_tiny(folder: Path, config: dict[str, Any]) -> Path:
    """A tiny CLIP of random weights in a folder that open_clip can open."""
    return saved(folder, config, _tiny(config))


@pytest.fixture(scope="session")
def tiny_resnet(tmp_path_factory: pytest.TempPathFactory) -> Anatomy:
    config = tiny_config(image_size=64, layers=[1, 1, 1, 1], width=8, head_width=16)
    folder = saved(tmp_path_factory.mktemp("resnet"), config, _tiny(config))
    return anatomy(load_model(f"local-dir:{folder}", device="cpu"))


@pytest.fixture
def tiny_vit(tiny_clip: Path) -> Anatomy:
    return anatomy(load_model(f"local-dir:{tiny_clip}", device="cpu"))


THINGS = 5
"""What is fitted: a red thing, the word red, any word, a blue thing, a green thing."""


def _examples() -> tuple[list[Image.Image], np.ndarray[Any, Any]]:
    """Pictures of other seeds, and how much of each of the `THINGS` every one shows."""
    images: list[Image.Image] = []
    shows: list[list[float]] = []
    for seed in range(1, 6):
        made = cards(seed)
        for ink in (True, False):
            for image, word in zip(made.images(ink=ink), made.word_of, strict=True):
                images.append(image)
                shows.append([0.0, float(ink and WORDS[word] == "red"), float(ink), 0.0, 0.0])
        for colour in COLOURS:
            seen = [float(colour == known) for known in COLOURS]
            images += [photograph(colour, 1000 * seed + number) for number in range(8)]
            shows += [[seen[0], 0.0, 0.0, *seen[1:]]] * 8
            for number, word in enumerate(("red", "red", "blue", "green")):
                ground = photograph(colour, 100 + 10 * seed + number)
                for ink in (True, False):
                    rng = np.random.default_rng(seed)
                    images.append(CENTRED(ground, word, rng, ink=ink).image)
                    shows.append([seen[0], float(ink and word == "red"), float(ink), *seen[1:]])
    return images, np.asarray(shows)


def _fitted(preprocess: Callable[[Image.Image], torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (THINGS, 3, SIDE, SIDE) and biases (THINGS,) that tell the things apart."""
    images, shows = _examples()
    rows = np.stack([preprocess(image).numpy().ravel() for image in images]).astype(np.float64)
    rows = np.hstack([rows, np.full((len(rows), 1), 10.0)])
    weights = rows.T @ np.linalg.solve(rows @ rows.T + 1000.0 * np.eye(len(rows)), shows)
    maps = torch.from_numpy(weights[:-1].T.reshape(THINGS, 3, SIDE, SIDE)).float()
    return maps, torch.from_numpy(weights[-1] * 10).float()


_STEADY = 40.0
"""Two channels so large that every layer norm divides by nearly the same number: `_LIFT`."""

_LIFT = float(np.sqrt(2 * _STEADY**2 / 32))


def _plant(model: Any, preprocess: Any, class_features: torch.Tensor) -> None:
    visual = model.visual
    maps, biases = _fitted(preprocess)
    block = visual.transformer.resblocks[0]
    neurons, written = block.mlp.c_fc, THINGS
    with torch.no_grad():
        # The other channels are noise that adds up to nothing, so that no norm passes it on.
        noise = torch.randn_like(visual.conv1.weight[written + 1 : -2]) * 0.01
        visual.conv1.weight.zero_()
        visual.conv1.weight[written + 1 : -2] = noise - noise.mean(dim=0)
        visual.conv1.weight[:THINGS] = maps
        visual.positional_embedding.zero_()
        visual.positional_embedding[1, :THINGS] = biases
        visual.positional_embedding[1, -2:] = torch.tensor([_STEADY, -_STEADY])
        for norm in (visual.ln_pre, block.ln_2):
            norm.weight.fill_(_LIFT)
        for layer in visual.transformer.resblocks:
            layer.attn.out_proj.weight.zero_()
            layer.mlp.c_proj.weight.zero_()
            layer.mlp.c_proj.bias.zero_()
        visual.ln_pre.weight[-2:] = _LIFT
        neurons.weight[:, :THINGS] = 0.0
        neurons.weight[:, -2:] = 0.0
        neurons.weight[[RED, TEXT, DECOY]] = 0.0
        neurons.bias[[RED, TEXT, DECOY]] = -6.0
        neurons.weight[RED, [0, 1]] = 12.0
        neurons.weight[TEXT, 2] = 12.0
        neurons.weight[DECOY, 0] = 12.0
        block.mlp.c_proj.weight[written, RED] = 2.5
        visual.proj.zero_()
        visual.proj[written] = class_features[0]
        visual.proj[[3, 4]] = class_features[1:]


@dataclass(frozen=True)
class Planted:
    inside: Anatomy
    photographs: Photographs
    folder: Path
    photo_folder: Path

    @property
    def name(self) -> str:
        return f"local-dir:{self.folder}"


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The planted model and 18 photographs: six red, six blue, six green ones."""
    root = tmp_path_factory.mktemp("planted")
    config = tiny_config(
        image_size=SIDE, layers=2, width=32, patch_size=SIDE, head_width=16, pool_type="avg"
    )
    model = _tiny(config)
    bare = load_model(f"local-dir:{saved(root / 'bare', config, model)}", device="cpu")
    features = bare.encode_text([f"a photo of a {name}." for name in COLOURS])
    # Each row answers to its own class's text alone: random text features are much alike.
    _plant(model, bare.preprocess, torch.linalg.pinv(features).T)
    for colour in COLOURS:
        (root / "photos" / colour).mkdir(parents=True)
        for number in range(6):
            photograph(colour, number).save(root / "photos" / colour / f"{number}.png")
    folder = saved(root / "model", config, model)
    dataset = open_dataset(DatasetSpec(f"folder:{root / 'photos'}"))
    inside = anatomy(load_model(f"local-dir:{folder}", device="cpu"))
    return Planted(inside, usable_photographs(dataset, canvas=SIDE), folder, root / "photos")
