"""Benchmarks that a change is held against: a picture's stages, by pytest-benchmark.

    .venv/bin/pytest benchmarks/speed/bench_picture.py --benchmark-autosave
    .venv/bin/pytest benchmarks/speed/bench_picture.py --benchmark-compare \\
        --benchmark-compare-fail=min:15%

The first keeps a run under `.benchmarks/`, the second compares with the last one kept and fails
where a benchmark's fastest round takes 15 % longer. Both on the same, idle machine: see
CONTRIBUTING.md.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.changes import Ground
from typoattack.models.parts import CanvasInputs
from typoattack.models.pixels import drawn_input, two_step
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.recipes import parse_recipe
from typoattack.runner.draw import draw_word
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.task import Task

torch.set_num_threads(1)
# CPU time of this process, in which what others do on the machine counts least.
pytestmark = pytest.mark.benchmark(timer=time.process_time, min_time=0.05, warmup=True)

RECIPES = (
    "printed-label",
    "handwritten-note",
    "plain-overlay",
    "repeated-overlay",
    "azuma2023",
    "caption-bar",
    "rotated",
    "vertical",
)
WORDS = ("pizza", "iPod", "piggy bank", "great white shark", "teapot", "bald eagle", "bus")
_SIDE = 448

Benchmark = Callable[..., object]


@pytest.fixture(scope="module")
def canvas() -> Image.Image:
    """A bundled photograph's canvas."""
    return square_canvas(open_dataset(DatasetSpec("bundled"))[0].image, _SIDE)


def drawn(canvas: Image.Image, recipe: str, number: int) -> Image.Image:
    """The recipe's picture, each number another word and place."""
    made = parse_recipe(recipe)
    return draw_word(0, str(number), canvas, made, WORDS[number % len(WORDS)]).image


@pytest.mark.parametrize("recipe", RECIPES)
def test_drawing(benchmark: Benchmark, canvas: Image.Image, recipe: str) -> None:
    """From canvas to attacked canvas, words and places in turn."""
    made, turn = parse_recipe(recipe), count()

    def draw() -> None:
        number = next(turn) % 70
        draw_word(0, str(number), canvas, made, WORDS[number % len(WORDS)])

    benchmark(draw)


@pytest.mark.parametrize("recipe", ["printed-label", "repeated-overlay", "handwritten-note"])
def test_input_of_what_was_drawn(benchmark: Benchmark, canvas: Image.Image, recipe: str) -> None:
    """What an attack changed, found and resized into the clean picture's input."""
    preprocess = two_step(open_clip.image_transform(224, is_train=False))
    ground, inputs = Ground(canvas), CanvasInputs(preprocess, canvas)
    image = drawn(canvas, recipe, 0)
    benchmark(lambda: inputs.of(image, ground.changed(image)))


def test_input_of_a_whole_picture(benchmark: Benchmark, canvas: Image.Image) -> None:
    """The same without the clean picture's help, to compare with."""
    preprocess = two_step(open_clip.image_transform(224, is_train=False))
    benchmark(partial(drawn_input, preprocess, canvas))


def test_opening_a_photograph(benchmark: Benchmark) -> None:
    """Decoding and the canvas."""
    sample = open_dataset(DatasetSpec("bundled"))[0]
    benchmark(lambda: square_canvas(sample.image, _SIDE))


class _Text:
    """A text encoder that answers at once, for the classifier's own time."""

    name, fingerprint, name_prefix, logit_scale, logit_bias = "text", "text", "", 100.0, None

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        """n sentences to (n, 512)."""
        rows = torch.randn(len(texts), 512, generator=torch.Generator().manual_seed(0))
        return torch.nn.functional.normalize(rows, dim=-1)


def test_scores_of_a_photographs_pictures(benchmark: Benchmark, tmp_path: Path) -> None:
    """Nine embeddings against a thousand classes."""
    task = Task("object", tuple(f"thing {number}" for number in range(1000)), ("a {}.",))
    classifier = ZeroShotClassifier(_Text(), task, TextCache(tmp_path))  # type: ignore[arg-type]
    rows = np.random.default_rng(0).normal(size=(9, 512)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    benchmark(partial(classifier.scores, rows))
