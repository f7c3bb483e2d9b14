"""One accuracy over clean and attacked pictures together, as papers print it."""

from typing import Any

from typoattack.metrics.all_pictures import all_pictures
from typoattack.report.section import ReportData, section
from typoattack.report.tables import percent


@section("all_pictures", 26)
def build(data: ReportData) -> dict[str, Any] | None:
    """A line a model; None unless there are both clean and given attacked pictures."""
    found = all_pictures(data.view.main, by=data.view.by)
    lines = [
        {
            "model": one.model,
            "accuracy": percent(one.accuracy.value),
            "interval": f"[{100 * one.accuracy.low:.1f}, {100 * one.accuracy.high:.1f}]",
            "clean": one.clean,
            "attacked": one.attacked,
        }
        for one in found
    ]
    return {"all_pictures": lines} if lines else None
