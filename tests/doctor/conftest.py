"""A tiny CLIP that has learned to tell the package's photographs apart."""

import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from safetensors.torch import save_file
from torch.nn import functional as F

from typoattack.drawing.canvas import square_canvas
from typoattack.samples.bundled import bundled
from typoattack.samples.labels import templates

CONFIG: dict[str, Any] = {
    "embed_dim": 32,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 16},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
PREPROCESS = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def save(folder: Path, module: torch.nn.Module, **preprocess: Any) -> Path:
    """As open_clip saves a model."""
    folder.mkdir()
    config = {"model_cfg": CONFIG, "preprocess_cfg": {**PREPROCESS, **preprocess}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    weights = {key: value.contiguous() for key, value in module.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


class Lesson:
    """The package's photographs and their sentences, as a model is taught them."""

    def __init__(self) -> None:
        samples = bundled()
        found = [samples[index] for index in range(len(samples))]
        names = [samples.task.class_names[one.label] for one in found]
        prepare = image_transform_v2(PreprocessCfg(32, **PREPROCESS), is_train=False)
        self.pictures = torch.stack([prepare(square_canvas(one.image, 448)) for one in found])
        tokenizer = open_clip.SimpleTokenizer(context_length=24)
        self.sentences = [tokenizer([t.format(n) for n in names]) for t in templates("simple")]
        self.labels = torch.arange(len(names))

    def loss(self, module: torch.nn.Module, step: int) -> torch.Tensor:
        seen = F.normalize(module.encode_image(self.pictures), dim=-1)
        said = F.normalize(module.encode_text(self.sentences[step % len(self.sentences)]), dim=-1)
        return F.cross_entropy(20 * seen @ said.T, self.labels)


def learned(steps: int = 100) -> torch.nn.Module:
    """A CLIP of a few layers after so many looks at the photographs."""
    torch.manual_seed(0)
    module, lesson = open_clip.model.CLIP(**CONFIG), Lesson()
    optimiser = torch.optim.AdamW(module.parameters(), lr=2e-3)
    for step in range(steps):
        optimiser.zero_grad()
        lesson.loss(module, step).backward()
        optimiser.step()
    with torch.no_grad():
        module.logit_scale.fill_(torch.tensor(20.0).log())
    return module.eval()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("trained") / "clip", learned())
