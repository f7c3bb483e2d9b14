"""How robust is each model, and at what price? The first thing a reader sees."""

from typing import Any

from markupsafe import Markup

from typoattack.report.charts.base import inline_svg
from typoattack.report.charts.price import PRICE
from typoattack.report.price import PRICE_HEADS, price_cells, reading_lines, tell_price
from typoattack.report.section import ReportData, section


@section("price", 5)
def build(data: ReportData) -> dict[str, Any] | None:
    """A sentence, a picture, and a line a model; None where there is no picture."""
    shown = [chart for chart in data.charts if chart.name.startswith(PRICE)]
    if not shown:
        return None
    found = data.view.prices
    lines = [price_cells(one) for one in found]
    reading = [one.reading for one in found if one.reading is not None]
    return {
        "sentence": tell_price(found),
        "charts": [(chart, Markup(inline_svg(chart))) for chart in shown],
        "columns": [(h, i) for i, h in enumerate(PRICE_HEADS) if any(cells[i] for cells in lines)],
        "lines": lines,
        "reading": reading_lines(reading) if reading else [],
        "candidates": round(1 / reading[0].chance) if reading else 0,
    }
