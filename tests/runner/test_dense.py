"""Patches that say the word: a planted effect elsewhere is found, and none where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from typoattack.core.randomness import Rng
from typoattack.factory import load_model
from typoattack.metrics.dense import INSIDE, NEARER, OUTSIDE, SAYS, Dense, dense_figures, dense_rows
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.recipes import Attacked, Recipe
from typoattack.recipes.base import attacked
from typoattack.report.dense import Densely, collect, tell_dense, write_dense
from typoattack.runner.dense import look_densely, touched
from typoattack.samples import DatasetSpec
from typoattack.samples.base import Sample
from typoattack.suite import Suite
from typoattack.suite.attacks import with_controls
from typoattack.task import Task

SIDE = 64


class White:
    """White photographs of apples."""

    name, fingerprint, licence, variant_kinds = "white", "white", "", frozenset()
    task = Task("object", ("apple", "iPod", "lamp"), ("{}",))

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Sample:
        return Sample(f"s{index}", lambda: Image.new("RGB", (SIDE, SIDE), (250, 250, 250)), 0)


@dataclass(frozen=True, repr=False)
class Spot(Recipe):
    """A quarter of the picture black; its blank control is grey there."""

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        image = canvas.copy()
        image.paste((0, 0, 0) if ink else (240, 240, 240), (0, 0, SIDE // 2, SIDE // 2))
        return attacked(canvas, image, word=word, written=word, size=0.1)


class Planted(OpenClipModel):
    """Knows iPods by dark patches; all else is an apple, and nothing a lamp."""

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        rows = torch.zeros(len(texts), 16)
        for n, text in enumerate(texts):
            rows[n, ("iPod", "apple", "lamp").index(text)] = 1
        return rows


def planted(tiny_clip: Path, spread_in: int | None) -> Planted:
    """A vision transformer whose patches see themselves alone, or in one block all the others."""
    opened = load_model(f"local-dir:{tiny_clip}")
    assert isinstance(opened, OpenClipModel)
    made = Planted("planted", opened.module, opened.preprocess, opened.tokenizer)
    visual = made.module.visual
    with torch.no_grad():
        for name, weight in visual.named_parameters():
            weight.fill_(1.0 if "ln_" in name and name.endswith("weight") else 0.0)
        visual.conv1.weight[0] = -0.05  # dark is positive; after normalising white is about 2
        visual.positional_embedding[:, 0] = -15.0
        visual.positional_embedding[:, 1] = 1.0
        visual.proj[0, 0] = visual.proj[1, 1] = 1.0
        if spread_in is not None:
            attention = visual.transformer.resblocks[spread_in].attn
            width = attention.embed_dim
            attention.in_proj_weight[2 * width, 0] = 1.0  # all attend to all; values: darkness,
            attention.in_proj_bias[2 * width] = 5.5  # which is about 0 for white
            attention.out_proj.weight[0, 0] = 12.0
    return made


def figures(
    model: Planted, recipe: Recipe | None = None, controls: Sequence[str] = ("blank",)
) -> dict[tuple[str, str], Dense]:
    suite = Suite("made", "?", DatasetSpec("white"), ("planted",), (), "fixed:iPod", canvas=SIDE)
    attacks = with_controls(recipe or Spot(), "", "fixed:iPod", list(controls))  # type: ignore[arg-type]
    suite = replace(suite, attacks=tuple(attacks))
    rows = [row for one in look_densely(suite, model, White()) for row in dense_rows(one)]  # type: ignore[arg-type]
    return {(one.part, one.measure): one for one in dense_figures(pd.DataFrame(rows))}


@pytest.mark.parametrize(("spread_in", "elsewhere"), [(None, 0.0), (0, 1.0), (1, 0.0)])
def test_a_word_that_reaches_other_patches_is_found_and_one_that_stays_is_not(
    tiny_clip: Path, spread_in: int | None, elsewhere: float
) -> None:
    # What the last block's attention would spread is left out by definition.
    found = figures(planted(tiny_clip, spread_in))
    for measure in (SAYS, NEARER):
        inside, outside = found[INSIDE, measure], found[OUTSIDE, measure]
        assert (inside.clean.value, inside.attacked.value, inside.control.value) == (0, 1, 0)
        assert (outside.clean.value, outside.attacked.value) == (0, elsewhere)
        assert outside.change.value == outside.reading.value == elsewhere
        assert outside.change.n == 8


@dataclass(frozen=True, repr=False)
class Bare(Recipe):
    """The same without a surface: its blank control is the clean photograph."""

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        image = canvas.copy()
        if ink:
            image.paste((0, 0, 0), (0, 0, SIDE // 2, SIDE // 2))
        return attacked(canvas, image, word=word, written=word, size=0.1)


@pytest.mark.parametrize("controls", [("blank", "mirrored"), ("mirrored", "blank")])
def test_of_several_controls_that_counts_which_covers_as_much(
    tiny_clip: Path, controls: tuple[str, str]
) -> None:
    model = planted(tiny_clip, None)
    # A grey surface says nothing; a black square says the word in the mirror too.
    for recipe, told in ((Spot(), 0.0), (Bare(), 1.0)):
        found = figures(model, recipe, controls)
        assert found[INSIDE, NEARER].control.value == told


def test_the_page_says_what_was_found(tiny_clip: Path, tmp_path: Path) -> None:
    suite = Suite("made", "?", DatasetSpec("white"), ("planted",), (), "fixed:iPod", canvas=SIDE)
    suite = replace(suite, attacks=tuple(with_controls(Spot(), "", "fixed:iPod", ["blank"])))
    for spread_in, told in ((0, "The word changes answers"), (None, "is not shown")):
        seen = look_densely(suite, planted(tiny_clip, spread_in), White())  # type: ignore[arg-type]
        found = collect("made", "white", "", seen)
        assert told in tell_dense(found)[0]
    write_dense(found, tmp_path / "out")
    page = (tmp_path / "out" / "dense.html").read_text()
    assert page.count("<svg") == 4 * 3
    assert "attacked: 4 of 16 patches say it" in page
    table = pd.read_csv(tmp_path / "out" / "dense.csv")
    assert len(table) == 4


def without_effect(recipes: int, rng: np.random.Generator) -> Densely:
    """What is seen under many attacks when none of them does anything."""
    rows = [
        {
            "model": "m", "recipe": f"r{recipe}", "sample": f"s{n}", "label": n, "replicate": 0,
            "word": f"w{n}", "part": OUTSIDE, "measure": measure, "patches": 30, "clean": 0.3,
            "attacked": rng.uniform(0, 0.6), "control": rng.uniform(0, 0.6),
        }
        for recipe in range(recipes)
        for measure in (SAYS, NEARER)
        for n in range(12)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return Densely("made", "none", "", tuple(dense_figures(table)), table, ())


def test_many_attacks_that_do_nothing_seldom_make_a_claim() -> None:
    rng = np.random.default_rng(0)
    told = [tell_dense(without_effect(16, rng))[0] for _ in range(10)]
    assert sum("is not shown" in one for one in told) >= 9


@pytest.mark.parametrize(
    ("box", "rows", "expected"),
    [
        ((0, 0, 16, 16), 4, [(0, 0)]),
        ((0, 0, 17, 16), 4, [(0, 0), (0, 1)]),
        ((30, 50, 31, 51), 4, [(3, 1)]),
        ((0, 0, 0, 0), 4, []),
        ((0, 0, 64, 64), 2, [(0, 0), (0, 1), (1, 0), (1, 1)]),
    ],
)
def test_patches_that_a_box_touches(
    box: tuple[int, int, int, int], rows: int, expected: list[tuple[int, int]]
) -> None:
    found = np.argwhere(touched(box, 64, rows, rows))
    assert [tuple(place) for place in found.tolist()] == expected
