"""Whether answers switch more where the word is like them, as Lemesle et al. 2022 ask."""

from typing import Any

from typoattack.metrics.intervals import Figure
from typoattack.metrics.likeness import Likeness
from typoattack.report.section import ReportData, section
from typoattack.report.tables import minus


@section("likeness", 36, navigation="Switching and likeness")
def build(data: ReportData) -> dict[str, Any] | None:
    """A line a model, recipe and kind of likeness; None without the recipe `lemesle2022`."""
    return {"likeness": [_line(one) for one in data.likeness]} if data.likeness else None


def _line(one: Likeness) -> dict[str, Any]:
    return {
        "model": one.model,
        "recipe": one.recipe,
        "kind": one.kind,
        "switched": _mean(one.switched),
        "kept": _mean(one.kept),
        "difference": _difference(one.difference),
        "pictures": one.pictures,
    }


def _mean(value: float) -> str:
    return minus(f"{value:.3f}") if value == value else "–"


def _difference(figure: Figure) -> str:
    if not figure:
        return "–"
    return minus(f"{figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]")
