"""Where the figures come from, and how to repeat the run."""

from typing import Any

from typoattack.report.provenance import provenance
from typoattack.report.section import ReportData, section


@section("provenance", 100, navigation="Provenance", place="footer")
def build(data: ReportData) -> dict[str, Any]:
    """The lines of the foot."""
    return {"provenance": provenance(data.view.manifest)}
