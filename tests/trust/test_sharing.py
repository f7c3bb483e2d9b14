"""M models and K recipes: a photograph is decoded once, drawn on K times, classified M times."""

from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.trust.runs import suite_of
from typoattack.api import Machine, Run
from typoattack.factory import load_models
from typoattack.models.base import Lineage
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.recipes import Recipe
from typoattack.runner import draw as drawing
from typoattack.runner.execute import execute
from typoattack.samples import files, open_dataset

RECIPES = ["printed-label", "handwritten-note", "plain-overlay", "azuma2023"]


def test_two_models_share_decodes_and_draws(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[str] = Counter()
    decode, draw, encode = files.decode, drawing.draw_word, OpenClipModel.encode_image

    def decoded(source: object) -> object:
        counted["decodes"] += 1
        return decode(source)  # type: ignore[arg-type]

    def drawn(seed: int, sample: object, canvas: object, recipe: Recipe, *more: object) -> object:
        counted["draws"] += 1
        return draw(seed, sample, canvas, recipe, *more)  # type: ignore[arg-type]

    def encoded(self: OpenClipModel, batch: torch.Tensor) -> torch.Tensor:
        counted[f"passes of {self.name}"] += 1
        counted["pictures classified"] += len(batch)
        return encode(self, batch)

    monkeypatch.setattr(files, "decode", decoded)
    monkeypatch.setattr(drawing, "draw_word", drawn)
    monkeypatch.setattr(OpenClipModel, "encode_image", encoded)
    suite = suite_of(photo_folder, tiny_clip, recipes=RECIPES, controls=[])
    models = [*load_models(suite.models, device="cpu"), *load_models(suite.models, device="cpu")]
    models[1].lineage = Lineage("the other")
    data = open_dataset(suite.dataset)
    run = Run(execute(suite, models, data, tmp_path / "run", Machine("cpu", workers=0)))
    photographs, pictures = 9, len(RECIPES) + 1
    assert counted == {
        "decodes": photographs,
        "draws": photographs * len(RECIPES),
        f"passes of local-dir:{tiny_clip}": photographs,
        "passes of the other": photographs,
        "pictures classified": 2 * photographs * pictures,
    }
    assert len(run.predictions) == 2 * photographs * pictures


def test_models_of_one_preprocessing_share_its_result(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = suite_of(photo_folder, tiny_clip, recipes=RECIPES, controls=[])
    models = [*load_models(suite.models, device="cpu"), *load_models(suite.models, device="cpu")]
    models[1].lineage = Lineage("the other")
    preprocess, counted = models[0].preprocess, Counter[str]()

    def counting(image: object) -> torch.Tensor:
        counted["preprocessed"] += 1
        return preprocess(image)  # type: ignore[arg-type]

    for model in models:
        monkeypatch.setattr(model, "preprocess", counting)
    data = open_dataset(suite.dataset)
    execute(suite, models, data, tmp_path / "run", Machine("cpu", workers=0))
    assert counted["preprocessed"] == 9 * (len(RECIPES) + 1)
