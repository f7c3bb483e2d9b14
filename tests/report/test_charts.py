"""The charts draw, at both widths, whatever names hold."""

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from made_tables import simulated, table
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import summarise_outcomes
from typoattack.report.charts import charts
from typoattack.report.charts.base import (
    PAGE_STYLE,
    PAGE_WIDTH,
    PAPER_WIDTH,
    PNG_DPI,
    STYLE,
    Chart,
    inline_svg,
    write_charts,
)

COLOURS = ["red", "green", "blue", "black", "white", "grey"]
SIZES = {f"printed-label(size={s})": s for s in (0.1, 0.2, 0.4)}
BLANKS = {f"blank-label(printed-label(size={s}))": 0.05 for s in (0.1, 0.2, 0.4)}


def _charts(**given: object) -> list[Chart]:
    counted = outcomes(simulated(20, SIZES | BLANKS, classes=6, **given))  # type: ignore[arg-type]
    return charts(summarise_outcomes(counted), counted, lambda _: COLOURS)


def _drawn(counted: pd.DataFrame) -> list[Chart]:
    return charts(summarise_outcomes(counted, resamples=50), counted, lambda _: COLOURS)


def _names(made: list[Chart]) -> list[str]:
    return [chart.name for chart in made]


def test_a_run_with_a_sweep_and_few_classes_has_every_chart() -> None:
    expected = ["flip-rate", "fate", "coverage", "dose-printed-label-size", "word-matrix"]
    assert _names(_charts()) == expected


def test_many_models_are_spread_over_charts() -> None:
    names = _names(_charts(models=[f"m{i}" for i in range(8)], replicates=1))
    assert {"flip-rate-1", "flip-rate-2", "dose-printed-label-size-2"} <= set(names)
    assert len(names) == len(set(names))


def test_many_classes_have_no_stroop_matrix() -> None:
    counted = outcomes(simulated(60, classes=40))
    made = charts(summarise_outcomes(counted), counted, lambda _: [f"c{i}" for i in range(40)])
    assert "word-matrix" not in _names(made)


def test_the_files_fit_a_papers_column(tmp_path: Path) -> None:
    made = _charts()
    written = write_charts(made, tmp_path)
    assert len(written) == 2 * len(made)
    for path in written:
        if path.suffix == ".png":
            assert Image.open(path).width / PNG_DPI == pytest.approx(PAPER_WIDTH, abs=0.01)
        else:
            ET.fromstring(path.read_text("utf-8"))


@pytest.mark.parametrize("width", [PAPER_WIDTH, PAGE_WIDTH])
def test_nothing_is_cut_off(width: float) -> None:
    for chart in _charts(models=["ViT-B-32/laion2b_s34b_b79k", "mini"], replicates=1):
        with mpl.rc_context(STYLE | (PAGE_STYLE if width == PAGE_WIDTH else {})):
            canvas = chart.draw(width)
            FigureCanvasAgg(canvas).draw()
            assert canvas.get_tightbbox().x1 <= width + 0.005, chart.name


def test_the_page_gets_text_and_its_own_colours_and_ids() -> None:
    made = _charts()
    svgs = [inline_svg(chart) for chart in made]
    assert "var(--series-1)" in svgs[0]
    assert ">flip rate</text>" in svgs[0]
    assert not re.search(r"#[0-9a-f]{6}", svgs[0])
    ids = [name for svg in svgs for name in re.findall(r'\bid="([^"]+)"', svg)]
    used = [name for svg in svgs for name in re.findall(r'(?:url\(#|href="#)([^)"]+)', svg)]
    assert set(used) <= set(ids)
    starts = {chart.name for chart in made}
    assert all(any(name.startswith(start) for start in starts) for name in ids)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a & b $x^2$", "سلام", "🐈", "x" * 10_000, "a\nb\x00", ""]
)
def test_any_name_is_drawn_as_text(name: str) -> None:
    counted = outcomes(
        table(*({"recipe": f"{name}{i}", "sample": f"{i}", "predicted": i % 2} for i in range(3)))
    )
    for chart in charts(summarise_outcomes(counted), counted, lambda _: [name, "other"]):
        svg = inline_svg(chart)
        assert "<script>" not in svg
        assert len(svg) < 100_000
        ET.parse(io.StringIO(svg.replace("xlink:href", "href")))


def test_what_becomes_of_right_answers_is_drawn_as_the_figures_say() -> None:
    pictures = [{"sample": f"{i}", "predicted": now} for i, now in enumerate([0, 0, 0, 1, 1, 5])]
    counted = outcomes(table(*pictures))
    (fate,) = (c for c in _drawn(counted) if c.name == "fate")
    (axis,) = fate.draw(PAGE_WIDTH).axes
    widths = {bars.get_label(): bars.patches[0].get_width() for bars in axis.containers}
    assert widths == {
        "still right": pytest.approx(3 / 6),
        "called the word": pytest.approx(2 / 6),
        "called something else": pytest.approx(1 / 6),
    }
    starts = [bars.patches[0].get_x() for bars in axis.containers]
    assert starts == pytest.approx([0, 3 / 6, 5 / 6])


def test_recipes_of_equal_flip_rate_stand_by_name() -> None:
    recipes = ["c", "a", "b"]
    counted = outcomes(table(*({"recipe": r, "predicted": 1} for r in recipes)))
    (rates,) = (c for c in _drawn(counted) if c.name == "flip-rate")
    (axis,) = rates.draw(PAGE_WIDTH).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == sorted(recipes)


def test_nothing_to_show_is_no_chart() -> None:
    counted = outcomes(table({"clean_predicted": 5, "target": -1}))
    assert charts(summarise_outcomes(counted), counted, lambda _: ["a", "b"]) == []


def _texts(chart: Chart) -> list[str]:
    with mpl.rc_context(STYLE):
        return [text.get_text() for text in chart.draw(PAGE_WIDTH).legends[0].get_texts()]


def test_a_recipe_has_one_number_in_the_charts_of_all_models() -> None:
    counted = outcomes(simulated(20, SIZES | BLANKS, classes=6, models=["a", "b"]))
    charted = [one for one in _drawn(counted) if one.name.startswith("coverage")]
    assert len(charted) == 2
    assert _texts(charted[0]) == _texts(charted[1])


def test_the_sweep_with_all_else_by_default_is_in_the_legend() -> None:
    sizes = {f"printed-label(size={s}{more})": 0.5
             for s in (0.1, 0.2, 0.4) for more in ("", ', font="courier-prime"')}  # fmt: skip
    counted = outcomes(simulated(20, sizes, classes=6))
    (dose,) = [one for one in _drawn(counted) if one.name.startswith("dose")]
    assert _texts(dose) == ["all else as by default", "font=courier-prime"]
