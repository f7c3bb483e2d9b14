"""What each figure means."""

from typing import Any

from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import RESAMPLES
from typoattack.report.section import ReportData, section
from typoattack.report.tables import said_groups


@section("meanings", 90, navigation="What it means")
def build(data: ReportData) -> dict[str, Any]:
    """Every figure's definition, and how intervals are made."""
    return {
        "meanings": list(FIGURES.values()),
        "resamples": RESAMPLES,
        "grouped": "; ".join(said_groups(data.view.summaries)),
    }
