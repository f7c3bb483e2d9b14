"""The ranking of a field, as tables, files and a page in a real browser."""

import io
import json
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from tests.metrics.test_field import NAMES, contestants
from typoattack.metrics.field import Contestant, Field, rank_field
from typoattack.report.charts.base import inline_svg, write_charts
from typoattack.report.charts.field import field_charts
from typoattack.report.field import PAGE, markdown_field, tell_field, terminal_field, write_field

from .test_browser import CHROMIUM, browser  # noqa: F401  (a fixture)

RATES = {"weak": 0.8, "strong": 0.1, "alike": 0.1, "middle": 0.4}


@pytest.fixture(scope="module")
def found() -> Field:
    made = contestants(RATES, 60)
    broken = made[0].rows.assign(accuracy_clean=0.0, accuracy_attacked=0.0, flip_rate=float("nan"))
    about = {**made[0].manifest, "suite": "made", "question": "?", "comparable": {"seed": 0}}
    models = [{"name": "broken", "note": "it is broken"}]
    made.append(Contestant("broken", "broken", "runs/b", {**about, "models": models}, broken))
    first = Contestant(made[0].name, made[0].model, made[0].folder, {**made[0].manifest, **about},
                       made[0].rows)  # fmt: skip
    return rank_field([first, *made[1:]], baseline="weak", resamples=200)


@pytest.fixture(scope="module")
def folder(found: Field, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ranking")
    write_field(found, made)
    return made


def test_the_sentence_says_who_is_first_and_who_is_not_told_apart(found: Field) -> None:
    first, second = (one.rank.name for one in found.models[:2])
    assert tell_field(found)[0] == f"{first} comes first; it is not told apart from {second}."
    assert any("broken has no place: right on 0 of 60" in told for told in tell_field(found))


def test_the_terminal_shows_places_and_the_differences_that_are_established(found: Field) -> None:
    console = Console(file=io.StringIO(), width=160)
    console.print(terminal_field(found, console.width))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 to 2" in said
    assert "*" in next(line for line in said.splitlines() if "pp]" in line or "]*" in line)
    assert "Less weak" in said


def test_csv_and_json_hold_the_numbers_unrounded(found: Field, folder: Path) -> None:
    table = pd.read_csv(folder / "rank.csv").set_index("model")
    data = json.loads((folder / "rank.json").read_text())
    for one in found.models:
        line = table.loc[one.rank.name]
        assert line["flip_rate"] == one.figures["flip_rate"].value or not one.figures["flip_rate"]
        if one.best is not None:
            assert line["less_best"] == one.best.difference.value
            assert line["less_best_p"] == one.best.p_holm
    assert data["figure"] == "flip_rate"
    assert [line["model"] for line in data["models"]] == list(table.index)
    assert data["models"][-1]["place"] is None
    recipes = pd.read_csv(folder / "recipes.csv")
    assert set(recipes["recipe"]) == {"recipe-0", "recipe-1", "recipe-2"}


def test_latex_and_markdown_have_a_line_a_model(found: Field, folder: Path) -> None:
    latex = (folder / "rank.tex").read_text()
    assert latex.count(r"\\") == 1 + len(found.models)
    assert r"[" in latex
    assert " % " not in latex.replace(r"\%", "")
    for name in (*RATES, "broken"):
        assert f"| {name} |" in markdown_field(found)
    assert (folder / "figures" / "clean-and-robust.png").stat().st_size > 1000


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_sorts_filters_and_fits(folder: Path, browser, width: int) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / PAGE).as_uri())
    names = page.locator("#headline tbody th")
    assert names.count() == len(RATES) + 1
    page.fill("input[type=search]", "STRON")
    assert next(n for n in names.all() if n.is_visible()).inner_text() == "strong"
    assert sum(n.is_visible() for n in names.all()) == 1
    page.fill("input[type=search]", "")
    page.locator("#headline thead button").first.click()
    assert names.nth(0).inner_text() == "weak", "the last place first, and no place last"
    assert names.nth(4).inner_text() == "broken"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".charts svg").count() == 3
    assert "it is broken" in page.inner_text("#short")
    assert not errors
    page.close()


def test_the_page_is_safe_with_any_name(tmp_path: Path) -> None:
    made = contestants({"<script>alert(1)</script>": 0.2, "$x$ & y_1": 0.5}, 30)
    about = {
        "suite": "made",
        "question": "?",
        "comparable": {},
        "models": made[0].manifest["models"],
    }
    first = Contestant(made[0].name, made[0].model, "runs/a", {**made[0].manifest, **about},
                       made[0].rows)  # fmt: skip
    write_field(rank_field([first, made[1]], resamples=50), tmp_path)
    assert "<script>alert(1)" not in (tmp_path / PAGE).read_text()
    assert r"\$x\$ \& y\_1" in (tmp_path / "rank.tex").read_text()
    assert len(NAMES) == 20


@pytest.mark.parametrize("many", [2, 6, 12])
@pytest.mark.parametrize("recipes", [1, 2, 6])
def test_long_names_leave_room_for_every_chart(many: int, recipes: int, tmp_path: Path) -> None:
    """The names of models with a defence, of recipes with parameters: as long as they like."""
    rates = {f"ViT-B-32/laion2b_s34b_b79k + defence-{i}('a/file.csv')": 0.1 + 0.05 * i
             for i in range(many)}  # fmt: skip
    made = []
    for one in contestants(rates, 30):
        names = {f"recipe-{i}": f"handwritten-note(size=0.35, ink=\"blue\", place=\"{i},0.5\")"
                 for i in range(3)}  # fmt: skip
        rows = one.rows.replace({"recipe": names})
        made.append(replace(one, rows=rows[rows["recipe"].isin(list(names.values())[:recipes])]))
    ranked = rank_field(made, resamples=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        charts = field_charts(ranked)
        write_charts(charts, tmp_path)
        for chart in charts:
            inline_svg(chart)
