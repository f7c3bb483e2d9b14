"""The figures, drawn into the page."""

from typing import Any

from markupsafe import Markup

from typoattack.report.charts.base import inline_svg
from typoattack.report.charts.price import PRICE
from typoattack.report.section import ReportData, section


@section("charts", 30, navigation="Figures")
def build(data: ReportData) -> dict[str, Any]:
    """Each chart with its SVG."""
    below = [chart for chart in data.charts if not chart.name.startswith(PRICE)]  # at the top
    return {"charts": [(chart, Markup(inline_svg(chart))) for chart in below]}
