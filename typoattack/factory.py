"""From a model's full name to a model: backends, defences and probes meet here and nowhere else."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from typoattack.core.call import parse_call, split_chain
from typoattack.core.errors import UserError
from typoattack.core.part import make
from typoattack.core.registry import Kind, Registry, deferred

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.models.wrappers import Wrapper

MODELS: Registry[Kind[Callable[..., "Model"]]] = Registry("model", "see `typoattack list models`")
"""The embedded models by name, and prefixes such as `local-dir`; all else is open_clip's.

Each opens by (name, device=, precision=). The table names modules without importing them, so that
`typoattack list models` needs no torch.
"""


def _chat_only(name: str, **_: Any) -> "Model":
    raise UserError(
        f"model {name!r} is a chat model, not a dual encoder; ask it with `typoattack chat`"
    )


_MINI, _OPEN_CLIP = "typoattack.models.mini", "typoattack.models.open_clip_backend:load_open_clip"
for _name, _usage, _summary, _open in (
    (
        "mini",
        "mini",
        "the embedded model: sees objects and reads; no download",
        deferred(f"{_MINI}:load_mini"),
    ),
    (
        "mini-blind",
        "mini-blind",
        "EfficientNet-Lite0 as a dual encoder; sees, cannot read",
        deferred(f"{_MINI}:load_mini_blind"),
    ),
    ("open_clip", "ARCH/TAG", "a checkpoint that open_clip publishes", deferred(_OPEN_CLIP)),
    ("hf-hub", "hf-hub:ORG/NAME", "an open_clip model on the Hub", deferred(_OPEN_CLIP)),
    ("local-dir", "local-dir:PATH", "a folder that open_clip can open", deferred(_OPEN_CLIP)),
    (
        "transformers",
        "transformers:ORG/NAME|PATH",
        "CLIP, SigLIP or SigLIP2 of Hugging Face",
        deferred("typoattack.models.transformers_backend:load_transformers"),
    ),
    (
        "python",
        "python:MODULE:FACTORY",
        "your own object with encode_image and encode_text",
        deferred("typoattack.models.python_backend:load_python"),
    ),
    ("openai", "openai:MODEL", "a chat model, asked by `typoattack chat`, not by run", _chat_only),
    (
        "vlm",
        "vlm:transformers:ORG/NAME|PATH",
        "a vision-language model of Hugging Face, asked by `typoattack chat`, not by run",
        _chat_only,
    ),
):
    MODELS.add(_name, Kind(_usage, _summary, _open))


def load_model(name: str, *, device: str = "auto", precision: str = "fp32") -> "Model":
    """The model called `name`: `mini`, `ViT-B-32/openai`, `hf-hub:ORG/NAME`, `mini + mirror`.

    Raises:
        UserError: for an unknown name, weights that cannot be had, a missing device, or a defence
            that does not fit.
    """
    return load_models([name], device=device, precision=precision)[0]


def load_models(
    names: Sequence[str],
    *,
    device: str = "auto",
    precision: str = "fp32",
    compiled: bool = False,
    channels_last: bool = False,
) -> list["Model"]:
    """The models of these names; weights that several share are opened once. See `load_model`.

    Args:
        names: of the models.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `fp32`, `bf16` or `fp16`.
        compiled: see `models.towers.rearrange`.
        channels_last: likewise.

    Raises:
        UserError: as `load_model`, and if a model cannot be run in such a way.
    """
    from typoattack.models.devices import resolve_device  # imports torch

    device = resolve_device(device)
    _refuse_defended(names, compiled)
    opened: dict[str, Model] = {}
    made = []
    for name in names:
        base, wrappers = split_chain(name)
        if base not in opened:
            opened[base] = model_kind(base).open(base, device=device, precision=precision)
            if compiled or channels_last:
                from typoattack.models.towers import rearrange

                rearrange(opened[base], compiled=compiled, channels_last=channels_last)
        model = opened[base]
        for text in wrappers:
            model = parse_wrapper(text).wrap(model)
        made.append(model)
    return made


def _refuse_defended(names: Sequence[str], compiled: bool) -> None:
    """Refuse to compile what a defence changes from within, since a compiled model may not notice.

    Raises:
        UserError: naming the model.
    """
    for name in names:
        _, wrappers = split_chain(name)
        if compiled and not all(parse_wrapper(text).classifies for text in wrappers):
            raise UserError(f"model {name!r}: --compile is for models without defences")


def model_kind(base: str) -> Kind[Callable[..., "Model"]]:
    """The family that a model's name belongs to, without what stands behind it."""
    if base in MODELS:
        return MODELS[base]
    prefix, colon, _ = base.partition(":")
    return MODELS[prefix if colon and prefix in MODELS else "open_clip"]


def parse_wrapper(text: str) -> "Wrapper":
    """The defence or classifier that `name(param=value, …)` names.

    Raises:
        UserError: for an unknown name or parameter, or a wrong value.
    """
    from typoattack.defences import DEFENCES  # imports torch
    from typoattack.models.probe import Probe

    call = parse_call(text, "defence")
    return make(Probe if call.name == Probe.name else DEFENCES[call.name], call)


def with_wrappers(models: Sequence[str], beside: Sequence[str]) -> tuple[str, ...]:
    """Each model's name, bare and then behind each defence or probe, as one run compares them.

    Raises:
        UserError: for a part that is not understood.
    """
    parts = [str(parse_wrapper(text)) for text in beside]
    return tuple(name for model in models for name in (model, *(f"{model} + {p}" for p in parts)))
