"""What others report for the run's models, beside its own figures."""

from typing import Any

from typoattack.metrics.published import of_model, read_published
from typoattack.report.section import ReportData, section


@section("published", 80)
def build(data: ReportData) -> dict[str, Any] | None:
    """A table a model that others report on; None without any."""
    found = [told for model in data.view.models if (told := _published(model, data))]
    return {"published": found} if found else None


def _published(model: str, data: ReportData) -> dict[str, Any] | None:
    rows = of_model(model, read_published())
    if not rows:
        return None
    attacks = [s for s in data.view.summaries if s.model == model and s.family == "attack"]
    dataset = data.view.manifest["dataset"]["name"]
    return {
        "model": model,
        "rows": rows,
        "own": [
            (s.recipe, 100 * s["accuracy_clean"].value, 100 * s["accuracy_attacked"].value)
            for s in attacks
            if s["flip_rate"]
        ],
        "protocol": f"zero-shot among {len(data.view.class_names):,} classes on {dataset}",
    }
