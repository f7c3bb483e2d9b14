"""One stream key: whoever draws a word on a photograph draws the same pixels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import typoattack as ta
from typoattack.api import Machine
from typoattack.recipes import Aim, Recipe, RecipeBase, parse_any, parse_recipe
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.draw import Generator, draw_word, drawing_stream, pixel_fingerprint
from typoattack.runner.photographs import photograph
from typoattack.runner.redraw import RunPainter
from typoattack.runner.sheet import contact_sheet
from typoattack.runner.word_search import search_words
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.suite import Suite, parse_suite

SIDE = 96
SEED = 7
RECIPES = (
    "printed-label",
    'control(printed-label, "blank")',
    "handwritten-note(size=0.6)",
    "scene-sign",
)


@pytest.fixture
def suite(photo_folder: Path, tiny_clip: Path) -> Suite:
    changes = {
        "dataset": f"folder:{photo_folder}",
        "models": [f"local-dir:{tiny_clip}"],
        "recipes": [*RECIPES, "worst-of(3, printed-label)"],
        "words": "fixed:iPod",
        "seed": SEED,
        "canvas": SIDE,
    }
    return parse_suite("question: q\nrecipes: [plain-overlay]", "s", changes)


@pytest.fixture
def pixels(suite: Suite, tmp_path: Path) -> "pd.Series[str]":
    """The fingerprint of every picture of a run, by recipe and sample."""
    run = ta.run(suite, out=tmp_path / "run", machine=Machine("cpu", workers=0))
    rows = run.predictions[run.predictions["family"] != "clean"]
    return rows.set_index(["recipe", "sample"])["pixels"].sort_index()


@pytest.mark.parametrize("recipe", RECIPES)
def test_word_search_draws_the_pixels_of_a_run(
    suite: Suite, pixels: "pd.Series[str]", recipe: str
) -> None:
    data = open_dataset(suite.dataset)
    shown = [photograph(data, index, SIDE) for index in range(len(data))]
    seen: list[str] = []

    def ask(images: Sequence[Image.Image]) -> Probabilities:
        seen.extend(map(pixel_fingerprint, images))
        return np.full((len(images), 3), 1 / 3, np.float32)

    canvases = [(one.id, one.canvas) for one in shown]
    search_words(["iPod"], canvases, 0, parse_recipe(recipe), ask, seed=SEED)
    label = str(parse_recipe(recipe))
    assert seen == [pixels[label, one.id] for one in shown]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_contact_sheet_shows_the_pixels_of_a_run(
    suite: Suite, pixels: "pd.Series[str]", recipe: str
) -> None:
    data = open_dataset(suite.dataset)
    made = parse_recipe(recipe)
    for index in range(len(data)):
        shown = photograph(data, index, SIDE)
        sheet = contact_sheet([made], [shown], ["iPod"], seed=SEED, cell=SIDE)
        gap = max(SIDE // 40, 3)
        picture = sheet.crop(
            (gap, sheet.height - SIDE - 2 * gap, gap + SIDE, sheet.height - 2 * gap)
        )
        assert pixel_fingerprint(picture) == pixels[str(made), shown.id]


def test_a_run_s_pictures_are_drawn_again_to_the_last_pixel(
    suite: Suite, pixels: "pd.Series[str]", tmp_path: Path
) -> None:
    run = ta.Run(tmp_path / "run")
    again = RunPainter(run.folder)
    for row in run.predictions.to_dict("records"):
        picture = again(row)
        assert picture is not None, row["recipe"]
        assert pixel_fingerprint(picture) == row["pixels"]


def test_a_search_starts_from_the_stream_that_drawing_has(
    suite: Suite, pixels: "pd.Series[str]", photo_folder: Path
) -> None:
    attack = suite.attacks[-1]
    assert attack.search is not None
    for sample in open_dataset(DatasetSpec(f"folder:{photo_folder}")):
        canvas = Generator(suite, ()).canvas(sample)
        rng = drawing_stream(SEED, sample.id, attack.recipe)
        by_hand = attack.search.search(canvas, "iPod", rng, Aim(sample.label, -1))
        drawn = {pixel_fingerprint(image) for image in next(by_hand)}
        assert len(drawn) == 3
        assert pixels[attack.label, sample.id] in drawn


@pytest.mark.parametrize(
    "other",
    [
        {"seed": SEED + 1},
        {"sample_id": "cat/1.png"},
        {"recipe": parse_any("printed-label(size=0.3)")},
        {"replicate": 1},
    ],
)
def test_seed_photograph_recipe_and_replicate_each_give_another_stream(
    other: dict[str, int | str | RecipeBase],
) -> None:
    usual = {
        "seed": SEED,
        "sample_id": "cat/0.png",
        "recipe": parse_any("printed-label"),
        "replicate": 0,
    }
    first = drawing_stream(**usual).integers(2**62)  # type: ignore[arg-type]
    assert drawing_stream(**usual).integers(2**62) == first  # type: ignore[arg-type]
    assert drawing_stream(**usual | other).integers(2**62) != first  # type: ignore[arg-type]


def test_a_control_has_the_stream_of_its_attack() -> None:
    attack, control = (parse_any(text) for text in ("printed-label", "blank-label"))
    key = (SEED, "cat/0.png")
    assert drawing_stream(*key, attack).integers(2**62) == drawing_stream(*key, control).integers(
        2**62
    )


def test_what_a_recipe_does_to_its_canvas_stays_with_it() -> None:
    canvas = Image.new("RGB", (SIDE, SIDE), "white")
    before = canvas.tobytes()

    class Painter:
        stream_key = "painter"

        def __call__(self, given: Image.Image, word: str, rng: object) -> object:
            given.paste("red", (0, 0, SIDE, SIDE))
            return parse_recipe("plain-overlay")(given, word, rng)  # type: ignore[arg-type]

    painter: Recipe = Painter()  # type: ignore[assignment]
    draw_word(SEED, "cat/0.png", canvas, painter, "iPod")
    assert canvas.tobytes() == before
