"""What is known of how a model was trained, by its name and the files that came with it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import open_clip
from open_clip.constants import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    OPENAI_DATASET_MEAN,
    OPENAI_DATASET_STD,
)

from typoattack.core.errors import UserError
from typoattack.core.hub import fetch

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A mean and a standard deviation that models are trained with.

    Attributes:
        name: whose they are.
        mean: of each channel in 0 to 1.
        std: likewise.
    """

    name: str
    mean: Triple
    std: Triple


OPENAI = Normalisation("OpenAI's", OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)
IMAGENET = Normalisation("ImageNet's", IMAGENET_MEAN, IMAGENET_STD)
HALF = Normalisation("SigLIP's (0.5)", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
NONE = Normalisation("none", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
USUAL = (OPENAI, IMAGENET, HALF, NONE)
"""All that open_clip's table of checkpoints has."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How a model wants its pictures and sentences; None where nothing says so.

    Attributes:
        source: who says so.
        mean: taken from each channel in 0 to 1.
        std: what each channel is then divided by.
        interpolation: the filter by which pictures are resized.
        resize: what becomes of a picture that is no square: `squash`, `shortest` (the middle is
            cut out), `longest` (borders are added).
        image_size: side of the input in pixels.
        quick_gelu: whether the activation is QuickGELU.
        context: tokens of a sentence at most.
        pads: whether sentences are padded to that length.
        lower: whether capitals mean nothing.
        usual: the means and standard deviations that models of its kind are trained with.
    """

    source: str
    mean: Triple | None = None
    std: Triple | None = None
    interpolation: str | None = None
    resize: str | None = None
    image_size: int | None = None
    quick_gelu: bool | None = None
    context: int | None = None
    pads: bool | None = None
    lower: bool | None = None
    usual: tuple[Normalisation, ...] = USUAL


def expected_of(base: str) -> Expected | None:
    """What is known of the model of this name; None where nothing is, as of a Python object.

    Args:
        base: a model's name without what stands behind it, which could be opened.
    """
    if base.startswith("transformers:"):
        return _of_transformers(base.removeprefix("transformers:"))
    if base.startswith("hf-hub:"):
        repository = base.removeprefix("hf-hub:")
        tag = _tag_of_repository(repository)
        if tag is not None:
            return _of_tag(*tag)
        path = fetch(f"model {base!r}", repository, ["open_clip_config.json"])
        return _of_config(Path(path), f"the configuration in {repository}")
    if base.startswith("local-dir:"):
        path = str(Path(base.removeprefix("local-dir:")) / "open_clip_config.json")
        return _of_config(Path(path), path)
    arch, _, tag_name = base.partition("/")
    if arch not in open_clip.list_models():
        return None
    if open_clip.get_pretrained_cfg(arch, tag_name):
        return _of_tag(arch, tag_name)
    # A file of weights: of its training nothing is known but the architecture's own defaults.
    known = _of_architecture(open_clip.get_model_config(arch), f"open_clip's {arch}", arch)
    return replace(known, quick_gelu=None)


def _of_tag(arch: str, tag: str) -> Expected:
    told = open_clip.get_pretrained_cfg(arch, tag)
    config = open_clip.get_model_config(arch)
    known = _of_architecture(config, f"open_clip's table of checkpoints ({arch}/{tag})", arch)
    quick = bool(told.get("quick_gelu", False)) if known.quick_gelu is not None else None
    return replace(_with_preprocessing(known, told), quick_gelu=quick)


def _of_config(path: Path, source: str) -> Expected:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {str(path)!r}: {error}") from None
    known = _of_architecture(told.get("model_cfg", {}), source, "")
    return _with_preprocessing(known, told.get("preprocess_cfg", {}))


def _of_architecture(config: dict[str, Any], source: str, arch: str) -> Expected:
    """What open_clip's configuration of an architecture says; `arch` is its name, if it has one."""
    text, vision = config.get("text_cfg", {}), config.get("vision_cfg", {})
    size = vision.get("image_size", 224)
    tower = "timm_model_name" in vision and "hf_model_name" in text
    cased = "hf_tokenizer_name" in text and "canonicalize" not in str(text.get("tokenizer_kwargs"))
    return Expected(
        source=source,
        image_size=int(size if isinstance(size, int) else size[0]),
        quick_gelu=None if tower else bool(config.get("quick_gelu", False)),
        context=int(text.get("context_length", 77)),
        pads=True,
        lower=None if cased or "siglip" in arch.lower() else True,
    )


def _with_preprocessing(known: Expected, told: dict[str, Any]) -> Expected:
    mean = told.get("mean", OPENAI_DATASET_MEAN)
    std = told.get("std", OPENAI_DATASET_STD)
    return replace(
        known,
        mean=_triple(mean),
        std=_triple(std),
        interpolation=told.get("interpolation", "bicubic"),
        resize=told.get("resize_mode", "shortest"),
    )


def _triple(values: Any) -> Triple:
    if isinstance(values, (int, float)):
        return (float(values),) * 3
    first, second, third = (float(value) for value in values)
    return first, second, third


def _tag_of_repository(repository: str) -> tuple[str, str] | None:
    """The checkpoint that open_clip fetches from a repository of the Hub, if it is one of those."""
    for arch, tag in open_clip.list_pretrained():
        where = open_clip.get_pretrained_cfg(arch, tag).get("hf_hub", "")
        if where.rpartition("/")[0] == repository:
            return arch, tag
    return None


_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""Pillow's numbers for the filters, which `transformers` writes into its files."""


def _of_transformers(source: str) -> Expected:
    """What a repository's or folder's own files say, and what its family is trained with."""
    config = _json_of(source, "config.json")
    processor = _json_of(source, "preprocessor_config.json")
    text, vision = config.get("text_config", {}), config.get("vision_config", {})
    sigmoid = str(config.get("model_type", "")).startswith("siglip")
    default = 64 if sigmoid else 77
    usual = "gelu_pytorch_tanh" if sigmoid else "quick_gelu"
    acts = {part.get("hidden_act", usual) for part in (text, vision)}
    size = vision.get("image_size")
    mean, std = processor.get("image_mean"), processor.get("image_std")
    return Expected(
        source=f"the files of {source}",
        mean=_triple(mean) if mean else None,
        std=_triple(std) if std else None,
        interpolation=_FILTERS.get(processor.get("resample", -1)),
        resize=None if "patch_size" in processor else _resize_of(processor),
        image_size=int(size) if size else None,
        quick_gelu=acts == {"quick_gelu"} if len(acts) == 1 else None,
        context=int(text.get("max_position_embeddings", default)),
        pads=sigmoid,
        lower=True if sigmoid else None,
        usual=(HALF,) if sigmoid else (OPENAI,) if config.get("model_type") == "clip" else USUAL,
    )


def _resize_of(processor: dict[str, Any]) -> str:
    size = processor.get("size", {})
    return "shortest" if "shortest_edge" in size or isinstance(size, int) else "squash"


def _json_of(source: str, name: str) -> dict[str, Any]:
    """A file of a folder or repository; empty if it has none of this name."""
    try:
        folder = Path(source)
        path = folder / name if folder.is_dir() else Path(fetch(source, source, [name]))
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, UserError):
        return {}
    return told
