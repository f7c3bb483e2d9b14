"""Small repositories such as the Hub has: models with weights of chance, data sets of noise."""

import io
import json
from pathlib import Path
from typing import Any

import datasets
import open_clip
import torch
from safetensors.torch import save
from timm.data.imagenet_info import ImageNetInfo

from tests.conftest import noise

TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}
"""The configuration of a CLIP of a million weights, nearly all of them its vocabulary's."""


def weights(config: dict[str, Any]) -> bytes:
    """Weights of chance for an open_clip configuration, as safetensors of 16 bits."""
    torch.manual_seed(0)
    module = open_clip.model.CLIP(**{**config, "quick_gelu": False})
    return save({key: value.half().contiguous() for key, value in module.state_dict().items()})


def open_clip_files(text_width: int = 16) -> dict[str, bytes]:
    """A repository that `hf-hub:` opens; of a text width of 256 its weights have 25 MB."""
    model = {**TINY, "text_cfg": {**TINY["text_cfg"], "width": text_width}}
    preprocess = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    return {
        "open_clip_config.json": json.dumps(
            {"model_cfg": model, "preprocess_cfg": preprocess}
        ).encode(),
        "open_clip_model.safetensors": weights(model),
    }


PLUGIN = '''"""Teaches open_clip a small architecture and its tags, as a newer version would."""
from pathlib import Path
import open_clip
from open_clip.pretrained import _PRETRAINED, _pcfg
from typoattack.core.registry import Kind
from typoattack.factory import MODELS

open_clip.add_model_config(Path(__file__).parent / "configs")
_PRETRAINED["ViT-tiny"] = {{
    tag: _pcfg(hf_hub=f"lab/vit_{{tag}}/", quick_gelu=True) for tag in {tags!r}
}}
MODELS.add("tiny", Kind("ViT-tiny/TAG", "a tiny CLIP of the laboratory", MODELS["open_clip"].open))
'''


def plugin(folder: Path, tags: list[str]) -> Path:
    """A plugin after which there is `ViT-tiny/TAG`, whose weights lie in lab/vit_TAG."""
    (folder / "configs").mkdir()
    # Once, and not by the plugin: several commands load it at a time.
    (folder / "configs" / "ViT-tiny.json").write_text(json.dumps(TINY))
    path = folder / "tiny.py"
    path.write_text(PLUGIN.format(tags=tags))
    return path


def scam_files() -> dict[str, bytes]:
    """SCAM's columns and its one split: two objects, each without a note, with one, with a drawn
    one."""
    kinds = ("NoSCAM", "SCAM", "SynthSCAM")
    rows = [
        {
            "image": noise(10 * number + len(kind), 120, 90),
            "type": kind,
            "id": f"{kind}_img_{number:04d}",
            "object_label": label,
            "attack_word": "" if kind == "NoSCAM" else word,
            "postit_area_pct": None if kind == "NoSCAM" else 2.5 + number,
        }
        for number, (label, word) in enumerate([("cup", "taxi"), ("dog", "pan")], start=1)
        for kind in kinds
    ]
    text = datasets.Value("string")
    features = {
        **{"image": datasets.Image(), "type": text, "id": text},
        **{"object_label": text, "attack_word": text},
        "postit_area_pct": datasets.Value("float64"),
    }
    card = b"---\nlicense: cc-by-nc-4.0\n---\n# SCAM\n"
    return {"README.md": card, "data/train-00000-of-00001.parquet": _parquet(rows, features)}


def imagenet_files(side: int = 80) -> dict[str, bytes]:
    """Four noises that are said to be of four of ImageNet's 1,000 classes; a split validation."""
    info = ImageNetInfo()
    names = [info.index_to_description(index, detailed=True) for index in range(1000)]
    rows = [{"image": _bitmap(label, side), "label": label} for label in (0, 1, 500, 999)]
    features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    return {"data/validation-00000-of-00001.parquet": _parquet(rows, features)}


def _bitmap(seed: int, side: int) -> dict[str, Any]:
    """A noise as a data set holds a file's bytes; uncompressed, since that takes no time."""
    data = io.BytesIO()
    noise(seed, side, side).save(data, "BMP")
    return {"bytes": data.getvalue(), "path": None}


def _parquet(rows: list[dict[str, Any]], features: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    datasets.Dataset.from_list(rows, features=datasets.Features(features)).to_parquet(data)
    return data.getvalue()
