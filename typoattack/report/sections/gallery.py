"""The pictures, clean beside attacked; the page's script fills them in."""

from typing import Any

from typoattack.report.section import ReportData, section


@section("gallery", 40, navigation="Pictures")
def build(data: ReportData) -> dict[str, Any]:
    """The gallery, and what its filters offer."""
    return {
        "gallery": data.gallery,
        "models": data.view.models,
        "explained": any("behind" in row for row in data.gallery.data["rows"]),
    }
