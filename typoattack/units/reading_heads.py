"""Attention heads that read: how to find them, and a model whose class token does without them.

After Hufe et al., *Dyslexify*, ICLR 2026: a head is scored by how much of the class token's
attention goes to the bottom of pictures on which a word stands there; heads are then switched off
one after the other, best first, and stay off where that helps.
"""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from typoattack.core.errors import UserError
from typoattack.units.anatomy import Anatomy
from typoattack.units.layers import Edit, Field, Layer, MultiheadSite

Head = tuple[int, int]
"""(block, head), both counted from 0."""

BOTTOM_ROWS = 2
"""Rows of patches in which a word at the bottom lies."""

LEAST_GAIN = 0.001
"""Share of attacked pictures that a head must put right to stay off."""

MOST_SKIPPED = 10
"""Heads in a row that may be passed over; one more ends the search."""


@dataclass(frozen=True, slots=True)
class Step:
    """One head tried.

    Attributes:
        head: which.
        score: its typographic score.
        clean: accuracy on clean pictures without it and those that are off already.
        attacked: accuracy on attacked ones.
        kept: whether it stays off.
    """

    head: Head
    score: float
    clean: float
    attacked: float
    kept: bool


def head_layers(inside: Anatomy) -> list[tuple[int, Layer]]:
    """The attentions of a vision transformer with a class token, with their blocks' numbers.

    Raises:
        UserError: if the model is none, or its attention is not `torch.nn.MultiheadAttention`.
    """
    found = [
        (int(name.removeprefix("heads.")), layer)
        for name, layer in inside.layers.items()
        if name.startswith("heads.") and isinstance(layer.site, MultiheadSite) and layer.has_class
    ]
    if not found:
        raise UserError(
            f"model {inside.model.name!r} has no attention heads that write to a class token; "
            "open_clip's own vision transformers have (ViT-B-32 and the like)"
        )
    return found


def typographic_scores(inside: Anatomy, batches: Iterable[torch.Tensor]) -> dict[Head, float]:
    """Each head's share of the class token's attention to patches that goes to the bottom rows.

    Of the mean attention over all pictures, as in `typographic_score.py` of lowlorenz/dyslexify.

    Args:
        inside: the model opened up.
        batches: model inputs (n, 3, s, s) of pictures with a word at the bottom.

    Raises:
        UserError: for a model without such heads or without a square of patches, or no picture.
    """
    layers = head_layers(inside)
    sums: dict[int, torch.Tensor] = {}
    for batch in batches:
        with _watched(layers, sums):
            inside.model.encode_image(batch)
    if not sums:
        raise UserError("heads are scored on attacked pictures; there is none")
    return {
        (block, head): share
        for block, attention in sums.items()
        for head, share in enumerate(_bottom_shares(attention))
    }


@contextlib.contextmanager
def _watched(layers: Sequence[tuple[int, Layer]], sums: dict[int, torch.Tensor]) -> Iterator[None]:
    """Add up the class token's attention, (heads, tokens), by block, while the context lasts."""
    with contextlib.ExitStack() as stack:
        for block, layer in layers:
            assert isinstance(layer.site, MultiheadSite)
            module = layer.site.module

            def note(
                at: nn.Module, inputs: tuple[torch.Tensor, ...], _: object, block: int = block
            ) -> None:
                assert isinstance(at, nn.MultiheadAttention)
                seen = class_attention(at, inputs[0]).sum(dim=0).double().cpu()
                sums[block] = sums.get(block, torch.zeros_like(seen)) + seen

            handle = module.register_forward_hook(note)
            stack.callback(handle.remove)
        yield


def class_attention(module: nn.MultiheadAttention, tokens: torch.Tensor) -> torch.Tensor:
    """(n, heads, tokens): where the class token, the first of `tokens`, looks."""
    rows = tokens if module.batch_first else tokens.transpose(0, 1)
    weights = module.in_proj_weight.chunk(3)
    biases = [None] * 3 if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    query = nn.functional.linear(rows[:, :1], weights[0], biases[0])
    key = nn.functional.linear(rows, weights[1], biases[1])
    q, k = (
        made.view(*made.shape[:2], module.num_heads, -1).transpose(1, 2) for made in (query, key)
    )
    attention = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(dim=-1)
    return attention[:, :, 0]


def _bottom_shares(attention: torch.Tensor) -> list[float]:
    """Of (heads, 1 + patches), each head's share of the last rows of patches."""
    patches = attention[:, 1:]
    side = math.isqrt(patches.shape[1])
    if side * side != patches.shape[1] or side <= BOTTOM_ROWS:
        raise UserError(f"{patches.shape[1]} patches are no square of more than {BOTTOM_ROWS} rows")
    grid = patches.reshape(len(patches), side, side)
    shares: list[float] = (grid[:, -BOTTOM_ROWS:].sum(dim=(1, 2)) / grid.sum(dim=(1, 2))).tolist()
    return shares


def select_heads(
    scores: dict[Head, float],
    accuracies: Callable[[Sequence[Head]], tuple[float, float]],
    *,
    most_lost: float = 0.01,
    told: Callable[[int, int], None] | None = None,
) -> tuple[list[Step], tuple[float, float]]:
    """The heads tried, best first, and which of them stay off.

    As `greedy_selection.py` of lowlorenz/dyslexify: a head stays off that raises the attacked
    accuracy by at least `LEAST_GAIN`; the search ends with a head that brings the clean accuracy
    more than `most_lost` below where it began, which stays off too, or after more than
    `MOST_SKIPPED` heads in a row that do not help.

    Args:
        scores: from `typographic_scores`.
        accuracies: clean and attacked accuracy without some heads.
        most_lost: of the clean accuracy.
        told: called with (heads tried, heads there are).

    Returns:
        the steps; and the accuracies with all heads.
    """
    began = accuracies(())
    off: list[Head] = []
    steps: list[Step] = []
    best, skipped = began[1], 0
    for head in sorted(scores, key=lambda one: (-scores[one], one)):
        clean, attacked = accuracies((*off, head))
        ends, helps = skipped > MOST_SKIPPED, attacked - best >= LEAST_GAIN
        kept = helps and not ends
        steps.append(Step(head, scores[head], clean, attacked, kept))
        if told is not None:
            told(len(steps), len(scores))
        if ends:
            break
        if not kept:
            skipped += 1
            continue
        skipped, best = 0, attacked
        off.append(head)
        if began[0] - clean > most_lost:
            break
    return steps, began


@contextlib.contextmanager
def heads_off(inside: Anatomy, heads: Sequence[Head]) -> Iterator[None]:
    """While the context lasts, these heads write nothing to the class token; to patches they do.

    Raises:
        UserError: for a head that is not there.
    """
    layers = dict(head_layers(inside))
    with contextlib.ExitStack() as stack:
        for block in sorted({block for block, _ in heads}):
            mine = tuple(sorted(head for at, head in heads if at == block))
            if block not in layers or mine[-1] >= layers[block].units or mine[0] < 0:
                raise UserError(
                    f"model {inside.model.name!r} has no head {block}.{mine[-1]}; it has "
                    f"{len(layers)} blocks of {next(iter(layers.values())).units}"
                )
            stack.enter_context(layers[block].site.attach(_silent_to_class(mine)))
        yield


def _silent_to_class(heads: Sequence[int]) -> Edit:
    def edit(found: Field) -> Field:
        changed = found.clone()
        changed[:, 0, list(heads)] = 0
        return changed

    return edit
