from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from tests.conftest import noise
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.task import Task

TASK = Task("object", ("cat", "dog", "piggy bank"), ("a photo of a {}.", "art of the {}."))


def test_zero_shot_equals_open_clips_own_functions_called_by_hand(tiny_clip: Path) -> None:
    name = f"local-dir:{tiny_clip}"
    pictures = [noise(i, 64, 64) for i in range(5)]

    theirs, preprocess = open_clip.create_model_from_pretrained(name)
    theirs.eval()
    weights = open_clip.build_zero_shot_classifier(
        theirs, open_clip.get_tokenizer(name), TASK.class_names, TASK.templates
    )
    with torch.no_grad():
        features = theirs.encode_image(
            torch.stack([preprocess(p) for p in pictures]), normalize=True
        )
        by_hand = (theirs.logit_scale.exp() * features @ weights).softmax(dim=-1)

    ours = load_model(name, device="cpu")
    classifier = ZeroShotClassifier(ours, TASK, TextCache(None))
    embedded = ours.encode_image(torch.stack([ours.preprocess(p) for p in pictures]))
    scores = classifier.scores(embedded.numpy())
    np.testing.assert_allclose(scores.probability, by_hand.numpy(), atol=1e-6)
    assert scores.predicted.tolist() == by_hand.argmax(dim=1).tolist()


def test_the_fingerprint_tells_weights_apart(tiny_clip: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(tiny_clip / "open_clip_model.safetensors")
    weights["visual.proj"][0, 0] += 1e-3
    save_file(weights, tmp_path / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_text(
        (tiny_clip / "open_clip_config.json").read_text()
    )
    first = load_model(f"local-dir:{tiny_clip}", device="cpu")
    assert first.fingerprint == load_model(f"local-dir:{tiny_clip}", device="cpu").fingerprint
    assert first.fingerprint != load_model(f"local-dir:{tmp_path}", device="cpu").fingerprint


def test_reduced_precision_agrees_with_full(tiny_clip: Path) -> None:
    pictures = [noise(i, 64, 64) for i in range(8)]
    full = load_model(f"local-dir:{tiny_clip}", device="cpu")
    half = load_model(f"local-dir:{tiny_clip}", device="cpu", precision="bf16")
    batch = torch.stack([full.preprocess(p) for p in pictures])
    cosines = (full.encode_image(batch) * half.encode_image(batch)).sum(dim=1)
    assert cosines.min() > 0.99
    assert half.encode_image(batch).dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ViT-B-23/openai", "unknown model 'ViT-B-23'; did you mean 'ViT-B-32'"),
        ("ViT-B-32", "needs a checkpoint"),
        ("ViT-B-32/opanai", "did you mean 'openai'"),
        ("local-dir:/no/such/place", "no open_clip_config.json"),
        ("nonsense", "unknown model"),
    ],
)
def test_a_wrong_name_is_explained(name: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_model(name, device="cpu")


def test_without_a_network_the_user_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"ViT-B-32/laion2b_s34b_b79k.*forbids to fetch it"):
        load_model("ViT-B-32/laion2b_s34b_b79k", device="cpu")


def test_a_folder_without_weights_or_with_a_bad_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text("{")
    with pytest.raises(UserError, match="open_clip cannot open it"):
        load_model(f"local-dir:{tmp_path}", device="cpu")


def test_an_openai_checkpoint_gets_the_activation_it_was_trained_with() -> None:
    from typoattack.models.open_clip_backend import _resolve

    assert _resolve("ViT-B-32/openai") == ("ViT-B-32", "openai", True)
    assert _resolve("ViT-B-32/laion2b_s34b_b79k") == ("ViT-B-32", "laion2b_s34b_b79k", False)


@pytest.mark.parametrize("device", ["cuda:9", "tpu"])
def test_a_missing_device_is_explained(tiny_clip: Path, device: str) -> None:
    with pytest.raises(UserError, match="device"):
        load_model(f"local-dir:{tiny_clip}", device=device)
