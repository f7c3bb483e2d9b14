"""A section of the page is one file with its template beside it, from outside too."""

import importlib.util
import re
from pathlib import Path

import pytest
from made_runs import view
from made_tables import simulated

from typoattack.core.errors import UserError
from typoattack.report.page import write_report
from typoattack.report.section import SECTIONS, in_order, section

CODE = """
from typoattack.report.section import ReportData, section

@section("weather", 55, navigation="Weather")
def build(data: ReportData) -> dict[str, object] | None:
    return {"told": f"<{len(data.view.summaries)} lines>"} if data.charts else None
"""


@pytest.fixture(autouse=True)
def _own_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(SECTIONS, "_parts", dict(SECTIONS))


def _plugin(folder: Path) -> None:
    (folder / "weather.py").write_text(CODE)
    (folder / "weather.html").write_text(
        '<section id="weather"><h2>{{ told }}</h2>{{ manifest.suite }}</section>\n'
    )
    spec = importlib.util.spec_from_file_location("weather", folder / "weather.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_a_section_from_outside_stands_in_its_place_and_in_the_navigation(tmp_path: Path) -> None:
    _plugin(tmp_path)
    text = write_report(view(simulated(4)), tmp_path)[0].read_text("utf-8")
    assert '<section id="weather"><h2>&lt;3 lines&gt;</h2>quick</section>' in text
    assert '<a href="#weather">Weather</a><a href="#meanings">' in text
    parts = re.findall(r'<section id="(\w+)"', text)
    assert parts[parts.index("weather") - 1 :][:3] == ["breakdowns", "weather", "meanings"]


def test_a_section_that_has_nothing_to_say_is_left_out(tmp_path: Path) -> None:
    _plugin(tmp_path)
    rows = simulated(4)
    text = write_report(view(rows[rows["family"] == "clean"]), tmp_path)[0].read_text("utf-8")
    assert "weather" not in text


def test_the_sections_of_the_page_stand_in_their_order() -> None:
    assert [one.name for one in in_order()] == [
        *("header", "price", "story", "recipes", "as_published", "all_pictures", "charts"),
        *("budget", "facts", "likeness", "gallery", "breakdowns", "defences", "units"),
        *("published", "meanings", "provenance"),
    ]
    for one in in_order():
        assert one.template.is_file(), one.name
        assert not one.navigation or f'id="{one.name}"' in one.template.read_text("utf-8")


def test_two_sections_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="'gallery' is registered twice"):
        section("gallery", 1)(lambda data: None)
