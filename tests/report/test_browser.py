"""The page in a real headless Chromium: sort, filter, keyboard, links, speed, both themes."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_runs import photograph, view
from made_tables import simulated
from PIL import Image

import typoattack
from typoattack.report.page import write_report
from typoattack.results.given import Answer, write_given
from typoattack.units.section import ExplainedFlip, Section, UnitBehind, write_section

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (p for p in map(Path, ("/usr/bin/chromium", "/usr/bin/google-chrome")) if p.exists()), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RECIPES = {"alpha": 0.9, "beta": 0.3, "gamma": 0.6, "blank-label(alpha)": 0.05}

Page = playwright.Page


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield made
        made.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    rows = simulated(12, RECIPES, classes=4, seed=3)
    names = ["cat", "dog", "<script>alert(1)</script>", "bus"]
    return write_report(view(rows, names), folder)[0]


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with a study of units, which explains two flips of one photograph."""
    folder = tmp_path_factory.mktemp("explained")
    rows = simulated(6, {"alpha": 1.0}, classes=4, seed=3)
    turned = rows[(rows["family"] == "attack") & ~rows["correct"]].head(2)
    assert turned["sample"].nunique() == 1
    units = (UnitBehind("last", "<b>7</b>", 3.0, 2.0, ("owl", "cup")),)
    flips = [
        ExplainedFlip(
            row["sample"],
            row["pixels"],
            f"class {row['label']}",
            row["word"],
            f"class {row['predicted']}",
            (-4.0, 6.0),
            units,
        )
        for row in turned.to_dict("records")
    ]
    line = ("7", "0.9 [0.8, 1.0]", "word, " * 40)
    tables = (("text units of last", (("unit", "AUROC", "words"), *[line] * 12)),)
    study = Section("t", ("It reads.",), tables, (("a sheet", "s.png"),), "mini", "ab12",
                    tuple(flips))  # fmt: skip
    (folder / "units").mkdir()
    Image.new("RGB", (1400, 1700), "teal").save(folder / "units" / "s.png")
    write_section(study, folder / "units")
    return write_report(view(rows), folder)[0]


@pytest.fixture
def opened(browser: playwright.Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, and fails the test if one logged anything or asked for anything."""
    heard: list[str] = []
    pages: list[Page] = []

    def opener(path: Path, fragment: str = "", width: int = 1280, scheme: str = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(f"dialog {dialog.message}"))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or heard.append(r.url))
        page.goto(f"{path.as_uri()}{fragment}")
        pages.append(page)
        return page

    yield opener
    for page in pages:
        page.close()
    assert heard == []


def _column(page: Page, cells: str) -> list[str]:
    return [text.strip() for text in page.locator(cells).all_inner_texts()]


def test_a_press_on_a_heading_sorts_and_another_turns_the_order(
    opened: Callable[..., Page], report: Path
) -> None:
    page = opened(report)
    names = "#headline tbody th"
    head = page.locator("#headline thead button", has_text="Flip rate")
    head.click()
    assert _column(page, names)[:3] == ["alpha", "gamma", "beta"]
    assert _column(page, names)[-1] == "clean"
    head.click()
    assert _column(page, names)[:4] == ["blank-label(alpha)", "beta", "gamma", "alpha"]
    page.locator("#headline thead button", has_text="Recipe").click()
    assert _column(page, names) == ["alpha", "beta", "blank-label(alpha)", "clean", "gamma"]


def test_controls_can_be_hidden(opened: Callable[..., Page], report: Path) -> None:
    page = opened(report)
    control = page.locator("#headline tr.control")
    assert control.is_visible()
    page.uncheck("#show-controls")
    assert not control.is_visible()


def test_filters_and_search_choose_pictures(opened: Callable[..., Page], report: Path) -> None:
    page = opened(report)
    tiles = page.locator("#grid button")
    total = tiles.count()
    assert total == 12 * 4 * 2
    page.select_option("#filter-recipe", "beta")
    assert tiles.count() == 24
    page.select_option("#filter-outcome", "held")
    held = tiles.count()
    page.select_option("#filter-outcome", "flipped")
    flipped = tiles.count()
    page.select_option("#filter-outcome", "wrong")
    assert held + flipped + tiles.count() == 24
    page.select_option("#filter-outcome", "")
    page.select_option("#filter-recipe", "")
    page.select_option("#filter-class", label="<script>alert(1)</script>")
    assert 0 < tiles.count() < total
    page.select_option("#filter-class", "")
    page.fill("#filter-word", "CLASS 2")
    searched = tiles.count()
    assert 0 < searched < total
    assert page.inner_text("#count") == f"{searched} of {total} pictures"
    page.fill("#filter-word", "nothing has this word")
    assert tiles.count() == 0
    assert not page.locator("#viewer").is_visible()


def test_arrow_keys_turn_and_the_address_follows(opened: Callable[..., Page], report: Path) -> None:
    page = opened(report)
    page.locator("#grid button").nth(3).click()
    assert page.inner_text("#where") == "4 of 96"
    before = page.url
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#where") == "5 of 96"
    assert page.url != before
    page.keyboard.press("ArrowLeft")
    assert page.url == before
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert page.inner_text("#where") == "96 of 96"


def test_arrow_keys_in_a_field_stay_there(opened: Callable[..., Page], report: Path) -> None:
    page = opened(report)
    where = page.inner_text("#where")
    page.focus("#filter-word")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#where") == where


def test_the_units_behind_a_flip_stand_under_its_picture_and_under_no_other(
    opened: Callable[..., Page], explained: Path
) -> None:
    page = opened(explained)
    line = page.locator("#behind")
    page.select_option("#filter-outcome", "behind")
    assert page.locator("#grid button").count() == 2
    assert "Units behind this flip: <b>7</b> 20 % (owl, cup)" in line.inner_text()
    assert "10.0 logits" in line.inner_text()
    page.select_option("#filter-outcome", "")
    seen = []
    for _ in range(page.locator("#grid button").count()):
        seen.append(line.is_visible())
        page.keyboard.press("ArrowRight")
    assert seen.count(True) == 2
    assert seen.count(False) == len(seen) - 2 > 0


def test_the_study_of_units_links_to_the_flips_it_explains(
    opened: Callable[..., Page], explained: Path
) -> None:
    page = opened(explained)
    page.locator("#grid button").last.click()
    links = page.locator('#units a[href^="#picture="]')
    assert links.count() == 2
    links.nth(1).click()
    page.locator("#behind").wait_for(state="visible")  # the page hears of the new address later
    assert "word 2" in page.inner_text("#about")


def test_a_tall_sheet_and_a_long_table_of_units_unfold(
    opened: Callable[..., Page], explained: Path
) -> None:
    page = opened(explained)
    sheet = page.locator("#sheet-1")
    before = sheet.bounding_box()["height"]
    page.locator('.unfold[data-table="sheet-1"]').click()
    assert sheet.bounding_box()["height"] > 2 * before
    lines = page.locator("#table-units-1 tbody tr:visible")
    assert lines.count() == 10
    page.locator('.unfold[data-table="table-units-1"]').click()
    assert lines.count() == 12


def test_a_deep_link_shows_its_picture(opened: Callable[..., Page], report: Path) -> None:
    page = opened(report)
    page.locator("#grid button").nth(17).click()
    about, link = page.inner_text("#about"), page.url
    other = opened(report, "#" + link.partition("#")[2])
    assert other.inner_text("#about") == about
    assert other.locator("#viewer").is_visible()
    opened(report, "#picture=0123456789")


def test_a_link_to_a_picture_that_a_filter_hides_shows_it(
    opened: Callable[..., Page], report: Path
) -> None:
    page = opened(report)
    page.select_option("#filter-recipe", "beta")
    page.locator(".pair a").click()
    assert "alpha" in page.inner_text("#about")
    assert page.input_value("#filter-recipe") == ""


def test_both_pictures_have_five_bars_and_a_class_named_script_is_text(
    opened: Callable[..., Page], report: Path
) -> None:
    page = opened(report)
    page.select_option("#filter-class", label="<script>alert(1)</script>")
    for side in ("before", "after"):
        assert 3 <= page.locator(f"#bars-{side} li").count() <= 5
    assert "<script>alert(1)</script>" in page.inner_text("#bars-before")
    assert page.evaluate("document.querySelectorAll('script').length") == 2


def test_tables_unfold(opened: Callable[..., Page], tmp_path: Path) -> None:
    rows = simulated(60, {"alpha": 0.9}, classes=40)
    page = opened(write_report(view(rows), tmp_path)[0])
    lines = page.locator("#table-words tbody tr:visible")
    assert lines.count() == 10
    page.locator('.unfold[data-table="table-words"]').click()
    assert lines.count() == rows[rows["word"] != ""]["word"].nunique() > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_themes(
    opened: Callable[..., Page], report: Path, scheme: str
) -> None:
    page = opened(report, scheme=scheme)
    contrast = """(selector) => {
        const light = (colour) => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((c) => {
                c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const text = light(getComputedStyle(document.querySelector(selector)).color);
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05); }"""
    for selector in ("body", ".method", "small", "nav a", ".pair a", "footer dd"):
        assert page.evaluate(contrast, selector) >= 4.5, selector
    was = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != was


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["report", "explained"])
def test_the_page_never_scrolls_sideways(
    opened: Callable[..., Page], name: str, width: int, request: pytest.FixtureRequest
) -> None:
    page = opened(request.getfixturevalue(name), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_twenty_thousand_predictions_make_a_page_that_works_and_stays_small(
    opened: Callable[..., Page], tmp_path: Path
) -> None:
    rows = simulated(1000, {f"r{i}": 0.1 * i for i in range(10)}, classes=300)
    assert len(rows) > 20_000
    path = write_report(view(rows, picture=photograph), tmp_path)[0]
    assert path.stat().st_size < 5_000_000
    page = opened(path)
    # Elements are what makes a page slow to open.
    assert page.evaluate("document.querySelectorAll('*').length") < 40_000
    page.select_option("#filter-outcome", "flipped")
    assert page.locator("#grid button").count() > 0
    assert "of 20,000 attacked pictures" in page.inner_text("#gallery")


def test_ten_predictions_make_a_page_that_works(
    opened: Callable[..., Page], tmp_path: Path
) -> None:
    rows = simulated(5, {"alpha": 0.5}, replicates=1)
    assert len(rows) == 10
    page = opened(write_report(view(rows), tmp_path)[0])
    assert page.locator("#grid button").count() == 5
    assert page.locator("#charts figure").count() >= 2


AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
FAULTS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    (v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(" | ")}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["report", "explained", "compared", "ranked"])
def test_a_screen_reader_and_a_keyboard_find_their_way(
    opened: Callable[..., Page],
    name: str,
    width: int,
    scheme: str,
    request: pytest.FixtureRequest,
) -> None:
    """No fault that axe-core knows of, at either width and in both themes."""
    page = opened(request.getfixturevalue(name), width=width, scheme=scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(FAULTS) == []
    page.evaluate("document.querySelector('main, body').append(document.createElement('button'))")
    assert [fault.partition(":")[0] for fault in page.evaluate(FAULTS)] == ["button-name"]


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Runs of two models on the same pictures."""
    folder, runs = tmp_path_factory.mktemp("two"), []
    for model, lost in (("weak", 6), ("strong", 2)):
        answers = [
            Answer(str(n), kind, "cat" if n % 2 else "dog",
                   "bus" if kind == "note" and n < 2 * lost else "cat" if n % 2 else "dog",
                   word="bus" if kind == "note" else "", model=model)
            for n in range(16) for kind in ("clean", "note")
        ]  # fmt: skip
        runs.append(write_given(answers, folder / model, name="set", now=NOW).path)
    return runs


NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def compared(two_runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared")
    typoattack.compare(*two_runs, out=out)
    return out / "comparison.html"


@pytest.fixture(scope="module")
def ranked(two_runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ranked")
    typoattack.rank(*two_runs, out=out)
    return out / "rank.html"


@pytest.mark.parametrize("name", ["compared", "ranked"])
def test_other_pages_never_scroll_sideways_on_a_telephone(
    opened: Callable[..., Page], name: str, request: pytest.FixtureRequest
) -> None:
    page = opened(request.getfixturevalue(name), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_there_is_ink_on_white_and_nothing_to_press(
    opened: Callable[..., Page], report: Path
) -> None:
    page = opened(report, scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    for selector in ("nav", "#theme", "#filters", ".turn", "#grid", "thead button::after"):
        if "::" not in selector and page.locator(selector).count():
            assert not page.locator(selector).first.is_visible(), selector
    assert page.locator("#headline").is_visible()
