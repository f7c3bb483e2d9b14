"""What the page is about."""

from typing import Any

from typoattack.report.section import ReportData, section


@section("header", 0, place="header")
def build(data: ReportData) -> dict[str, Any]:
    """The models' names; the suite and its question stand in the manifest."""
    return {"models": data.view.models}
