"""One picture explained: a word that decides the answer is found, other text is not blamed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import typoattack
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.report.explain import (
    GRID,
    Explanation,
    explain,
    tell_explanation,
    write_explanation,
)
from typoattack.samples import DatasetSpec, open_dataset

from .test_browser import CHROMIUM, browser, playwright  # noqa: F401  (a fixture)

pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")

DATA = open_dataset(DatasetSpec("bundled"))
PHOTO = DATA[3].image


def explained(picture: Image.Image, model: str = "mini") -> Explanation:
    return explain(picture, load_model(model), DATA.task)


@pytest.fixture(scope="module")
def attacked() -> Explanation:
    return explained(typoattack.attack(PHOTO, "printed-label", word="piggy bank"))


def test_a_word_that_decides_the_answer_is_said_to(attacked: Explanation) -> None:
    assert attacked.answer.name == "piggy bank"
    assert attacked.without.name == explained(PHOTO).answer.name
    assert attacked.changed
    assert [line.text.lower() for line in attacked.lines] == ["piggy bank"]
    assert attacked.lines[0].answer.name == attacked.without.name
    assert attacked.elsewhere is not None
    assert attacked.elsewhere.name == "piggy bank"
    told = tell_explanation(attacked)
    assert "The text decides the answer." in told
    assert told[-1].endswith("points.")
    assert "with text on it" in told[-1]


def test_the_map_lies_where_the_text_is(attacked: Explanation) -> None:
    assert attacked.patches.shape == attacked.on_text.shape == (GRID, GRID)
    row, column = np.unravel_index(attacked.patches.argmax(), attacked.patches.shape)
    assert attacked.on_text[row, column]
    assert 0 < attacked.on_text.mean() < 0.5
    filled = np.asarray(attacked.masked) != np.asarray(attacked.clean)
    assert 0 < filled.any(axis=2).mean() < 0.3


def test_a_model_that_cannot_read_is_not_said_to_have_read() -> None:
    picture = typoattack.attack(PHOTO, "printed-label", word="piggy bank")
    blind = explained(picture, "mini-blind")
    assert blind.answer.name == blind.without.name
    assert "The text does not decide the answer." in tell_explanation(blind)


def test_a_picture_without_text_is_left_as_it_is() -> None:
    plain = explained(PHOTO)
    assert (plain.lines, plain.elsewhere) == ((), None)
    assert plain.masked == plain.clean
    assert plain.answer == plain.without
    assert "No text was found in it." in tell_explanation(plain)[1]


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_text("no picture")
    with pytest.raises(UserError, match=r"x.jpg"):
        explain(tmp_path / "x.jpg", load_model("mini"), DATA.task)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_both_pictures_and_the_map_at_any_width(
    browser: "playwright.Browser",  # noqa: F811
    attacked: Explanation,
    tmp_path: Path,
    width: int,
) -> None:
    path = tmp_path / "page.html"
    write_explanation(attacked, path)
    page = browser.new_page(viewport={"width": width, "height": 900})
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.goto(path.as_uri())
    assert page.locator("#pictures img").count() == 2
    assert page.locator("svg.map rect").count() == GRID * GRID
    assert page.locator("#lines tbody tr").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert heard == []
