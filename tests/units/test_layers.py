"""Layers: found by name, read and edited where they lie."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.units.conftest import saved_tiny, tiny_config
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.layers import Field, MethodSite, MultiheadSite, remembering


def pictures(inside: Anatomy, count: int = 3) -> torch.Tensor:
    size = inside.model.image_size
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def field_at(inside: Anatomy, name: str, batch: torch.Tensor) -> Field:
    heard: list[Field] = []

    def keep(found: Field) -> Field:
        heard.append(found.clone())
        return found

    with inside.layer(name).site.attach(keep):
        inside.model.encode_image(batch)
    return heard[0]


def test_a_vision_transformer_offers_neurons_heads_and_residual_stream(tiny_vit: Anatomy) -> None:
    found = {name: (tiny_vit.layers[name].units, tiny_vit.layers[name].shape) for name in NAMED}
    assert found == {
        "mlp.1": (128, (17, 128)),
        "heads.1": (2, (17, 2, 16)),
        "residual.0": (32, (17, 32)),
        "conv1": (32, (32, 4, 4)),
    }


NAMED = ("mlp.1", "heads.1", "residual.0", "conv1")


def test_a_resnet_offers_its_stages_after_the_relu(tiny_resnet: Anatomy) -> None:
    last = tiny_resnet.layer("layer4")
    assert tiny_resnet.usual == "layer4"
    assert last.what == "channels of a stage, after the ReLU"
    assert (last.units, last.shape) == (256, (256, 2, 2))
    batch = pictures(tiny_resnet)
    found = field_at(tiny_resnet, "layer4", batch)
    with torch.no_grad():
        visual = tiny_resnet.model.module.visual  # type: ignore[attr-defined]
        expected = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(batch)))))
    assert (found >= 0).all()
    torch.testing.assert_close(last.values(found), expected.mean(dim=(2, 3)))


def test_heads_worked_out_again_add_up_to_what_the_attention_says(tiny_vit: Anatomy) -> None:
    layer = tiny_vit.layer("heads.1")
    assert isinstance(layer.site, MultiheadSite)
    batch = pictures(tiny_vit)
    before = tiny_vit.model.encode_image(batch)
    with layer.site.attach(lambda found: found.clone()):  # the same numbers, the other way
        torch.testing.assert_close(tiny_vit.model.encode_image(batch), before)


def test_a_heads_value_is_the_length_of_what_it_writes(tiny_vit: Anatomy) -> None:
    layer = tiny_vit.layer("heads.0")
    found = field_at(tiny_vit, "heads.0", pictures(tiny_vit))
    out = tiny_vit.model.module.visual.transformer.resblocks[0].attn.out_proj  # type: ignore[attr-defined]
    for head in range(2):
        alone = torch.zeros_like(found[:, 0])
        alone[:, head] = found[:, 0, head]
        written = alone.flatten(1) @ out.weight.detach().T
        torch.testing.assert_close(layer.values(found)[:, head], written.norm(dim=1))


def test_listening_changes_nothing_and_leaves_nothing_behind(tiny_vit: Anatomy) -> None:
    batch = pictures(tiny_vit)
    before = tiny_vit.model.encode_image(batch)
    field_at(tiny_vit, "heads.1", batch)
    field_at(tiny_vit, "mlp.0", batch)
    assert torch.equal(tiny_vit.model.encode_image(batch), before)


@pytest.mark.parametrize("name", ["mlp.0", "heads.0", "residual.0", "conv1"])
def test_an_edit_reaches_the_embedding(tiny_vit: Anatomy, name: str) -> None:
    batch = pictures(tiny_vit)
    before = tiny_vit.model.encode_image(batch)
    with tiny_vit.layer(name).site.attach(lambda found: found.roll(1, dims=2)):
        assert not torch.allclose(tiny_vit.model.encode_image(batch), before)


def test_a_layer_can_be_read_otherwise(tiny_vit: Anatomy) -> None:
    found = field_at(tiny_vit, "mlp.0", pictures(tiny_vit))[..., 0]
    for pool, expected in (
        ("class", found[:, 0]),
        ("mean", found.mean(dim=1)),
        ("max", found.amax(dim=1)),
    ):
        layer = tiny_vit.layer(f"mlp.0@{pool}")
        torch.testing.assert_close(layer.values(found[..., None]), expected)


@pytest.mark.parametrize(
    ("vision", "usual", "where"),
    [
        ({"timm_model_name": "test_vit", "timm_pool": "avg"}, "mlp.5", "mean over tokens"),
        ({"timm_model_name": "test_vit", "timm_pool": ""}, "mlp.5", "at the class token"),
        ({"timm_model_name": "test_convnext", "timm_pool": "avg"}, "trunk.stages", "Sequential"),
    ],
)
def test_towers_of_timm_have_layers_too(
    tmp_path: Path, vision: dict[str, str], usual: str, where: str
) -> None:
    config = tiny_config(image_size=160, timm_model_pretrained=False, timm_proj="linear", **vision)
    inside = anatomy(load_model(f"local-dir:{saved_tiny(tmp_path, config)}", device="cpu"))
    layer, batch = inside.layer(inside.usual), pictures(inside, 2)
    assert inside.usual.startswith(usual)
    assert where in layer.what
    before = inside.model.encode_image(batch)
    for name in {inside.usual, *(n for n in inside.layers if n.startswith("heads."))}:
        with inside.layer(name).site.attach(lambda found: found.clone()):
            torch.testing.assert_close(inside.model.encode_image(batch), before)
        with inside.layer(name).site.attach(lambda found: found.roll(1, dims=2)):
            assert not torch.allclose(inside.model.encode_image(batch), before, atol=1e-6)


def test_an_unknown_layer_is_answered_with_the_nearest_names(tiny_vit: Anatomy) -> None:
    with pytest.raises(UserError, match=r"no layer 'mpl\.1'; the nearest names are .*mlp\.1"):
        tiny_vit.layer("mpl.1")
    with pytest.raises(UserError, match="@mean, @max, not @class"):
        tiny_vit.layer("conv1@class")


def test_a_model_that_is_none_of_ours_is_refused() -> None:
    class Stranger:
        name = "stranger"

    with pytest.raises(UserError, match="'stranger' cannot be looked into"):
        anatomy(Stranger())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def mini_inside() -> Anatomy:
    from typoattack.models.mini import load_mini

    return anatomy(load_mini())


def test_minis_letter_pairs_can_be_read_edited_and_remembered(mini_inside: Anatomy) -> None:
    from typoattack.units.cards import WordCards

    card = mini_inside.model.preprocess(WordCards(("orange",)).draw("orange", "roboto"))[None]
    layer = mini_inside.layer("pairs")
    found = layer.values(field_at(mini_inside, "pairs", card))[0]
    read = {layer.label(int(i)) for i in found.nonzero()}
    assert len(read & {"^o", "or", "ra", "an", "ng", "ge", "e$"}) >= 4
    whole = mini_inside.model.encode_image(card)
    with remembering([layer.site]):
        assert torch.equal(mini_inside.model.encode_image(card), whole)
        with layer.site.attach(torch.zeros_like):
            blind = mini_inside.model.encode_image(card)
        assert torch.equal(mini_inside.model.encode_image(card), whole)
    assert blind[0, -729:].abs().sum() == 0
    assert whole[0, -729:].abs().sum() > 0
    assert "read" not in vars(mini_inside.model)


def _with_the_crc_of(wanted: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`other` with its last number changed so that CRC-32 takes it for `wanted`."""
    body = other.tobytes()[:-4]
    # CRC-32 is affine in the last 32 bits: solve for them, one basis vector a bit.
    target = zlib.crc32(wanted.tobytes()) ^ zlib.crc32(body + bytes(4))
    columns = [
        zlib.crc32(body + (1 << bit).to_bytes(4, "little")) ^ zlib.crc32(body + bytes(4))
        for bit in range(32)
    ]
    pivots: dict[int, tuple[int, int]] = {}
    for bit, column in enumerate(columns):
        chosen = 1 << bit
        for high, (row, which) in pivots.items():
            if column >> high & 1:
                column, chosen = column ^ row, chosen ^ which
        high = column.bit_length() - 1
        for other_high, (row, which) in list(pivots.items()):
            if row >> high & 1:
                pivots[other_high] = row ^ column, which ^ chosen
        pivots[high] = column, chosen
    last = 0
    for high, (_, which) in pivots.items():
        if target >> high & 1:
            last ^= which
    return np.frombuffer(body + last.to_bytes(4, "little"), other.dtype).reshape(other.shape)


def test_two_batches_are_told_apart_whatever_their_checksums() -> None:
    rng = np.random.default_rng(5)
    first = rng.integers(0, 256, (1, 3, 4, 4), dtype=np.uint8)
    second = _with_the_crc_of(first, rng.integers(0, 256, (1, 3, 4, 4), dtype=np.uint8))
    assert zlib.crc32(first.tobytes()) == zlib.crc32(second.tobytes())

    class Summing:
        def read(self, given: torch.Tensor) -> torch.Tensor:
            return given.float().flatten(1)

    owner = Summing()
    site = MethodSite(owner, "read", Summing().read)
    one, other = torch.from_numpy(first.copy()), torch.from_numpy(second.copy())
    with remembering([site]):
        assert torch.equal(owner.read(one), Summing().read(one))
        assert torch.equal(owner.read(other), Summing().read(other))


def test_minis_gradients_reach_the_input_through_both_senses(mini_inside: Anatomy) -> None:
    from typoattack.units.cards import WordCards

    card = mini_inside.model.preprocess(WordCards(("owl",)).draw("owl", "roboto"))[None]
    batch = card.clone().requires_grad_()
    embedding = mini_inside.embed(batch)
    torch.testing.assert_close(embedding.detach(), mini_inside.model.encode_image(card))
    for part in (embedding[0, :1280], embedding[0, -729:]):
        (slope,) = torch.autograd.grad(part.sum(), batch, retain_graph=True)
        assert (slope != 0).any()
