"""The features of patches: MaskCLIP's value path against one computed by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.models.dense import patch_features


def layer_norm(x: np.ndarray, module: torch.nn.LayerNorm) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + module.eps)
    return scaled * numbers(module.weight) + numbers(module.bias)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def test_the_value_path_is_that_computed_by_hand(tiny_clip: Path) -> None:
    model = load_model(f"local-dir:{tiny_clip}")
    visual = model.module.visual  # type: ignore[attr-defined]
    for weight in visual.parameters():  # biases begin as zeros, which would hide a wrong one
        torch.nn.init.normal_(weight, 0.1, 0.3)
    batch = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        before = visual._embeds(batch)
        for block in visual.transformer.resblocks[:-1]:
            before = block(before)
    last, x = visual.transformer.resblocks[-1], numbers(before)
    width = x.shape[-1]
    normed = layer_norm(x, last.ln_1)
    weight, bias = numbers(last.attn.in_proj_weight), numbers(last.attn.in_proj_bias)
    value = normed @ weight[2 * width :].T + bias[2 * width :]
    out = last.attn.out_proj
    x = x + value @ numbers(out.weight).T + numbers(out.bias)
    hidden = layer_norm(x, last.ln_2) @ numbers(last.mlp.c_fc.weight).T
    gelu = torch.nn.functional.gelu(torch.from_numpy(hidden + numbers(last.mlp.c_fc.bias)))
    x = x + gelu.numpy() @ numbers(last.mlp.c_proj.weight).T + numbers(last.mlp.c_proj.bias)
    expected = layer_norm(x[:, 1:], visual.ln_post) @ numbers(visual.proj)
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)

    found = patch_features(model, batch)
    assert found.shape == (3, 4, 4, 16)
    assert np.allclose(found.numpy(), expected.reshape(3, 4, 4, 16), atol=2e-5)


def test_asking_patches_leaves_the_model_as_it_was(tiny_clip: Path) -> None:
    model = load_model(f"local-dir:{tiny_clip}")
    batch = torch.randn(2, 3, 32, 32)
    before = model.encode_image(batch)
    patch_features(model, batch)
    assert torch.equal(model.encode_image(batch), before)


@pytest.mark.parametrize("name", ["mini", "mini-blind"])
def test_other_models_are_refused_in_a_line(name: str) -> None:
    with pytest.raises(UserError, match="open_clip's own vision transformers"):
        patch_features(load_model(name), torch.zeros(1, 3, 448, 448))
