"""What is inside a model: its layers by name, and a forward pass that gradients go through."""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from typoattack.core.errors import UserError
from typoattack.models.base import Model
from typoattack.models.pixels import TwoStep
from typoattack.units.layers import (
    Layer,
    Layout,
    MethodSite,
    ModuleSite,
    MultiheadSite,
    layout_of,
    units_in,
    without_pictures,
)

if TYPE_CHECKING:
    from typoattack.models.mini.blind import MiniBlind
    from typoattack.models.mini.model import Mini
    from typoattack.models.open_clip_backend import OpenClipModel

_PROBES = 2


@dataclass(frozen=True)
class Anatomy:
    """A model opened up.

    Attributes:
        model: the model.
        layers: by name, those that papers speak of first, then every module's.
        usual: the name of the layer to look at first.
        embed: model input (n, 3, s, s) to (n, d), L2-normalised, with gradients.
        from_pixels: pixels (n, 3, s, s) in 0 to 1 to model input, with gradients.
        device: where the model lies.
    """

    model: Model
    layers: Mapping[str, Layer]
    usual: str
    embed: Callable[[torch.Tensor], torch.Tensor]
    from_pixels: Callable[[torch.Tensor], torch.Tensor]
    device: torch.device

    def layer(self, name: str) -> Layer:
        """The layer called `name`; `NAME@mean`, `NAME@max` or `NAME@class` reads it otherwise.

        Raises:
            UserError: for an unknown layer; the message lists the nearest names.
        """
        if name in self.layers:
            return self.layers[name]
        base, at, pool = name.rpartition("@")
        if at and base in self.layers:
            return self.layers[base].pooled(pool)
        wanted = base if at else name
        near = difflib.get_close_matches(wanted, self.layers, n=5, cutoff=0.3)
        advice = f"the nearest names are {', '.join(near)}" if near else "no name is like it"
        raise UserError(
            f"model {self.model.name!r} has no layer {name!r}; {advice} "
            f"(`typoattack units {self.model.name} --layer list` shows all)"
        )


def anatomy(model: Model) -> Anatomy:
    """The inside of `model`.

    Raises:
        UserError: if it is none of the models that can be opened.
    """
    from typoattack.models.mini.blind import MiniBlind
    from typoattack.models.mini.model import Mini
    from typoattack.models.open_clip_backend import OpenClipModel

    if isinstance(model, OpenClipModel):
        return _open_clip(model)
    if isinstance(model, MiniBlind):
        return _mini_blind(model)
    if isinstance(model, Mini):
        return _mini(model)
    raise UserError(
        f"model {model.name!r} cannot be looked into; open_clip's models, mini and mini-blind can"
    )


def _open_clip(model: "OpenClipModel") -> Anatomy:
    visual: nn.Module = model.module.visual
    device = next(visual.parameters()).device

    def embed(batch: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = model.module.encode_image(batch.to(device))
        return F.normalize(features.float(), dim=-1)

    mean, spread = _normalisation(model.preprocess)

    def from_pixels(pixels: torch.Tensor) -> torch.Tensor:
        return (pixels - mean.to(pixels)) / spread.to(pixels)

    modules = _module_layers(visual, embed, model.image_size, device, "")
    named = _resnet_stages(visual, modules) or _transformer_layers(visual, modules)
    usual = _usual(named, modules)
    layers = {**named, **modules, **named}  # named ones first, and not hidden by a module's name
    return Anatomy(model, layers, usual, embed, from_pixels, device)


def _usual(named: Mapping[str, Layer], modules: Mapping[str, Layer]) -> str:
    """The last block's neurons, else the last stage, else the last map of channels."""
    neurons = [name for name in named if name.startswith("mlp.")]
    maps = [
        name
        for name, at in modules.items()
        if len(at.shape) == 3 and math.prod(at.shape[1:]) > 1 and at.what != "Identity"
    ]
    return (neurons or list(named) or maps or list(modules))[-1]


def _normalisation(preprocess: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation (3, 1, 1) that open_clip's transform takes out of the pixels."""
    if not isinstance(preprocess, TwoStep):
        return torch.zeros(3, 1, 1), torch.ones(3, 1, 1)
    parts = (torch.tensor(part) for part in (preprocess.mean, preprocess.std))
    mean, spread = (part[:, None, None] for part in parts)
    return mean, spread


def _module_layers(
    root: nn.Module,
    run: Callable[[torch.Tensor], object],
    size: int,
    device: torch.device,
    prefix: str,
) -> dict[str, Layer]:
    """Every module of `root` that hands on rows of units, by its own name."""
    seen: dict[str, tuple[nn.Module, tuple[int, ...]]] = {}
    handles = []
    for name, module in root.named_modules():
        if not name:
            continue

        def note(_: nn.Module, __: Any, output: Any, name: str = name, at: Any = module) -> None:
            if isinstance(output, torch.Tensor):
                seen.setdefault(name, (at, tuple(output.shape)))

        handles.append(module.register_forward_hook(note))
    try:
        with torch.no_grad():
            run(torch.zeros(_PROBES, 3, size, size, device=device))
    finally:
        for handle in handles:
            handle.remove()
    made = {}
    for name, (module, shape) in seen.items():
        layout = layout_of(shape, _PROBES)
        if layout is not None:
            made[prefix + name] = _module_layer(prefix + name, module, shape, layout)
    return made


def _module_layer(name: str, module: nn.Module, shape: tuple[int, ...], layout: Layout) -> Layer:
    return Layer(
        name=name,
        what=type(module).__name__,
        shape=without_pictures(shape, layout),
        units=units_in(shape, layout),
        site=ModuleSite(module, layout),
    )


def _resnet_stages(visual: nn.Module, modules: Mapping[str, Layer]) -> dict[str, Layer]:
    """`layer1` to `layer4` of a ResNet: a stage's channels after the last ReLU."""
    if not hasattr(visual, "attnpool"):
        return {}
    return {
        name: _renamed(modules[name], name, "channels of a stage, after the ReLU")
        for name in ("layer1", "layer2", "layer3", "layer4")
        if name in modules
    }


def _renamed(layer: Layer, name: str, what: str) -> Layer:
    return replace(layer, name=name, what=what)


def _blocks(visual: nn.Module) -> Sequence[nn.Module]:
    """The transformer blocks of open_clip's own or timm's vision transformers."""
    for path in ("transformer.resblocks", "trunk.blocks"):
        try:
            blocks = visual.get_submodule(path)
        except AttributeError:
            continue
        return list(blocks.children())
    return []


def _transformer_layers(visual: nn.Module, modules: Mapping[str, Layer]) -> dict[str, Layer]:
    """`residual.N`, `heads.N` and `mlp.N` of a vision transformer, N counted from 0."""
    by_module = {
        id(layer.site.module): layer
        for layer in modules.values()
        if isinstance(layer.site, ModuleSite)
    }
    has_class = _has_class_token(visual)
    made: dict[str, Layer] = {}
    for number, block in enumerate(_blocks(visual)):
        after = by_module.get(id(block))
        if after is None:
            continue
        made[f"residual.{number}"] = _token_layer(
            after, f"residual.{number}", "residual stream after the block", has_class
        )
        heads = _heads(block, after, number, has_class)
        if heads is not None:
            made[heads.name] = heads
        neurons = by_module.get(id(_activation(block)))
        if neurons is not None:
            made[f"mlp.{number}"] = _token_layer(
                neurons, f"mlp.{number}", "MLP neurons after the activation", has_class
            )
    return made


def _has_class_token(visual: nn.Module) -> bool:
    if hasattr(visual, "class_embedding"):
        return getattr(visual, "pool_type", "tok") == "tok"
    trunk = getattr(visual, "trunk", None)
    pooled = getattr(trunk, "global_pool", "")
    return getattr(trunk, "cls_token", None) is not None and pooled == "token"


def _token_layer(layer: Layer, name: str, what: str, has_class: bool) -> Layer:
    return Layer(
        name,
        f"{what}, {'at the class token' if has_class else 'mean over tokens'}",
        layer.shape,
        layer.units,
        layer.site,
        pool="class" if has_class else "mean",
        has_class=has_class,
    )


def _activation(block: nn.Module) -> nn.Module | None:
    """The activation function of a block's MLP."""
    mlp = getattr(block, "mlp", None)
    return getattr(mlp, "gelu", None) or getattr(mlp, "act", None)


def _heads(block: nn.Module, after: Layer, number: int, has_class: bool) -> Layer | None:
    """The heads of a block's attention: each the length of what it writes."""
    attention = getattr(block, "attn", None)
    out = getattr(attention, "out_proj", None) or getattr(attention, "proj", None)
    if attention is None or out is None or not hasattr(attention, "num_heads"):
        return None
    count = int(attention.num_heads)
    width = int(out.in_features)
    assert isinstance(after.site, ModuleSite)
    site = (
        MultiheadSite(attention)
        if isinstance(attention, nn.MultiheadAttention)
        else ModuleSite(out, after.site.layout, before=True, depth=width // count)
    )
    return Layer(
        f"heads.{number}",
        f"attention heads: length of what each writes to the "
        f"{'class token' if has_class else 'mean token'}",
        (after.shape[0], count, width // count),
        count,
        site,
        pool="class" if has_class else "mean",
        writes=out.weight.detach().T.unflatten(0, (count, -1)),
        has_class=has_class,
    )


def _mini_blind(model: "MiniBlind") -> Anatomy:
    net, embed = model.object_net, model.embed
    device = next(net.parameters()).device
    modules = _module_layers(net, embed, model.image_size, device, "")
    layers = {"objects": _objects(modules["global_pool"]), **modules}
    return Anatomy(model, layers, "objects", embed, lambda pixels: pixels * 2 - 1, device)


def _objects(pooled: Layer) -> Layer:
    return _renamed(pooled, "objects", "object features: EfficientNet-Lite0's pooled channels")


def _mini(model: "Mini") -> Anatomy:
    device = next(model.object_net.parameters()).device
    modules = {
        **_module_layers(model.object_net, model.embed, model.image_size, device, "object_net."),
        **_module_layers(model.reader_net, model.embed, model.image_size, device, "reader_net."),
    }
    pairs = Layer(
        "pairs",
        "the reader's letter pairs, ^ and $ a word's ends",
        (_PAIRS,),
        _PAIRS,
        MethodSite(model, "read", model.read),
        labels=_pair_labels(),
    )
    head = modules["reader_net.head"]
    letters = replace(
        head,
        name="letters",
        what="the reader's logits: letters, and what stands left and right of a boundary",
        pool="max",
        labels=_logit_labels(),
    )
    objects = _objects(modules["object_net.global_pool"])
    layers = {"pairs": pairs, "objects": objects, "letters": letters, **modules}
    return Anatomy(model, layers, "pairs", model.embed, lambda pixels: pixels, device)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PAIRS = 27 * 27


def _pair_labels() -> tuple[str, ...]:
    return tuple(left + right for left in "^" + _LETTERS for right in "$" + _LETTERS)


def _logit_labels() -> tuple[str, ...]:
    letters = ("no letter", *_LETTERS)
    left = ("no left", "^|", *(f"{letter}|" for letter in _LETTERS))
    right = ("no right", "|$", *(f"|{letter}" for letter in _LETTERS))
    return (*letters, *left, *right)
