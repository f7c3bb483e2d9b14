"""Which activation a model's layers compute, measured on the layers themselves."""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional as F

from typoattack.doctor.expected import Expected
from typoattack.doctor.finding import Finding

_KNOWN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "QuickGELU": lambda x: x * torch.sigmoid(1.702 * x),
    "GELU": F.gelu,
    "GELU (tanh)": lambda x: F.gelu(x, approximate="tanh"),
}


class QuickGELU(nn.Module):
    """x σ(1.702 x), with which OpenAI trained its CLIPs."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any shape to the same."""
        return x * torch.sigmoid(1.702 * x)


def activations(module: nn.Module) -> dict[str, list[str]]:
    """The places of layers that compute a kind of GELU, by which kind."""
    found: dict[str, list[str]] = {}
    for place, layer in module.named_modules():
        kind = _kind(layer)
        if kind:
            found.setdefault(kind, []).append(place)
    return found


def _kind(layer: nn.Module) -> str:
    """Which of the known activations a layer computes; empty if none, or if it has weights."""
    name = type(layer).__name__.lower()
    if "gelu" not in name or next(layer.parameters(), None) is not None:
        return ""
    x = torch.linspace(-4, 4, 81)
    with torch.no_grad():
        made = layer(x.clone())
    away = {kind: float((made - known(x)).abs().max()) for kind, known in _KNOWN.items()}
    kind = min(away, key=lambda each: away[each])
    return kind if away[kind] < 1e-4 else ""


def finding(module: nn.Module | None, expected: Expected | None) -> Finding:
    """Whether the layers compute what the model was trained with."""
    found = {} if module is None else activations(module)
    if not found:
        return Finding("activation", "untold", "no layer of it computes a GELU that can be seen")
    said = ", ".join(f"{kind} in {len(places)} layers" for kind, places in found.items())
    if expected is None or expected.quick_gelu is None:
        return Finding("activation", "untold", f"{said}; nothing says what is right")
    quick = set(found) == {"QuickGELU"}
    mixed = "QuickGELU" in found and len(found) > 1
    if mixed or quick != expected.quick_gelu:
        wanted = "QuickGELU" if expected.quick_gelu else "GELU"
        return Finding("activation", "wrong", f"{said}; by {expected.source}: {wanted}")
    return Finding("activation", "well", said)


@contextlib.contextmanager
def swapped(module: nn.Module) -> Iterator[str]:
    """GELU in place of QuickGELU, or the other way round, for a while; what it is then called."""
    found = activations(module)
    quick = "QuickGELU" in found
    places = [place for each in found.values() for place in each]
    before = {place: module.get_submodule(place) for place in places}
    try:
        for place in places:
            _put(module, place, nn.GELU() if quick else QuickGELU())
        yield "GELU" if quick else "QuickGELU"
    finally:
        for place, layer in before.items():
            _put(module, place, layer)


def _put(module: nn.Module, place: str, layer: nn.Module) -> None:
    parent, _, name = place.rpartition(".")
    setattr(module.get_submodule(parent), name, layer)
