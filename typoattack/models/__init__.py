"""What classifies: dual encoders by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typoattack.core.errors import UserError
from typoattack.core.registry import Registry

if TYPE_CHECKING:
    from typoattack.models.base import Model

__all__ = ["MODELS", "ModelKind", "load_model", "load_models"]


@dataclass(frozen=True, slots=True)
class ModelKind:
    """One family of models.

    Attributes:
        usage: how a name of the family is written.
        summary: one line for `typoattack list models`.
        load: opens (name, device, precision).
        note: what a report must say of the family's figures; empty if nothing.
    """

    usage: str
    summary: str
    load: Callable[[str, str, str], "Model"]
    note: str = ""


MODELS: Registry[ModelKind] = Registry("model", "see `typoattack list models`")
"""The embedded models by name, and prefixes such as `local-dir`; all else is open_clip's."""


def model_kind(name: str) -> ModelKind:
    """The family that `name`, defended or not, belongs to."""
    from typoattack.defences.base import split_defences

    name = split_defences(name)[0]
    return MODELS[name] if name in MODELS else MODELS[_prefix(name)]


def model_note(model: "Model") -> str:
    """What a report must say of the model's figures; empty if nothing."""
    notes = [
        model_kind(model.name).note,
        "" if model.reads else _BLIND,
        _SIGMOID if getattr(model, "logit_bias", None) is not None else "",
    ]
    return "; ".join(note for note in notes if note)


def _prefix(name: str) -> str:
    prefix, colon, _ = name.partition(":")
    return prefix if colon and prefix in MODELS else "open_clip"


def load_model(name: str, *, device: str = "auto", precision: str = "fp32") -> "Model":
    """The model called `name`: `mini`, `ViT-B-32/openai`, `hf-hub:ORG/NAME`, `mini + mirror`.

    Raises:
        UserError: for an unknown name, weights that cannot be had, a missing device, or a defence
            that does not fit.
    """
    return load_models([name], device=device, precision=precision)[0]


def load_models(
    names: Sequence[str], *, device: str = "auto", precision: str = "fp32"
) -> list["Model"]:
    """The models of these names; weights that several share are opened once. See `load_model`."""
    from typoattack.defences.base import split_defences
    from typoattack.models.devices import resolve_device

    device = resolve_device(device)
    opened: dict[str, Model] = {}
    made = []
    for name in names:
        base, defences = split_defences(name)
        if base not in opened:
            opened[base] = model_kind(base).load(base, device, precision)
        made.append(_defended(opened[base], defences))
    return made


def _defended(model: "Model", defences: Sequence[str]) -> "Model":
    if defences:
        import typoattack.models.probe  # noqa: F401 (registers `probe`)
        from typoattack.defences import parse_defence

        for text in defences:
            model = parse_defence(text).defend(model)
    return model


def _open_clip(name: str, device: str, precision: str) -> "Model":
    from typoattack.models.open_clip_backend import load_open_clip

    return load_open_clip(name, device=device, precision=precision)


def _transformers(name: str, device: str, precision: str) -> "Model":
    from typoattack.models.transformers_backend import load_transformers

    return load_transformers(name, device=device, precision=precision)


def _python(name: str, device: str, precision: str) -> "Model":
    from typoattack.models.python_backend import load_python

    _only_full_precision(name, precision)
    return load_python(name, device=device)


def _openai(name: str, device: str, precision: str) -> "Model":  # noqa: ARG001
    raise UserError(
        f"model {name!r} is a chat model, not a dual encoder; ask it with `typoattack chat`"
    )


def _mini(_: str, device: str, precision: str) -> "Model":
    from typoattack.models.mini import load_mini

    return load_mini(device, precision)


def _mini_blind(_: str, device: str, precision: str) -> "Model":
    from typoattack.models.mini import load_mini_blind

    return load_mini_blind(device, precision)


def _only_full_precision(name: str, precision: str) -> None:
    if precision != "fp32":
        raise UserError(f"model {name!r} runs in fp32 only; leave --precision away")


_SIGMOID = (
    "this model scores with a sigmoid: a probability says how well one class fits by itself, and a "
    "picture's probabilities do not sum to 1"
)

_BLIND = (
    "this model cannot read: its flips come from what the label covers, not from the word on it"
)

_STAND_IN = (
    "this model is a stand-in for trying the product: its figures say nothing of any published CLIP"
)

MODELS.add(
    "mini",
    ModelKind("mini", "the embedded model: sees objects and reads; no download", _mini, _STAND_IN),
)
MODELS.add(
    "mini-blind",
    ModelKind(
        "mini-blind",
        "EfficientNet-Lite0 as a dual encoder; sees, cannot read",
        _mini_blind,
        _STAND_IN,
    ),
)
MODELS.add("open_clip", ModelKind("ARCH/TAG", "a checkpoint that open_clip publishes", _open_clip))
MODELS.add("hf-hub", ModelKind("hf-hub:ORG/NAME", "an open_clip model on the Hub", _open_clip))
MODELS.add("local-dir", ModelKind("local-dir:PATH", "a folder that open_clip can open", _open_clip))
MODELS.add(
    "transformers",
    ModelKind(
        "transformers:ORG/NAME|PATH", "CLIP, SigLIP or SigLIP2 of Hugging Face", _transformers
    ),
)
MODELS.add(
    "python",
    ModelKind(
        "python:MODULE:FACTORY", "your own object with encode_image and encode_text", _python
    ),
)
MODELS.add(
    "openai",
    ModelKind("openai:MODEL", "a chat model, asked by `typoattack chat`, not by run", _openai),
)
