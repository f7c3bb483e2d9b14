"""What every recipe must give back, asked of every picture of a run."""

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import typoattack as ta
from tests.recipes.photographs import photograph
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import parse_recipe
from typoattack.recipes.base import NOWHERE, attacked, checked
from typoattack.recipes.labels import PrintedLabel

CANVAS = photograph(64, 1)
GOOD = PrintedLabel()(CANVAS, "pizza", stream("test"))


def test_what_a_recipe_of_the_catalogue_gives_back_passes() -> None:
    assert checked(GOOD, CANVAS) is GOOD


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (None, "gave back NoneType"),
        (CANVAS, "gave back Image"),
        (replace(GOOD, image=None), "image is NoneType"),  # type: ignore[arg-type]
        (
            replace(GOOD, image=CANVAS.resize((10, 10))),
            r"RGB \(10, 10\), the canvas RGB \(64, 64\)",
        ),
        (replace(GOOD, image=CANVAS.convert("L")), r"image is L \(64, 64\)"),
        (replace(GOOD, written=7), "must be text"),  # type: ignore[arg-type]
        (replace(GOOD, box=(0, 0, 65, 10)), "is no"),
        (replace(GOOD, box=(9, 0, 8, 10)), "is no"),
        (replace(GOOD, box=[0, 0, 1, 1]), "is no"),  # type: ignore[arg-type]
        (replace(GOOD, coverage=float("nan")), "coverage is nan"),
        (replace(GOOD, size=-1.0), "size is -1.0"),
        (replace(GOOD, facts=3), "facts are int"),  # type: ignore[arg-type]
        (replace(GOOD, facts={"a": object()}), "fact 'a' is <object"),
        (replace(GOOD, facts={"a": float("inf")}), "fact 'a' is inf"),
        (replace(GOOD, facts={1: "a"}), "fact 1 is 'a'"),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_attacked_picture_is_refused_with_the_cure(made: object, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        checked(made, CANVAS)
    assert "attacked(canvas, image, ...)" in str(error.value)


PLUGIN = """
import sys
from PIL import Image, ImageDraw
from typoattack.recipes import Recipe, recipe
from typoattack.recipes.base import attacked

@recipe("a-bad-one", source="new here")
class Bad(Recipe):
    '''It does what it must not.'''

    what: str = "paints"

    def __call__(self, canvas, word, rng, *, ink=True):
        if self.what == "paints":
            ImageDraw.Draw(canvas).rectangle((0, 0, *canvas.size), "red")
            return attacked(canvas, canvas, word=word, written=word, size=0.1)
        if self.what == "exits":
            sys.exit(0)
        if self.what == "none":
            return None
        if self.what == "small":
            return attacked(canvas, canvas.copy(), word=word, written=word, size=0.1).__class__(
                Image.new("RGB", (10, 10)), word, word, (0, 0, 1, 1), 0.1, 0.1
            )
        return attacked(canvas, canvas.copy(), word=word, written=word, size=0.1, facts={"a": sys})
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    from typoattack.recipes import RECIPES

    path = tmp_path / "bad.py"
    path.write_text(PLUGIN)
    yield path
    RECIPES._parts.pop("a-bad-one", None)


def run_of(photographs: Path, tiny_clip: Path, out: Path, *more: str) -> list[str]:
    where = ["--dataset", f"folder:{photographs}", "--model", f"local-dir:{tiny_clip}"]
    recipes = ["--recipe", "printed-label", "--recipe", "handwritten-note"]
    return ["run", "quick", *where, *more, *recipes, "--canvas", "64", "--out", str(out)]


def test_a_recipe_that_paints_on_its_canvas_changes_no_other_picture(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, plugin: Path
) -> None:
    bad = ["--recipe", "a-bad-one", "--plugin", str(plugin)]
    for name, more in (("without", []), ("with", bad)):
        with pytest.raises(SystemExit) as stop:
            main(run_of(photo_folder, tiny_clip, tmp_path / name, *more))
        assert stop.value.code == 0
    alone = ta.Run(tmp_path / "without").predictions
    beside = ta.Run(tmp_path / "with").predictions
    beside = beside[~beside["recipe"].str.contains("a-bad-one")].reset_index(drop=True)
    # A batch of other pictures beside it moves a model's probability in its last bits, not a pixel.
    pd.testing.assert_frame_equal(beside, alone, rtol=1e-4)
    assert list(beside["pixels"]) == list(alone["pixels"])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("exits", "SystemExit"),
        ("none", "gave back NoneType"),
        ("small", r"RGB (10, 10)"),
        ("facts", "fact 'a'"),
    ],
)
def test_a_broken_recipe_ends_the_run_with_its_name_the_photograph_and_the_cure(
    photo_folder: Path,
    tiny_clip: Path,
    tmp_path: Path,
    plugin: Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
    said: str,
) -> None:
    bad = ["--recipe", f'a-bad-one(what="{what}")', "--plugin", str(plugin)]
    with pytest.raises(SystemExit) as stop:
        main(run_of(photo_folder, tiny_clip, tmp_path / "run", *bad))
    told = " ".join(capsys.readouterr().err.split())
    assert stop.value.code == 2
    assert said in told
    assert "a-bad-one" in told
    assert "cat/0.png" in told
    assert "typoattack check" in told or "build the result with" in told


def test_box_and_coverage_are_measured_where_something_may_have_been_drawn() -> None:
    image = CANVAS.copy()
    image.paste("red", (10, 20, 14, 22))
    for region in (None, (8, 8, 40, 40), (-30, -30, 90, 90), (10, 20, 14, 22)):
        made = attacked(CANVAS, image, word="a", written="a", size=0.1, region=region)
        assert made.box == (10, 20, 14, 22)
        assert made.coverage == 8 / 64**2
        assert made.facts == {}


@pytest.mark.parametrize("region", [(50, 50, 60, 60), (70, 70, 90, 90), (40, 40, 30, 30)])
def test_what_lies_outside_the_region_is_not_looked_at(region: tuple[int, int, int, int]) -> None:
    image = CANVAS.copy()
    image.paste("red", (10, 20, 14, 22))
    made = attacked(CANVAS, image, word="a", written="a", size=0.1, region=region)
    assert (made.box, made.coverage) == (NOWHERE, 0.0)


def test_a_change_at_the_very_edge_is_found_and_facts_are_kept() -> None:
    image = CANVAS.copy()
    image.putpixel((63, 63), (1, 2, 3))
    made = attacked(CANVAS, image, word="a", written="b", size=0.5, facts={"font": "x"})
    assert made.box == (63, 63, 64, 64)
    assert made.coverage == 1 / 64**2
    assert made.facts == {"font": "x"}
    assert checked(made, CANVAS) is made


@pytest.mark.parametrize(
    "box", [(0, 0, 64, 64), (64, 64, 64, 64), (0, 0, 0, 0), (0, 5, 0, 5), (5, 0, 5, 0)]
)
def test_a_box_may_touch_every_edge_and_be_empty(box: tuple[int, int, int, int]) -> None:
    assert checked(replace(GOOD, box=box), CANVAS).box == box


@pytest.mark.parametrize(
    "box", [(-1, 0, 5, 5), (0, -1, 5, 5), (0, 0, 5, 65), (0, 9, 5, 8), (0, 0, 5), (0, 0, 5, 5.0)]
)
def test_a_box_beyond_the_canvas_or_of_other_numbers_is_refused(box: object) -> None:
    with pytest.raises(UserError, match="is no"):
        checked(replace(GOOD, box=box), CANVAS)  # type: ignore[arg-type]


def test_a_recipe_is_frozen_prints_hashes_and_asks_no_model() -> None:
    made = PrintedLabel(size=0.4)
    assert str(made) == "printed-label(size=0.4)"
    assert made.params == {"size": 0.4}
    assert (made.part_kind, made.family, made.most_queries, made.bare) == (
        "recipe",
        "attack",
        0,
        False,
    )
    assert hash(made) == hash(PrintedLabel(size=0.4))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.size = 0.5  # type: ignore[misc]
    with pytest.raises(UserError, match="recipe 'printed-label': parameter 'size' is 2"):
        PrintedLabel(size=2)


def test_a_revision_renames_the_pictures_of_all_that_draw_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    specs = ["printed-label", 'control(printed-label, "blank")', "leet(printed-label)"]
    other = "handwritten-note"
    before = [parse_recipe(spec).fingerprint for spec in [*specs, other]]
    monkeypatch.setattr(PrintedLabel, "revision", 1)
    after = [parse_recipe(spec).fingerprint for spec in [*specs, other]]
    assert all(a != b for a, b in zip(before[:-1], after[:-1], strict=True))
    assert before[-1] == after[-1]


def test_a_run_of_older_pictures_is_not_gone_on_with(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> None:
        spec = f"folder:{photo_folder}"
        model = f"local-dir:{tiny_clip}"
        recipes = ["blank-label", "leet(printed-label)"]
        options = {"dataset": spec, "model": model, "recipes": recipes, "canvas": 64}
        ta.run("quick", out=tmp_path / "run", machine=ta.api.Machine("cpu"), **options)

    run()
    monkeypatch.setattr(PrintedLabel, "revision", 1)
    with pytest.raises(UserError, match="recipe_fingerprints differ .another version drew it"):
        run()
