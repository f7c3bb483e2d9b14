"""CLIP, SigLIP and SigLIP2 of transformers: tiny random models, saved to a folder, offline."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import noise

import typoattack as ta
from typoattack.api import Machine
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.suite import parse_suite
from typoattack.task import Task

transformers = pytest.importorskip("transformers")

WORDS = ["a", "photo", "of", "the", "dog", "cat", "fish", ".", "many"]
TEXT = {
    "vocab_size": 32,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 12,
    "projection_size": 16,
}
VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}


def tokenizer() -> "transformers.PreTrainedTokenizerFast":
    """A tokenizer of a few words that ends sentences as CLIP's does."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: n for n, word in enumerate(["<pad>", "<unk>", "<s>", *WORDS])}
    vocabulary["</s>"] = 31
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 31)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **{"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
    )


def save(kind: str, folder: Path) -> Path:
    torch.manual_seed(0)
    if kind == "clip":
        text = transformers.CLIPTextConfig(**TEXT, eos_token_id=31, bos_token_id=2)
        vision = transformers.CLIPVisionConfig(**VISION)
        model = transformers.CLIPModel(
            transformers.CLIPConfig(
                text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16
            )
        )
        size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
        processor = transformers.CLIPImageProcessor(**size)
    elif kind == "siglip":
        model = transformers.SiglipModel(
            transformers.SiglipConfig(text_config=TEXT, vision_config=VISION)
        )
        processor = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    else:
        vision = {k: v for k, v in VISION.items() if k != "image_size"} | {"num_patches": 16}
        model = transformers.Siglip2Model(
            transformers.Siglip2Config(text_config=TEXT, vision_config=vision)
        )
        processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["clip", "siglip", "siglip2"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(kind, tmp_path_factory.mktemp(kind))


def test_features_are_those_of_transformers(kind: str, folder: Path) -> None:
    model = load_model(f"transformers:{folder}", device="cpu")
    module = transformers.AutoModel.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    pictures = [noise(seed, 64, 64) for seed in range(3)]
    inputs = processor(images=pictures, return_tensors="pt")
    with torch.no_grad():
        expected = module.get_image_features(**inputs).pooler_output
    batch = torch.stack([model.preprocess(picture) for picture in pictures])
    assert batch.shape == (3, 3, 32, 32)
    assert model.image_size == 32
    found = model.encode_image(batch)
    torch.testing.assert_close(found, torch.nn.functional.normalize(expected, dim=-1))
    sentences = ["a photo of a dog .", "cat", "many " * 40]
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(
        sentences,
        padding=True if kind == "clip" else "max_length",
        truncation=True,
        max_length=12,
        return_tensors="pt",
    )
    given = dict(tokens) if kind == "clip" else {"input_ids": tokens["input_ids"]}
    given.pop("token_type_ids", None)
    with torch.no_grad():
        expected = module.get_text_features(**given).pooler_output
    found = model.encode_text(sentences)
    torch.testing.assert_close(found, torch.nn.functional.normalize(expected, dim=-1))
    assert found.dtype == torch.float32


def test_text_features_do_not_depend_on_the_batch(folder: Path) -> None:
    model = load_model(f"transformers:{folder}", device="cpu")
    together = model.encode_text(["dog", "a photo of the many cat"])
    torch.testing.assert_close(together[:1], model.encode_text(["dog"]))


def test_preprocessing_pickles_and_prints_its_settings(folder: Path) -> None:
    model, again = (load_model(f"transformers:{folder}", device="cpu") for _ in range(2))
    assert repr(model.preprocess) == repr(again.preprocess)
    assert model.fingerprint == again.fingerprint
    other = pickle.loads(pickle.dumps(model.preprocess))
    torch.testing.assert_close(other(noise(1, 64, 64)), model.preprocess(noise(1, 64, 64)))


def test_siglips_probabilities_are_sigmoids_of_each_class_by_itself(
    kind: str, folder: Path
) -> None:
    model = load_model(f"transformers:{folder}", device="cpu")
    task = Task("object", ("dog", "cat", "fish"), ("a photo of the {}",))
    classifier = ZeroShotClassifier(model, task, TextCache(None))
    rows = model.encode_image(torch.stack([model.preprocess(noise(s, 64, 64)) for s in range(4)]))
    scores = classifier.scores(rows.numpy())
    logits = scores.similarity * model.logit_scale
    if kind == "clip":
        assert model.logit_bias is None
        np.testing.assert_allclose(scores.probability.sum(axis=1), 1, rtol=1e-5)
        assert "sigmoid" not in model.note
    else:
        assert model.logit_bias is not None
        expected = torch.sigmoid(torch.tensor(logits + model.logit_bias)).numpy()
        np.testing.assert_allclose(scores.probability, expected, rtol=1e-4)
        assert "do not sum to 1" in model.note
    np.testing.assert_array_equal(scores.predicted, scores.similarity.argmax(axis=1))


def test_a_suite_runs_on_it(kind: str, folder: Path, photo_folder: Path, tmp_path: Path) -> None:
    name = f"transformers:{folder}"
    suite = parse_suite(
        "question: q\nrecipes: [printed-label]\ncanvas: 64",
        "s",
        {"models": [name, f"{name} + mirror"], "dataset": f"folder:{photo_folder}"},
    )
    machine = Machine("cpu", workers=0)
    run = ta.run(suite, out=tmp_path / "run", machine=machine)
    assert len(run.predictions) == 9 * 2 * 2
    notes = {model["note"] != "" for model in run.manifest["models"]}
    assert notes == {kind != "clip"}


def test_what_is_no_dual_encoder_is_refused_in_a_line(tmp_path: Path) -> None:
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    transformers.ViTModel(config).save_pretrained(tmp_path / "vit")
    (tmp_path / "empty").mkdir()
    for name, said in [
        (f"transformers:{tmp_path}/vit", "ViTModel is no dual encoder"),
        (f"transformers:{tmp_path}/empty", "transformers cannot open it"),
        ("transformers:no-such/model", "not in the cache, and HF_HUB_OFFLINE forbids"),
        ("transformers:", "is written transformers:ORG/NAME"),
    ]:
        with pytest.raises(UserError, match=said) as error:
            load_model(name, device="cpu")
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="use one of fp32"):
        load_model(f"transformers:{tmp_path}/vit", device="cpu", precision="int8")


def test_lower_precision_stays_close(folder: Path) -> None:
    exact = load_model(f"transformers:{folder}", device="cpu")
    coarse = load_model(f"transformers:{folder}", device="cpu", precision="bf16")
    assert coarse.fingerprint != exact.fingerprint
    rows = coarse.encode_text(["a photo of a dog"])
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, exact.encode_text(["a photo of a dog"]), atol=0.05, rtol=0)
