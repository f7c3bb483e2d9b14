"""Dual encoders of Hugging Face's `transformers`: CLIP, SigLIP, SigLIP2 and their kin."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.hub import asking_the_hub, fetch
from typoattack.models.ahead import Answer, normalised_later
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.huggingface import opened_by_transformers
from typoattack.models.inference import (
    autocast,
    check_precision,
    learned_scale_and_bias,
    normalised,
    weights_fingerprint,
)
from typoattack.models.zero_shot import ZeroShotModel


@dataclass(frozen=True)
class Processed:
    """A `transformers` image processor as a `Preprocess`.

    SigLIP2's processors of flexible resolution cut a picture into patches; a square canvas always
    gives the same grid, so the patches are put together again and cut anew before the model.

    Attributes:
        processor: an image processor.
        settings: its settings as text, so that equal preprocessings print alike.
    """

    processor: Any = field(repr=False)
    settings: str

    def __call__(self, canvas: Image.Image) -> torch.Tensor:
        """A square RGB canvas to float32 (3, s, s)."""
        made = self.processor(images=canvas, return_tensors="pt")
        pixels: torch.Tensor = made["pixel_values"][0]
        if "spatial_shapes" not in made:
            return pixels
        rows, columns = (int(n) for n in made["spatial_shapes"][0])
        side = int(self.processor.patch_size)
        patches = pixels[: rows * columns].reshape(rows, columns, side, side, 3)
        return patches.permute(4, 0, 2, 1, 3).reshape(3, rows * side, columns * side).contiguous()


class TransformersModel(ZeroShotModel):
    """A `transformers` dual encoder behind the `Model` protocol.

    Args:
        name: what reports call it.
        module: a model with `get_image_features` and `get_text_features`, on `device`.
        processor: its image processor.
        tokenizer: its tokenizer.
        device: where `module` lies.
        precision: `fp32`, or autocast to `bf16` or `fp16`.
    """

    def __init__(
        self,
        name: str,
        module: Any,
        processor: Any,
        tokenizer: Any,
        *,
        device: str = "cpu",
        precision: str = "fp32",
    ) -> None:
        self.lineage = Lineage(name)
        self.module = module.eval()
        self._tokenizer = tokenizer
        self._device = device
        self.precision = precision
        settings = processor.to_json_string()
        self.preprocess: Preprocess = Processed(processor, settings)
        blank = self.preprocess(Image.new("RGB", (448, 448)))
        self.image_size = int(blank.shape[-1])
        self._patches = getattr(processor, "patch_size", None)
        self.logit_scale, self.logit_bias = learned_scale_and_bias(module)
        # SigLIP was trained on padded sentences only, and has no mask to tell the padding.
        self._padding: str | bool = True if self.logit_bias is None else "max_length"
        self._length = int(module.config.text_config.max_position_embeddings)
        lower = "" if self.logit_bias is None else "lower case"
        self.fingerprint = weights_fingerprint(module, settings, precision, lower)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self.begin_image(batch)().clone()

    def begin_image(self, batch: torch.Tensor) -> Answer:
        """The same, of which the answer is waited for when it is asked for; see `models.ahead`."""
        inputs = self._inputs(batch.to(self._device, non_blocking=True))
        with torch.inference_mode(), autocast(self._device, self.precision):
            features = _pooled(self.module.get_image_features(**inputs))
        return normalised_later(features)

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d), each cut to the model's length; see `Model`."""
        given = {name: part.to(self._device) for name, part in self._tokenized(texts).items()}
        with torch.inference_mode(), autocast(self._device, self.precision):
            features = _pooled(self.module.get_text_features(**given))
        return normalised(features).clone()

    def tokens(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, length): the tokens of n sentences, padding among them."""
        return self._tokenized(texts)["input_ids"]

    def _tokenized(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        # SigLIP was trained on lower case; the tokenizers of SigLIP2 leave that to the caller.
        made = self._tokenizer(
            list(texts) if self.logit_bias is None else [text.lower() for text in texts],
            padding=self._padding,
            truncation=True,
            max_length=self._length,
            return_tensors="pt",
        )
        names = ("input_ids", "attention_mask") if self.logit_bias is None else ("input_ids",)
        return {name: made[name] for name in names}

    def _inputs(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        if self._patches is None:
            return {"pixel_values": batch}
        side = int(self._patches)
        n, _, height, width = batch.shape
        rows, columns = height // side, width // side
        patches = batch.reshape(n, 3, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
        ones = torch.ones(n, rows * columns, dtype=torch.int32, device=batch.device)
        return {
            "pixel_values": patches.reshape(n, rows * columns, -1),
            "pixel_attention_mask": ones,
            "spatial_shapes": torch.tensor([[rows, columns]] * n, device=batch.device),
        }


def _pooled(output: Any) -> torch.Tensor:
    """(n, d): a tensor before transformers 5, an output with the pooled features since."""
    features: torch.Tensor = getattr(output, "pooler_output", output)
    return features


_WEIGHTS = tuple(
    f"{name}{more}"
    for name in ("model.safetensors", "pytorch_model.bin")
    for more in ("", ".index.json")
)


def load_transformers(
    name: str, *, device: str = "cpu", precision: str = "fp32"
) -> TransformersModel:
    """Open `transformers:ORG/NAME` on the Hub, or `transformers:PATH`.

    No code that comes with a model is run.

    Raises:
        UserError: if `transformers` is not installed, there is no such model, it cannot be
            fetched, or it is no dual encoder.
    """
    check_precision(precision)
    source = name.removeprefix("transformers:")
    if not source:
        raise UserError("model 'transformers:' is written transformers:ORG/NAME or a path")
    with opened_by_transformers(name):
        module, processor, tokenizer = _parts(name, source)
    return TransformersModel(
        name, module.to(device), processor, tokenizer, device=device, precision=precision
    )


def _parts(name: str, source: str) -> tuple[Any, Any, Any]:
    """Model, image processor and tokenizer of a folder, or of a repository of the Hub."""
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    with contextlib.ExitStack() as stack:
        if not Path(source).is_dir():
            stack.enter_context(asking_the_hub())
            # transformers would fetch them too, but calls files missing that cannot be fetched.
            for files in (["config.json"], _WEIGHTS):
                fetch(f"model {name!r}", source, files)
        module = AutoModel.from_pretrained(source, trust_remote_code=False)
        if not (hasattr(module, "get_image_features") and hasattr(module, "get_text_features")):
            raise UserError(f"model {name!r}: {type(module).__name__} is no dual encoder")
        processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            source, trust_remote_code=False
        )
        return module, processor, AutoTokenizer.from_pretrained(source, trust_remote_code=False)
