"""Attack by defence, where one was tried."""

from typing import Any

from typoattack.metrics.defences import defence_table
from typoattack.report.section import ReportData, section
from typoattack.report.tables import percent


@section("defences", 60)
def build(data: ReportData) -> dict[str, Any] | None:
    """Heads and lines, in percent; None where no defence was tried."""
    table = defence_table(data.view.summaries, data.view.manifest["models"])
    if table.empty:
        return None
    lines = [
        (str(model), str(line), [percent(v) for v in row])
        for (model, line), row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return {"heads": [str(c) for c in table.columns], "lines": lines}
