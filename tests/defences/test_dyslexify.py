"""`dyslexify` switches off the heads that `defence heads` found, or those that are named."""

import json
from pathlib import Path

import pytest
import torch
from conftest import noise

from typoattack.core.errors import UserError
from typoattack.defences.dyslexify import read_heads
from typoattack.factory import load_model
from typoattack.units.anatomy import anatomy
from typoattack.units.reading_heads import heads_off


def test_named_heads_are_off(tiny_clip: Path) -> None:
    bare = load_model(f"local-dir:{tiny_clip}", device="cpu")
    batch = torch.stack([bare.preprocess(noise(seed, 64, 64)) for seed in range(3)])
    model = load_model(f"local-dir:{tiny_clip} + dyslexify(heads=('1.0', '0.1'))", device="cpu")
    with heads_off(anatomy(bare), [(0, 1), (1, 0)]):
        wanted = bare.encode_image(batch)
    torch.testing.assert_close(model.encode_image(batch), wanted)
    assert not torch.allclose(wanted, bare.encode_image(batch))
    assert model.fingerprint != bare.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dyslexify", "give a file of `typoattack defence heads`, or heads"),
        ("dyslexify(heads=('7.0',))", "has no head 7.0"),
        ("dyslexify(heads=('0.99',))", "has no head 0.99"),
        ("dyslexify(heads=('three',))", "'heads' is"),
        ("dyslexify('nowhere.json')", "cannot read 'nowhere.json'"),
    ],
)
def test_a_wrong_wish_is_named(tiny_clip: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_model(f"local-dir:{tiny_clip} + {text}", device="cpu")


def test_a_file_fits_the_model_it_was_made_for(tiny_clip: Path, tmp_path: Path) -> None:
    model = load_model(f"local-dir:{tiny_clip}", device="cpu")
    path = tmp_path / "heads.json"
    steps = [{"head": "1.0", "kept": True}, {"head": "0.1", "kept": False}]
    told = {"model": model.name, "model_fingerprint": model.fingerprint, "steps": steps}
    path.write_text(json.dumps(told))
    assert read_heads(path, model) == [(1, 0)]
    path.write_text(json.dumps(told | {"model_fingerprint": "another"}))
    with pytest.raises(UserError, match="whose weights are not those"):
        read_heads(path, model)
    path.write_text(json.dumps(told | {"steps": steps[1:]}))
    with pytest.raises(UserError, match="keeps no head off"):
        read_heads(path, model)
    path.write_text("[]")
    with pytest.raises(UserError, match="is no file of `typoattack defence heads`"):
        read_heads(path, model)
