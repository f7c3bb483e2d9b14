"""What the page is about."""

from typing import Any

from typoattack.report.section import ReportData, section
from typoattack.report.story import listed


@section("header", 0, place="header")
def build(data: ReportData) -> dict[str, Any]:
    """Who is asked; the suite and its question stand in the manifest."""
    models = data.view.models
    return {"asked": listed(models) if len(models) <= 3 else f"{len(models)} models"}
