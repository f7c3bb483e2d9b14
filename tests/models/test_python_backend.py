"""A user's own object as a model."""

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
from typoattack.suite import parse_suite

MODULE = '''
import numpy as np
import torch


class Encoder:
    """Means of a coarse grid, and letters counted."""

    image_size = 16

    def __init__(self, shift=0.0):
        self.shift = shift

    def encode_image(self, batch):
        assert batch.dtype == torch.float32 and 0 <= batch.min() and batch.max() <= 1
        return batch.mean(dim=1).reshape(len(batch), 4, 4, 4, 4).mean(dim=(2, 4)).flatten(1) - 0.4

    def encode_text(self, texts):
        rows = np.zeros((len(texts), 16))
        for row, text in zip(rows, texts):
            for letter in text:
                row[ord(letter) % 16] += 1 + self.shift
            row[0] += self.shift
        return rows


def make(device):
    assert device == "cpu"
    return Encoder()


shifted = Encoder(0.5)


class Own(Encoder):
    fingerprint = "v1"
    logit_scale = 10


def broken():
    raise OSError("weights\\nare gone")


class Silent:
    encode_text = None

    def encode_image(self, batch):
        return batch


class Flat(Encoder):
    def encode_image(self, batch):
        return batch.mean(dim=(1, 2, 3))


class Apart(Encoder):
    def encode_text(self, texts):
        return super().encode_text(texts)[:, :5]


class Whole(Encoder):
    def encode_image(self, batch):
        return super().encode_image(batch).long()


class Blank(Encoder):
    def encode_image(self, batch):
        return super().encode_image(batch) * float("nan")


class Scaleless(Encoder):
    logit_scale = float("nan")


class Wordy(Encoder):
    logit_scale = "large"


class Biased(Encoder):
    logit_bias = float("-inf")


class Sizeless(Encoder):
    image_size = 0


class Halved(Encoder):
    image_size = 16.5


class Unscaled(Encoder):
    def preprocess(self, canvas):
        return torch.zeros(3, 8, 8)


class Arrayed(Encoder):
    def preprocess(self, canvas):
        return np.zeros((3, 16, 16))


class Refusing(Encoder):
    def preprocess(self, canvas):
        raise KeyError("mean")


class Hollow(Encoder):
    def preprocess(self, canvas):
        return torch.full((3, 16, 16), float("inf"))
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """`encoders.own` in the current folder, as a user has it."""
    name = f"encoders_{abs(hash(tmp_path)) % 10**8}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "own.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    return f"{name}.own"


def test_a_factory_a_class_and_an_object_are_models(module: str) -> None:
    models = [load_model(f"python:{module}:{name}", device="cpu") for name in ("make", "Encoder")]
    assert models[0].fingerprint == models[1].fingerprint
    other = load_model(f"python:{module}:shifted", device="cpu")
    assert other.fingerprint != models[0].fingerprint
    own = load_model(f"python:{module}:Own", device="cpu")
    assert (own.logit_scale, own.image_size, own.reads) == (10, 16, True)
    batch = torch.stack([own.preprocess(noise(seed, 64, 64)) for seed in range(3)])
    assert batch.shape == (3, 3, 16, 16)
    for rows in (own.encode_image(batch), own.encode_text(["dog", "cat"])):
        assert rows.dtype == torch.float32
        np.testing.assert_allclose(rows.norm(dim=1), 1, rtol=1e-5)
    pickle.loads(pickle.dumps(own.preprocess))


def test_a_suite_runs_on_it(module: str, photo_folder: Path, tmp_path: Path) -> None:
    suite = parse_suite(
        "question: q\nrecipes: [printed-label]\ncanvas: 64",
        "s",
        {"models": [f"python:{module}:make"], "dataset": f"folder:{photo_folder}"},
    )
    machine = Machine("cpu", workers=0)
    run = ta.run(suite, out=tmp_path / "run", machine=machine)
    assert len(run.predictions) == 18
    assert set(run.predictions["model"]) == {f"python:{module}:make"}


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("broken", "cannot be made: OSError: weights are gone"),
        ("nothing", "cannot be made: AttributeError"),
        ("Silent", r"Silent has no encode_text\(\)"),
        ("Flat", r"encode_image must give \(2, d\) floats, not \(2,\)"),
        ("Apart", "must share a space"),
        ("Whole", "floats, not .* torch.int64"),
        ("Blank", "encode_image gave NaN"),
        ("Scaleless", "logit_scale is nan, not a finite number"),
        ("Wordy", "logit_scale is 'large', not a finite number"),
        ("Biased", "logit_bias is -inf"),
        ("Sizeless", "image_size is 0, not a positive whole number"),
        ("Halved", "image_size is 16.5"),
        (
            "Unscaled",
            r"preprocess gave \(3, 8, 8\) torch.float32, not a float tensor \(3, 16, 16\)",
        ),
        ("Arrayed", "preprocess gave ndarray, not a tensor"),
        ("Refusing", "preprocess broke: KeyError"),
        ("Hollow", "preprocess gave NaN or infinity"),
    ],
)
def test_what_is_wrong_with_it_is_said_in_a_line(module: str, attribute: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        load_model(f"python:{module}:{attribute}", device="cpu")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["python:", "python:os", "python::x", "python:os:"])
def test_a_name_without_a_factory_is_explained(name: str) -> None:
    with pytest.raises(UserError, match="is written python:package.module:factory"):
        load_model(name, device="cpu")
    with pytest.raises(UserError, match="ModuleNotFoundError"):
        load_model("python:no_such_module:make", device="cpu")
