"""Heads that read are scored by where the class token looks, and chosen by what helps."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.conftest import noise
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.models.base import Model
from typoattack.units.anatomy import anatomy
from typoattack.units.reading_heads import (
    BOTTOM_ROWS,
    Head,
    class_attention,
    heads_off,
    select_heads,
    typographic_scores,
)


@pytest.fixture(scope="module")
def model(tiny_clip: Path) -> Model:
    return load_model(f"local-dir:{tiny_clip}", device="cpu")


@pytest.fixture(scope="module")
def batch(model: Model) -> torch.Tensor:
    return torch.stack([model.preprocess(noise(seed, 64, 64)) for seed in range(5)])


def blocks(model: Model) -> list[nn.Module]:
    return list(model.module.visual.transformer.resblocks)  # type: ignore[attr-defined]


def test_the_class_token_s_attention_is_torch_s_own(model: Model) -> None:
    attention = blocks(model)[0].attn
    tokens = torch.randn(3, 17, attention.embed_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs = attention(tokens, tokens, tokens, average_attn_weights=False)[1][:, :, 0]
        ours = class_attention(attention, tokens)
    torch.testing.assert_close(ours, theirs)
    assert ours.shape == (3, attention.num_heads, 17)


def test_a_score_is_the_bottom_rows_share_of_the_mean_attention(
    model: Model, batch: torch.Tensor
) -> None:
    seen: dict[int, torch.Tensor] = {}
    handles = [
        block.attn.register_forward_hook(
            lambda at, inputs, _, number=number: seen.update(
                {number: class_attention(at, inputs[0]).mean(dim=0)}
            )
        )
        for number, block in enumerate(blocks(model))
    ]
    model.encode_image(batch)
    for handle in handles:
        handle.remove()
    scores = typographic_scores(anatomy(model), torch.split(batch, 2))
    assert len(scores) == 2 * blocks(model)[0].attn.num_heads
    for (block, head), score in scores.items():
        grid = seen[block][head, 1:].reshape(4, 4)
        wanted = grid[-BOTTOM_ROWS:].sum() / grid.sum()
        assert score == pytest.approx(float(wanted), abs=1e-6)
    assert sum(scores.values()) / len(scores) == pytest.approx(0.5, abs=0.2)


def test_a_head_that_is_off_writes_nothing_to_the_class_token_and_all_to_patches(
    model: Model, batch: torch.Tensor
) -> None:
    block, kept = blocks(model)[0], {}

    def keep(_: nn.Module, __: object, output: tuple[torch.Tensor, object]) -> None:
        kept["now"] = output[0].detach().clone()

    inside = anatomy(model)
    with torch.no_grad():
        handle = block.attn.register_forward_hook(keep)
        model.encode_image(batch)
        handle.remove()
        before = kept["now"]
        with heads_off(inside, [(0, 1)]):
            handle = block.attn.register_forward_hook(keep)
            model.encode_image(batch)
            handle.remove()
    after, out = kept["now"], block.attn.out_proj
    torch.testing.assert_close(after[:, 1:], before[:, 1:])
    width = out.in_features // block.attn.num_heads
    difference = (before - after)[:, 0]
    mine = out.weight[:, width : 2 * width]
    # What is gone lies in what this head alone can write.
    solved = torch.linalg.lstsq(mine, difference.T).solution
    torch.testing.assert_close((mine @ solved).T, difference, atol=1e-5, rtol=1e-4)
    assert difference.abs().max() > 1e-4


def test_all_heads_of_the_last_block_off_leave_the_patches_unheard(
    model: Model, batch: torch.Tensor
) -> None:
    inside = anatomy(model)
    last = len(blocks(model)) - 1
    every = [(last, head) for head in range(blocks(model)[last].attn.num_heads)]
    plain = model.encode_image(batch)
    with heads_off(inside, every):
        without = model.encode_image(batch)
    assert (plain - without).abs().max() > 1e-3
    torch.testing.assert_close(model.encode_image(batch), plain)


class Book:
    """Accuracies by the heads that are off, as a story tells them."""

    def __init__(self, told: dict[Head, tuple[float, float]]) -> None:
        self.told = told
        self.asked: list[tuple[Head, ...]] = []

    def __call__(self, off: Sequence[Head]) -> tuple[float, float]:
        self.asked.append(tuple(off))
        clean = 0.8 + sum(self.told.get(head, (0, 0))[0] for head in off)
        return clean, 0.3 + sum(self.told.get(head, (0, 0))[1] for head in off)


def test_heads_are_tried_best_first_and_stay_off_where_they_help() -> None:
    book = Book({(1, 0): (-0.002, 0.1), (0, 1): (0.0, 0.0005), (1, 1): (0.0, 0.05)})
    scores = {(0, 0): 0.1, (1, 0): 0.9, (0, 1): 0.8, (1, 1): 0.7}
    steps, began = select_heads(scores, book)
    assert began == (0.8, 0.3)
    assert [(step.head, step.kept) for step in steps] == [
        ((1, 0), True),
        ((0, 1), False),
        ((1, 1), True),
        ((0, 0), False),
    ]
    assert book.asked[-1] == ((1, 0), (1, 1), (0, 0))
    assert steps[2].attacked == pytest.approx(0.45)


def test_the_search_ends_with_the_head_that_costs_too_much() -> None:
    book = Book({(0, 0): (-0.004, 0.1), (0, 1): (-0.008, 0.1), (0, 2): (0, 0.1)})
    steps, _ = select_heads({(0, 0): 0.9, (0, 1): 0.8, (0, 2): 0.7}, book)
    assert [(step.head, step.kept) for step in steps] == [((0, 0), True), ((0, 1), True)]


def test_the_search_ends_after_more_than_ten_heads_that_do_not_help() -> None:
    scores = {(0, head): 1 - head / 100 for head in range(40)}
    steps, _ = select_heads(scores, Book({(0, 11): (0, 0.1)}))
    assert len(steps) == 12
    assert not any(step.kept for step in steps)


def test_a_model_without_such_heads_is_refused() -> None:
    mini = load_model("mini-blind", device="cpu")
    with pytest.raises(UserError, match="no attention heads that write to a class token"):
        typographic_scores(anatomy(mini), [])
