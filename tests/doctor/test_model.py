"""Each fault is named, and none where there is none."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from tests.doctor.conftest import PREPROCESS
from tests.models.test_transformers_backend import save as save_transformers
from typoattack.core.errors import UserError
from typoattack.doctor import activation, examine_model
from typoattack.doctor.examine import examine
from typoattack.factory import load_model
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.transformers_backend import TransformersModel
from typoattack.samples.labels import templates

SIMPLE = templates("simple")
HALF = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}


def opened(folder: Path) -> OpenClipModel:
    model = load_model(f"local-dir:{folder}", device="cpu")
    assert isinstance(model, OpenClipModel)
    return model


def ill(model: Any, asked: Sequence[str] = SIMPLE) -> dict[str, str]:
    """What the doctor finds ill, and how."""
    return {one.check: one.state for one in examine(model, asked, "fp32") if one.ill}


def test_a_model_that_is_opened_right_is_well(trained: Path) -> None:
    found = examine_model(f"local-dir:{trained}", templates=SIMPLE, device="cpu")
    assert [one for one in found if one.state != "well"] == []


@pytest.mark.parametrize("name", ["mini", "mini-blind"])
def test_the_embedded_models_are_well(name: str) -> None:
    found = examine_model(name, templates=SIMPLE[:1], device="cpu")
    assert [one for one in found if one.ill] == []
    assert next(one for one in found if one.check == "recognition").said.startswith("20 of 20")


TOKENIZER = open_clip.SimpleTokenizer(context_length=24)


def pads_before(texts: Sequence[str]) -> torch.Tensor:
    rows = TOKENIZER(list(texts))
    return torch.stack([row.roll(int((row == 0).sum())) for row in rows])


def pads_with(number: int) -> Callable[[Sequence[str]], torch.Tensor]:
    def tokenize(texts: Sequence[str]) -> torch.Tensor:
        rows = TOKENIZER(list(texts))
        return torch.where(rows == 0, number, rows)

    return tokenize


def prepared(**changes: Any) -> Callable[[Image.Image], torch.Tensor]:
    """Preprocessing that differs from the configuration's."""
    transform = image_transform_v2(PreprocessCfg(32, **{**PREPROCESS, **changes}), is_train=False)
    made: Callable[[Image.Image], torch.Tensor] = transform
    return made


def blue_first(image: Image.Image) -> torch.Tensor:
    return prepared()(Image.merge("RGB", image.split()[::-1]))


def to_255(image: Image.Image) -> torch.Tensor:
    return prepared(mean=(0.0,) * 3, std=(1.0,) * 3)(image) * 255


FAULTS: dict[str, tuple[str, str, Any]] = {
    "padding before the words": ("padding", "tokenizer", pads_before),
    "padding with another token": ("padding", "tokenizer", pads_with(320)),
    "a short context": (
        *("context length", "tokenizer"),
        open_clip.SimpleTokenizer(context_length=12),
    ),
    "capitals kept": (
        *("capitals", "tokenizer"),
        open_clip.SimpleTokenizer(context_length=24, clean="whitespace"),
    ),
    "blue first": ("channel order", "preprocess", blue_first),
    "SigLIP's mean and std": ("mean and std", "preprocess", prepared(**HALF)),
    "0 to 255": ("mean and std", "preprocess", to_255),
    "squashed": ("resize mode", "preprocess", prepared(resize_mode="squash")),
    "with borders": ("resize mode", "preprocess", prepared(resize_mode="longest")),
    "bilinear": ("interpolation", "preprocess", prepared(interpolation="bilinear")),
    "16 bits": ("precision", "precision", "bf16"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_differs_from_the_configuration_is_named(trained: Path, fault: str) -> None:
    check, part, wrong = FAULTS[fault]
    model = opened(trained)
    setattr(model, part, wrong)
    assert {name for name, state in ill(model).items() if state == "wrong"} == {check}


def test_layers_that_compute_another_activation_are_named(trained: Path) -> None:
    model = opened(trained)
    with activation.swapped(model.module) as name:
        assert name == "GELU"
        assert ill(model)["activation"] == "wrong"
    assert ill(model) == {}


def changed(trained: Path, folder: Path, **changes: Any) -> OpenClipModel:
    """The model with a configuration that is wrong itself, so that nothing differs from it."""
    shutil.copytree(trained, folder)
    path = folder / "open_clip_config.json"
    config = json.loads(path.read_text())
    config["preprocess_cfg"].update(changes)
    path.write_text(json.dumps(config))
    return opened(folder)


def test_a_configuration_with_another_mean_is_found_by_what_it_costs(
    trained: Path, tmp_path: Path
) -> None:
    assert ill(changed(trained, tmp_path / "half", **HALF)) == {"mean and std": "suspect"}
    odd = changed(trained, tmp_path / "odd", mean=[0.1, 0.9, 0.1])
    assert ill(odd)["mean and std"] == "suspect"


def test_channels_exchanged_behind_the_preprocessing_are_found_by_what_it_costs(
    trained: Path,
) -> None:
    model = opened(trained)
    encode, mean, std = (
        model.encode_image,
        *(torch.tensor(PREPROCESS[part])[:, None, None] for part in ("mean", "std")),
    )

    def exchanged(batch: torch.Tensor) -> torch.Tensor:
        return encode(((batch * std + mean).flip(1) - mean) / std)

    model.encode_image = exchanged  # type: ignore[method-assign]
    assert ill(model) == {"channel order": "suspect"}


def test_a_template_that_hides_the_class_or_misleads_is_named(trained: Path) -> None:
    model = opened(trained)
    cut = "a " * 24 + "{}"
    assert ill(model, [cut])["prompt template"] == "wrong"
    strange = "$ $ $ 9 9 9 {} ! ! ! 7 7 7 ?"
    assert ill(model, [strange]) == {"prompt template": "suspect"}


def test_weights_of_chance_recognise_nothing(trained: Path) -> None:
    model = opened(trained)
    torch.manual_seed(1)
    for part in model.module.visual.parameters():
        part.data = torch.randn_like(part) * 0.02
    assert ill(model) == {"recognition": "suspect"}


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_transformers("siglip", tmp_path_factory.mktemp("siglip"))


def of_transformers(folder: Path) -> TransformersModel:
    model = load_model(f"transformers:{folder}", device="cpu")
    assert isinstance(model, TransformersModel)
    return model


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_nothing_but_recognition_is_missed_in_random_models_of_transformers(
    kind: str, tmp_path: Path
) -> None:
    model = of_transformers(save_transformers(kind, tmp_path / kind))
    assert ill(model, ["a photo of a {}"]) == {"recognition": "suspect"}


def test_siglip_padded_to_its_company_is_named(siglip: Path) -> None:
    model = of_transformers(siglip)
    model._padding = True
    assert ill(model, ["a photo of a {}"])["padding"] == "wrong"


def test_siglip_padded_before_the_words_is_named(siglip: Path) -> None:
    model = of_transformers(siglip)
    model._tokenizer.padding_side = "left"
    assert ill(model, ["a photo of a {}"])["padding"] == "wrong"


def test_siglip_with_a_short_context_is_named(siglip: Path) -> None:
    model = of_transformers(siglip)
    model._length = 7
    found = ill(model, ["a photo of a {}"])
    assert found["context length"] == "wrong"


def test_siglip_with_clips_mean_is_named(siglip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(siglip, folder)
    path = folder / "preprocessor_config.json"
    config = {**json.loads(path.read_text()), "image_mean": PREPROCESS["mean"]}
    path.write_text(json.dumps({**config, "image_std": PREPROCESS["std"]}))
    assert ill(of_transformers(folder), ["a photo of a {}"])["mean and std"] == "suspect"


def test_a_published_checkpoint_is_held_against_open_clips_table() -> None:
    from typoattack.doctor.expected import expected_of

    openai = expected_of("ViT-B-32/openai")
    assert openai is not None
    assert (openai.quick_gelu, openai.resize, openai.context) == (True, "shortest", 77)
    laion = expected_of("ViT-B-32/laion2b_s34b_b79k")
    assert laion is not None
    assert laion.quick_gelu is False
    siglip = expected_of("ViT-B-16-SigLIP/webli")
    assert siglip is not None
    assert (siglip.mean, siglip.resize, siglip.context) == ((0.5, 0.5, 0.5), "squash", 64)
    assert expected_of("hf-hub:timm/vit_base_patch32_clip_224.openai") == openai
    assert expected_of("mini") is None


def test_a_model_behind_a_defence_is_refused() -> None:
    with pytest.raises(UserError, match="leave out the rest"):
        examine_model("mini + mirror", templates=SIMPLE)
