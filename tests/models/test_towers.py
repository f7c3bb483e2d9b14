"""Image encoders that are compiled or have their channels last answer what they answered."""

import functools
import json
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import save_file

import typoattack as ta
from tests.conftest import noise
from tests.models.test_transformers_backend import save as save_transformers
from typoattack.api import Machine
from typoattack.core.errors import UserError
from typoattack.factory import load_models

RESNET = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


@pytest.fixture(scope="module")
def tiny_resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-resnet")
    config = {"model_cfg": RESNET, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    module = open_clip.model.CLIP(**RESNET)
    weights = {key: value.contiguous() for key, value in module.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Modules are traced as they are to be compiled, without the minutes of a C++ compiler; the
    graphs that were made."""
    graphs: list[int] = []

    def backend(graph: torch.fx.GraphModule, inputs: object) -> object:
        graphs.append(len(graph.graph.nodes))
        return graph.forward

    whole = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", functools.partialmethod(whole, backend=backend))
    return graphs


def pictures(count: int) -> torch.Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(count))


def test_a_compiled_encoder_answers_batches_of_any_size_alike(
    tiny_clip: Path, traced: list[int]
) -> None:
    name = f"local-dir:{tiny_clip}"
    (plain,) = load_models([name], device="cpu")
    (compiled,) = load_models([name], device="cpu", compiled=True)
    assert compiled.fingerprint == plain.fingerprint
    begun = len(traced)
    assert begun > 0
    for count in (2, 3, 7):
        torch.testing.assert_close(
            compiled.encode_image(pictures(count)), plain.encode_image(pictures(count))
        )
    assert len(traced) == begun, "another size was compiled anew"


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_an_encoder_of_transformers_is_compiled_too(
    kind: str, tmp_path: Path, traced: list[int]
) -> None:
    name = f"transformers:{save_transformers(kind, tmp_path / kind)}"
    (plain,) = load_models([name], device="cpu")
    (compiled,) = load_models([name], device="cpu", compiled=True)
    assert traced
    batch = torch.rand(3, 3, plain.image_size, plain.image_size)
    torch.testing.assert_close(compiled.encode_image(batch), plain.encode_image(batch))


def test_convolutions_with_their_channels_last_answer_alike(tiny_resnet: Path) -> None:
    name = f"local-dir:{tiny_resnet}"
    (plain,) = load_models([name], device="cpu")
    (last,) = load_models([name], device="cpu", channels_last=True)
    assert last.fingerprint == plain.fingerprint
    weight = last.module.visual.layer1[0].conv2.weight  # type: ignore[attr-defined]
    assert weight.is_contiguous(memory_format=torch.channels_last)
    batch = pictures(5)
    torch.testing.assert_close(
        last.encode_image(batch), plain.encode_image(batch), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("option", ["compiled", "channels_last"])
def test_a_model_without_a_known_encoder_is_refused(option: str) -> None:
    with pytest.raises(UserError, match="model 'mini': --(compile|channels-last) is for open_clip"):
        load_models(["mini"], device="cpu", **{option: True})


def test_a_model_behind_a_defence_is_not_compiled(tiny_clip: Path) -> None:
    with pytest.raises(UserError, match="--compile is for models without defences"):
        load_models([f"local-dir:{tiny_clip} + mirror"], device="cpu", compiled=True)


def test_an_encoder_that_cannot_be_compiled_is_an_error_in_words(
    tiny_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no C++ compiler\nin sight")

    whole = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", functools.partialmethod(whole, backend=broken))
    with pytest.raises(UserError, match=r"cannot be compiled here \(.*no C\+\+ compiler in sight"):
        load_models([f"local-dir:{tiny_clip}"], device="cpu", compiled=True)


def test_a_run_says_how_its_encoders_ran_and_predicts_the_same(
    tiny_resnet: Path, tmp_path: Path, traced: list[int]
) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        noise(len(name)).save(tmp_path / "photos" / name / "0.png")

    def run(out: str, **how: bool) -> ta.Run:
        return ta.run(
            "quick",
            model=f"local-dir:{tiny_resnet}",
            dataset=f"folder:{tmp_path / 'photos'}",
            recipes=["printed-label"],
            templates="a photo of a {}.",
            canvas=64,
            out=tmp_path / out,
            machine=Machine("cpu", workers=0, **how),
        )

    plain, other = run("plain"), run("other", compiled=True, channels_last=True)
    told = other.manifest["settings"]
    assert (told["compiled"], told["channels last"]) == ("yes", "yes")
    assert "compiled" not in plain.manifest["settings"]
    assert traced
    exact = ["sample", "recipe", "word", "pixels", "predicted"]
    assert plain.predictions[exact].equals(other.predictions[exact])
