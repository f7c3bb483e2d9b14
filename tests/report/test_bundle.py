"""A static site of runs in a real browser, on a web server below a path."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import typoattack
from tests.metrics.test_field import given
from typoattack.cards.card import read_card
from typoattack.core.errors import UserError
from typoattack.report.bundle import INDEX, bundle

from .test_browser import CHROMIUM, browser, playwright  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bundle")
    folders = [given(root, model, flips).path for model, flips in (("a", 5), ("b", 25))]
    bundle(*folders, out=root / "host" / "below" / "site")
    return root / "host"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Silent, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/below/site/"
    server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_ranking_leads_to_each_model_and_back_and_asks_nobody_else(
    browser: "playwright.Browser",  # noqa: F811
    address: str,
    width: int,
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    heard: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.goto(address)
    names = page.locator("#headline tbody th a").all_inner_texts()
    assert sorted(names) == ["a", "b"]
    for name in names:
        page.goto(address)
        page.locator("#headline tbody th a", has_text=name).click()
        assert name in page.locator("h1").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="all models").click()
        assert page.url == f"{address}{INDEX}"
    page.close()
    assert all(url.startswith((address, "data:")) for url in asked)
    assert heard == []


def test_each_model_has_its_page_tables_and_card(site: Path) -> None:
    folder = site / "below" / "site" / "models"
    assert sorted(p.name for p in folder.iterdir()) == ["a", "b"]
    for model in ("a", "b"):
        card = read_card(folder / model / "card.json")
        assert [entry["name"] for entry in card["models"]] == [model]
        assert (folder / model / "summary.csv").is_file()


def test_a_run_of_several_models_gives_a_page_to_each(tmp_path: Path) -> None:
    run = typoattack.run(
        "quick",
        model=["mini", "mini-blind"],
        recipes=["printed-label"],
        limit=2,
        reads=2,
        out=tmp_path / "both",
    )
    index = bundle(run, out=tmp_path / "site")
    for model in ("mini", "mini-blind"):
        text = (index.parent / "models" / model / "report.html").read_text()
        assert f"fool {model}?" in text
        assert 'src="data:image/' in text
    with pytest.raises(UserError, match="exists; choose another folder"):
        bundle(run, out=tmp_path / "site")


def test_one_model_alone_is_the_first_page(tmp_path: Path) -> None:
    index = bundle(given(tmp_path, "alone", 5).path, out=tmp_path / "site")
    assert index.is_file()
    assert "all models" not in index.read_text()
    assert not (index.parent / "models").exists()


def test_nothing_is_left_where_a_run_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        bundle(given(tmp_path, "a", 5).path, tmp_path / "nothing", out=tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_models_of_names_that_read_alike_keep_their_own_pages(tmp_path: Path) -> None:
    names = ("x-2", "x", "X", "…")
    folders = [given(tmp_path, name, 5 + n).path for n, name in enumerate(names)]
    index = bundle(*folders, out=tmp_path / "site")
    pages = sorted((index.parent / "models").glob("*/report.html"))
    assert len(pages) == len(names)
    titles = {page.read_text().partition("<h1>")[2].partition("</h1>")[0] for page in pages}
    assert len(titles) == len(names)
