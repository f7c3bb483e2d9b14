"""A layer as a row of units: where it lies in a network, how it is read and how it is changed.

Whatever a network hands on is seen as a field (n, places, units, depth): the channels of a map
at its pixels, the neurons of a block at its tokens, the heads of an attention with what each
writes. Reading, ablating and attributing are all edits of a field on its way.
"""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import nn

from typoattack.core.errors import UserError

Field = torch.Tensor
"""(n, places, units, depth); depth is 1 but for attention heads."""

Edit = Callable[[Field], Field]
"""What is done to a field on its way; returning the very tensor it got changes nothing."""

Layout = Literal["map", "tokens", "sequence-first", "vector"]
"""(n, units, height, width), (n, tokens, units), (tokens, n, units), or (n, units)."""

Pool = Literal["mean", "max", "class"]
POOLS: tuple[Pool, ...] = ("mean", "max", "class")
"""One number a unit and picture: over all places, or of the class token alone."""


class Site(Protocol):
    """A place in a model where a field passes."""

    def attach(self, edit: Edit) -> AbstractContextManager[None]:
        """Pass every field through `edit` while the context lasts."""
        ...


@dataclass(frozen=True, slots=True)
class ModuleSite:
    """What a module hands on, or is handed.

    Attributes:
        module: hooked while something is attached.
        layout: how its tensor lies.
        before: the module's input instead of its output.
        depth: how many neighbouring numbers make up one unit.
    """

    module: nn.Module
    layout: Layout
    before: bool = False
    depth: int = 1

    @contextlib.contextmanager
    def attach(self, edit: Edit) -> Iterator[None]:
        def after(_: nn.Module, __: Any, output: torch.Tensor) -> torch.Tensor | None:
            return self._edited(output, edit)

        def ahead(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
            changed = self._edited(inputs[0], edit)
            return None if changed is None else (changed, *inputs[1:])

        handle = (
            self.module.register_forward_pre_hook(ahead)
            if self.before
            else self.module.register_forward_hook(after)
        )
        try:
            yield
        finally:
            handle.remove()

    def _edited(self, values: torch.Tensor, edit: Edit) -> torch.Tensor | None:
        found = to_field(values, self.layout, self.depth)
        changed = edit(found)
        if changed is found:
            return None
        return from_field(changed.to(values.dtype), self.layout, values.shape)


@dataclass(frozen=True, slots=True)
class MultiheadSite:
    """The heads of a `torch.nn.MultiheadAttention`, before its output projection.

    That module fuses everything into one call, so its heads are worked out again from its inputs;
    its own output stands as long as nothing is changed.
    """

    module: nn.MultiheadAttention

    @contextlib.contextmanager
    def attach(self, edit: Edit) -> Iterator[None]:
        def after(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
            query, key, value = inputs[:3]
            found = self.heads(query, key, value, mask=named.get("attn_mask"))
            changed = edit(found)
            if changed is found:
                return None
            joined = self.module.out_proj(changed.flatten(2).to(found.dtype))
            return joined if self.module.batch_first else joined.transpose(0, 1), *output[1:]

        handle = self.module.register_forward_hook(after, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()

    def heads(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> Field:
        """(n, tokens, heads, width / heads): what each head brings to each token."""
        one = self.module
        weights = one.in_proj_weight.chunk(3)
        biases = [None] * 3 if one.in_proj_bias is None else one.in_proj_bias.chunk(3)
        parts = []
        for given, weight, bias in zip((query, key, value), weights, biases, strict=True):
            rows = given if one.batch_first else given.transpose(0, 1)
            made = F.linear(rows, weight, bias)
            parts.append(made.view(*made.shape[:2], one.num_heads, -1).transpose(1, 2))
        q, k, v = parts
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)


@dataclass(frozen=True, slots=True)
class MethodSite:
    """What a method of an object hands on as (n, units), where there is no module to hook.

    Attributes:
        owner: calls its own method by name.
        method: the name.
        run: what the method does, without anything that holds gradients back.
    """

    owner: object
    method: str
    run: Callable[[Any], torch.Tensor]

    @contextlib.contextmanager
    def attach(self, edit: Edit) -> Iterator[None]:
        own = vars(self.owner)
        before = own.get(self.method)
        inner = before or self.run

        def edited(given: Any) -> torch.Tensor:
            return edit(to_field(inner(given), "vector"))[:, 0, :, 0]

        own[self.method] = edited
        try:
            yield
        finally:
            if before is None:
                del own[self.method]
            else:
                own[self.method] = before


@contextlib.contextmanager
def remembering(sites: Sequence[Site]) -> Iterator[None]:
    """Let methods hand on what they handed on before, for a batch they have seen.

    For looking at the same pictures again and again with other edits. Nothing upstream may be
    edited meanwhile.
    """
    with contextlib.ExitStack() as stack:
        for site in sites:
            if isinstance(site, MethodSite):
                stack.enter_context(_remembered(site))
        yield


@contextlib.contextmanager
def _remembered(site: MethodSite) -> Iterator[None]:
    own, known = vars(site.owner), dict[bytes, torch.Tensor]()

    def recalled(given: torch.Tensor) -> torch.Tensor:
        pixels = given.detach().cpu().contiguous().numpy()
        key = hashlib.sha256(
            repr((pixels.shape, pixels.dtype)).encode() + pixels.tobytes()
        ).digest()
        if key not in known:
            known[key] = site.run(given)
        return known[key]

    if site.method in own:
        raise ValueError(f"{site.method} is being edited already")
    own[site.method] = recalled
    try:
        yield
    finally:
        del own[site.method]


def to_field(values: torch.Tensor, layout: Layout, depth: int = 1) -> Field:
    """A network's tensor as (n, places, units, depth)."""
    if layout == "map":
        values = values.flatten(2).transpose(1, 2)
    elif layout == "sequence-first":
        values = values.transpose(0, 1)
    elif layout == "vector":
        values = values[:, None]
    return values.reshape(*values.shape[:2], -1, depth)


def from_field(changed: Field, layout: Layout, shape: torch.Size) -> torch.Tensor:
    """The inverse of `to_field`, for a tensor that had `shape`."""
    rows = changed.flatten(2)
    if layout == "map":
        return rows.transpose(1, 2).reshape(shape)
    if layout == "sequence-first":
        return rows.transpose(0, 1)
    if layout == "vector":
        rows = rows[:, 0]
    return rows


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of units of one model.

    Attributes:
        name: what `--layer` takes.
        what: one line for `--layer list`.
        shape: of one picture's activation as the network has it.
        units: how many units there are.
        site: where its field passes.
        pool: how a unit's places become one number.
        writes: (units, depth, width), what a head's numbers add to the residual stream; such a
            unit's value is the length of its contribution.
        has_class: whether the first place is a class token.
        labels: the units' own names, where they have any; else their numbers.
    """

    name: str
    what: str
    shape: tuple[int, ...]
    units: int
    site: Site = field(repr=False, compare=False)
    pool: Pool = "mean"
    writes: torch.Tensor | None = field(default=None, repr=False, compare=False)
    has_class: bool = False
    labels: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def label(self, unit: int) -> str:
        """What people call the unit."""
        return self.labels[unit] if self.labels else str(unit)

    def values(self, found: Field) -> torch.Tensor:
        """(n, places, units, depth) to (n, units)."""
        if self.pool == "class":
            one = found[:, 0]
        elif self.pool == "max" and self.writes is None:
            one = found.amax(dim=1)
        else:
            one = found.mean(dim=1)
        if self.writes is None:
            return one[..., 0]
        written = torch.einsum("nud,udw->nuw", one, self.writes.to(one))
        length: torch.Tensor = torch.linalg.vector_norm(written, dim=-1)
        return length

    def pooled(self, pool: str) -> "Layer":
        """The same layer read otherwise.

        Raises:
            UserError: for an unknown way, or one that the layer does not offer.
        """
        for known in POOLS:
            if pool == known and (known != "class" or self.has_class):
                return replace(self, name=f"{self.name}@{known}", pool=known)
        offered = [p for p in POOLS if p != "class" or self.has_class]
        raise UserError(f"layer {self.name!r}: read it @{', @'.join(offered)}, not @{pool}")


def layout_of(shape: tuple[int, ...], n: int) -> Layout | None:
    """How a tensor lies that a module made of `n` pictures; None if it has no rows of units."""
    if len(shape) == 4 and shape[0] == n:
        return "map"
    if len(shape) == 3 and n in shape[:2]:
        return "tokens" if shape[0] == n else "sequence-first"
    return "vector" if len(shape) == 2 and shape[0] == n else None


def units_in(shape: tuple[int, ...], layout: Layout) -> int:
    """How many units a tensor of `shape` has."""
    return shape[1] if layout == "map" else shape[-1]


def without_pictures(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The shape of one picture's part."""
    return (shape[0], *shape[2:]) if layout == "sequence-first" else shape[1:]


def shown_shape(layer: Layer) -> str:
    """`2048 × 7 × 7 = 100,352 numbers`, for people."""
    product = " × ".join(map(str, layer.shape))
    return f"{product} = {math.prod(layer.shape):,}" if len(layer.shape) > 1 else product
