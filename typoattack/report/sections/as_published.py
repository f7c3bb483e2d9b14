"""The clean figure that papers print, and how many answers the canvas changes."""

from typing import Any

from typoattack.report.section import ReportData, section


@section("as_published", 25)
def build(data: ReportData) -> dict[str, Any] | None:
    """A line a model; None where it was not asked."""
    return {"as_published": data.view.as_published} if data.view.as_published else None
