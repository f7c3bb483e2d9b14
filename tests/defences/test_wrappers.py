"""Each defence around a real (tiny, random) CLIP, and around pictures with real text."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import noise
from PIL import ImageChops
from torch.nn import functional as F

from typoattack.api import attack
from typoattack.core.errors import UserError
from typoattack.defences.mask_text import mask_text
from typoattack.drawing.canvas import square_canvas
from typoattack.factory import load_model, load_models
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.samples.bundled import bundled
from typoattack.task import Task


@pytest.fixture(scope="session")
def bare(tiny_clip: Path) -> Model:
    return load_model(f"local-dir:{tiny_clip}", device="cpu")


def defended(tiny_clip: Path, text: str) -> Model:
    return load_model(f"local-dir:{tiny_clip} + {text}", device="cpu")


@pytest.fixture(scope="session")
def batch(bare: Model) -> torch.Tensor:
    return torch.stack([bare.preprocess(noise(seed, 64, 64)) for seed in range(4)])


@pytest.mark.parametrize(
    "text", ["mirror", 'mirror(keep="mean")', "prompt", "mask-text", "mirror + prompt"]
)
def test_a_defended_model_keeps_the_models_promises(
    tiny_clip: Path, bare: Model, batch: torch.Tensor, text: str
) -> None:
    model = defended(tiny_clip, text)
    assert model.name == f"{bare.name} + {text}"
    assert model.fingerprint != bare.fingerprint
    for rows in (model.encode_image(batch), model.encode_text(["a dog", "a cat."])):
        assert rows.dtype == torch.float32
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))
    pickle.loads(pickle.dumps(model.preprocess))
    assert "0x" not in repr(model.preprocess)  # it is how runs know equal preprocessings


def test_mirrorclip_adds_to_the_mirrored_features_those_whose_sign_agrees(
    tiny_clip: Path, bare: Model, batch: torch.Tensor
) -> None:
    straight, flipped = bare.encode_image(batch), bare.encode_image(batch.flip(-1))
    wanted = flipped.clone()
    for row in range(len(batch)):
        for feature in range(straight.shape[1]):
            if straight[row, feature] * flipped[row, feature] > 0:
                wanted[row, feature] += straight[row, feature]
    wanted /= wanted.norm(dim=-1, keepdim=True)
    found = defended(tiny_clip, 'mirror(keep="mirrorclip")').encode_image(batch)
    torch.testing.assert_close(found, wanted)


def test_fingerprints_follow_the_parameters(tiny_clip: Path) -> None:
    texts = [
        "mirror",
        'mirror(keep="mirrorclip")',
        'mirror(keep="mean")',
        "prompt",
        'prompt(suffix="look")',
        "mask-text",
    ]
    found = {defended(tiny_clip, text).fingerprint for text in texts}
    assert len(found) == len(texts)


def test_weights_are_opened_once_for_all_defences(tiny_clip: Path) -> None:
    name = f"local-dir:{tiny_clip}"
    plain, mirrored = load_models([name, f"{name} + mirror"], device="cpu")
    assert mirrored.inner is plain


def test_mirror_keeps_what_both_images_share(
    tiny_clip: Path, bare: Model, batch: torch.Tensor
) -> None:
    straight, turned = bare.encode_image(batch), bare.encode_image(batch.flip(-1))
    model = defended(tiny_clip, "mirror")
    kept = model.encode_image(batch)
    torch.testing.assert_close(kept, model.encode_image(batch.flip(-1)))
    assert ((kept == 0) == (straight * turned <= 0)).all()
    symmetric = torch.cat([batch[..., :16], batch[..., :16].flip(-1)], dim=-1)
    torch.testing.assert_close(model.encode_image(symmetric), bare.encode_image(symmetric))
    mean = defended(tiny_clip, 'mirror(keep="mean")').encode_image(batch)
    torch.testing.assert_close(mean, F.normalize(straight + turned, dim=-1))
    only = defended(tiny_clip, 'mirror(keep="mirrored")').encode_image(batch)
    torch.testing.assert_close(only, turned)


def test_prompt_adds_its_words_before_the_full_stop(tiny_clip: Path, bare: Model) -> None:
    model = defended(tiny_clip, 'prompt(suffix="do not read")')
    torch.testing.assert_close(
        model.encode_text(["a photo of a dog.", "a dog"]),
        bare.encode_text(["a photo of a dog, do not read.", "a dog, do not read"]),
    )


def test_mask_text_paints_over_the_word_and_leaves_the_rest() -> None:
    clean = square_canvas(bundled()[3].image, 448)
    assert mask_text(clean) is clean
    written = attack(clean, "printed-label", word="pizza")
    masked = mask_text(written)
    assert masked is not written
    assert mask_text(masked) is masked  # nothing is left to be read
    label = ImageChops.difference(clean, written).getbbox()
    changed = ImageChops.difference(written, masked).getbbox()
    assert label is not None
    assert changed is not None
    for edge, outer, inside in zip(changed, label, (1, 1, -1, -1), strict=True):
        assert (edge - outer) * inside > -25  # no further than a little beyond the label


class TestDefensePrefix:
    @pytest.fixture
    def token(self, bare: Model) -> torch.Tensor:
        embedding = bare.module.token_embedding.weight
        return embedding[bare.tokenizer(["*"])[0, 1]].detach().clone()[None]

    def test_the_token_stands_where_the_asterisk_does(
        self, tiny_clip: Path, bare: Model, token: torch.Tensor, tmp_path: Path
    ) -> None:
        torch.save(torch.nn.Parameter(token), tmp_path / "same.pt")
        model = defended(tiny_clip, f'defense-prefix(file="{tmp_path}/same.pt")')
        starred = ["a photo of a * dog.", "two * stars *"]
        torch.testing.assert_close(model.encode_text(starred), bare.encode_text(starred))
        torch.save(token + 5 * torch.randn(token.shape), tmp_path / "other.pt")
        other = defended(tiny_clip, f'defense-prefix(file="{tmp_path}/other.pt")')
        assert (other.encode_text(starred) - bare.encode_text(starred)).abs().max() > 1e-3
        torch.testing.assert_close(other.encode_text(["a dog"]), bare.encode_text(["a dog"]))
        torch.testing.assert_close(bare.encode_text(starred), model.encode_text(starred))

    def test_the_classifier_puts_it_before_every_class_name(
        self, tiny_clip: Path, token: torch.Tensor, tmp_path: Path
    ) -> None:
        torch.save(token * 3, tmp_path / "t.pt")
        model = defended(tiny_clip, f'defense-prefix(file="{tmp_path}/t.pt") + prompt')
        task = Task("object", ("dog", "cat"), ("a photo of a {}.", "the {}"))
        weights = ZeroShotClassifier(model, task, TextCache(None)).weights
        sentences = ["a photo of a * dog.", "the * dog", "a photo of a * cat.", "the * cat"]
        rows = model.encode_text(sentences).reshape(2, 2, -1).mean(dim=1)
        np.testing.assert_allclose(weights, F.normalize(rows, dim=-1).numpy(), atol=1e-6)

    def test_what_is_no_token_is_refused(
        self, tiny_clip: Path, token: torch.Tensor, tmp_path: Path
    ) -> None:
        class Evil:
            def __reduce__(self):
                return print, ("pickle ran code",)

        (tmp_path / "evil.pt").write_bytes(pickle.dumps(Evil()))
        torch.save({"token": token}, tmp_path / "dict.pt")
        torch.save(torch.zeros(2, 16), tmp_path / "two.pt")
        torch.save(torch.zeros(1, 512), tmp_path / "wide.pt")
        torch.save(torch.full((1, 16), torch.nan), tmp_path / "nan.pt")
        (tmp_path / "half.safetensors").write_bytes(b"\x08\0\0\0")
        for name, said in [
            ("none.pt", "there is no file"),
            ("evil.pt", "holds no token"),
            ("dict.pt", "must hold one token"),
            ("two.pt", "must hold one token"),
            ("wide.pt", "has 512 numbers, but .* takes 16"),
            ("nan.pt", "not finite"),
            ("half.safetensors", "is damaged"),
        ]:
            with pytest.raises(UserError, match=said):
                defended(tiny_clip, f'defense-prefix(file="{tmp_path}/{name}")')
        with pytest.raises(UserError, match="needs an open_clip model, not mini-blind"):
            load_model(f'mini-blind + defense-prefix(file="{tmp_path}/two.pt")', device="cpu")
