"""How robust a model is and at what price: in a sentence, and as a table."""

import math
from collections.abc import Sequence

import pandas as pd

from typoattack.metrics.intervals import Figure
from typoattack.metrics.reading import SORTS, Corner, Price, Reading, by_corner
from typoattack.report.story import listed
from typoattack.report.tables import minus, percent


def tell_price(found: Sequence[Price]) -> str:
    """One sentence on all models of a run; empty if there is none."""
    if not found:
        return ""
    if len(found) == 1:
        return _of_one(found[0])
    asked = [one for one in found if one.reading is not None]
    if not asked:
        best, worst = (choose(found, key=lambda p: p.kept.value) for choose in (max, min))
        return (
            f"Of {len(found)} models {best.model} keeps the most of its right answers under attack "
            f"({_share(best.kept)}) and {worst.model} the fewest ({_share(worst.kept)}); whether "
            "they read was not asked."
        )
    shown = {one.model: _in_brief(one) for one in asked}
    told = "; ".join(
        f"{listed([shown[name] for name in names])} {_many(corner, names)}"
        for corner, names in by_corner(found)
    )
    return f"Of {len(found)} models, {told}."


def _of_one(one: Price) -> str:
    kept = (
        f"keeps {_share(one.kept)} of its right answers under attack (over {one.attacks} attacks)"
        if one.attacks > 1
        else f"keeps {_share(one.kept)} of its right answers under the attack"
    )
    right = f"is right on {_share(one.clean)} of clean photographs"
    if one.reading is None or one.corner is None:
        return f"{one.model} {right} and {kept}; whether it reads was not asked."
    return (
        f"{one.model} {right}, {kept}, and reads {_share(one.reading.reads)} of words alone, where "
        f"guessing reads {100 * one.reading.chance:.0f} %: it {one.corner.value}."
    )


def _in_brief(one: Price) -> str:
    reads = one.reading.reads.value if one.reading else math.nan
    return f"{one.model} ({100 * reads:.0f} % read, {100 * one.kept.value:.0f} % kept)"


def _share(figure: Figure) -> str:
    value, low, high = (f"{100 * x:.0f}" for x in (figure.value, figure.low, figure.high))
    return f"{value} % [{low}, {high}]"


def _many(corner: Corner, names: Sequence[str]) -> str:
    """A corner as the end of a sentence about one model or several."""
    if len(names) == 1:
        return corner.value
    plural = corner.value.replace("reads", "read").replace("does not", "do not")
    plural = plural.replace("is not", "are not").replace("is misled", "are misled")
    return plural.replace("falls", "fall").replace("lies", "lie")


def price_cells(one: Price) -> list[str]:
    """Model, kept, clean accuracy, reading, and what a defence costs in both, as shown."""
    lost = minus(f"{100 * one.lost.value:+.1f} pp") if one.lost else ""
    unread = "" if math.isnan(one.unread) else minus(f"{100 * one.unread:+.1f} pp")
    return [
        one.model,
        _cell(one.kept),
        _cell(one.clean),
        _cell(one.reading.reads) if one.reading else "",
        lost,
        unread,
    ]


PRICE_HEADS = (
    "Model",
    "Right answers kept",
    "Clean accuracy",
    "Reads",
    "Accuracy lost",
    "Reading lost",
)


def _cell(figure: Figure) -> str:
    return minus(f"{percent(figure.value)} [{100 * figure.low:.1f}, {100 * figure.high:.1f}]")


def price_frame(found: Sequence[Price]) -> pd.DataFrame:
    """One line a model, unrounded: shares 0 to 1, and the corner in words."""
    lines = []
    for one in found:
        reads = one.reading.reads if one.reading else None
        line: dict[str, object] = {"model": one.model, "attacks": one.attacks}
        for name, figure in (("kept", one.kept), ("accuracy_clean", one.clean), ("reads", reads)):
            parts = ("value", "low", "high", "n")
            values = {p: getattr(figure, p) if figure else math.nan for p in parts}
            line |= {name: values.pop("value")} | {f"{name}_{p}": v for p, v in values.items()}
        line |= {
            "chance": one.reading.chance if one.reading else math.nan,
            "corner": one.corner.value if one.corner else "",
            "undefended": one.undefended,
            "accuracy_lost": one.lost.value,
            "reading_lost": one.unread,
        }
        lines.append(line)
    frame: pd.DataFrame = pd.DataFrame(lines)
    return frame


def reading_lines(found: Sequence[Reading]) -> list[tuple[str, list[str]]]:
    """Heads and cells of what is read best: a line a model, a column a sort of picture."""
    kinds = [
        (sort, value)
        for sort in SORTS
        for value in dict.fromkeys(value for one in found for value in one.by[sort])
    ]
    lines = [("Model", [f"{value}{' letters' * (sort == 'size')}" for sort, value in kinds])]
    for one in found:
        cells = [_cell(one.by[s][v]) if v in one.by[s] else "" for s, v in kinds]
        lines.append((one.model, cells))
    return lines
