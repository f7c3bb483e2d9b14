"""What `rank_field` found: for the terminal, as CSV, Markdown, LaTeX and JSON, and as a page."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from rich.table import Table

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.field import (
    FIGURES_SHOWN,
    Against,
    Field,
    Placed,
    rank_field,
    read_field,
)
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import NOTHING, Figure
from typoattack.metrics.paired import ALPHA
from typoattack.metrics.ranking import LEAST_RIGHT, LEAST_RIGHT_SHARE
from typoattack.report.charts.base import Chart, inline_svg, write_charts
from typoattack.report.charts.field import field_charts
from typoattack.report.html import render_template
from typoattack.report.provenance import provenance
from typoattack.report.run import Run
from typoattack.report.tables import (
    NONE,
    escape_markdown,
    latex_escaped,
    markdown_lines,
    minus,
    percent,
)
from typoattack.report.terminal import Column, fitted_table

PAGE = "rank.html"
READS = "Reads"
"""Heads the column on word-only pictures."""


def rank(
    *runs: Run | str | Path,
    figure: str = "flip_rate",
    baseline: str = "",
    out: str | Path | None = None,
    by: str = AUTO,
) -> Field:
    """A field of models: each one's place, and which are not told apart.

    Args:
        runs: runs or their folders; a run may hold several models.
        figure: what they are ranked by, such as `accuracy_attacked`.
        baseline: a model that all others are held against, beside the best; none if empty.
        out: a folder for the page, the tables and the charts; none is written if None.
        by: what photographs belong together by: `auto`, `none`, or a column.

    Raises:
        UserError: for runs that cannot be set side by side; the difference is named.
    """
    folders = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    found = rank_field(read_field(folders, figure, by), figure=figure, baseline=baseline, by=by)
    if out is not None:
        write_field(found, Path(out))
    return found


def tell_field(found: Field) -> list[str]:
    """The ranking in sentences."""
    placed = [one for one in found.models if one.rank.place is not None]
    if not placed:
        return ["No model has a place.", *found.notes]
    alike = [one.rank.name for one in placed if one.group == 1]
    first = placed[0].rank.name
    told = []
    if len(alike) == len(placed):
        told.append(f"None of the {len(placed)} models with a place is told apart from {first}.")
    elif len(alike) == 1:
        told.append(f"{first} is the most robust, told apart from all others with a place.")
    else:
        others = ", ".join(alike[1:4]) + (f" and {len(alike) - 4} more" if len(alike) > 4 else "")
        told.append(f"{first} comes first; it is not told apart from {others}.")
    return [*told, *found.notes]


def _score(one: Placed) -> str:
    if one.rank.place is None:
        return NONE
    return _shown(one.rank.score)


def _shown(figure: Figure) -> str:
    if not figure:
        return NONE
    ends = f"[{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
    return minus(f"{percent(figure.value)} {ends}")


def _places(one: Placed) -> str:
    low, high = one.rank.low, one.rank.high
    return NONE if low is None else str(low) if low == high else f"{low} to {high}"


def _against(one: Against | None) -> str:
    if one is None:
        return NONE
    d = one.difference
    value = minus(f"{100 * d.value:+.1f} pp [{100 * d.low:.1f}, {100 * d.high:.1f}]")
    return f"{value}{'*' if one.apart else ''}"


def _heads(found: Field) -> list[str]:
    title = FIGURES[found.figure].title
    heads = ["Place", "Group", "Model", f"{title}, common", "n", "Place, 95 %", "Less the best"]
    heads += [f"Less {found.baseline}"] if found.baseline else []
    heads += [FIGURES[name].title for name in FIGURES_SHOWN]
    return [*heads, *([READS] if _asked_to_read(found) else [])]


def _asked_to_read(found: Field) -> bool:
    return any(one.reading is not None for one in found.models)


def _cells(one: Placed, found: Field) -> list[str]:
    rank = one.rank
    cells = [
        NONE if rank.place is None else str(rank.place),
        NONE if one.group is None else str(one.group),
        rank.name,
        _score(one),
        NONE if rank.place is None else str(rank.score.n),
        _places(one),
        _against(one.best),
        *([_against(one.baseline)] if found.baseline else []),
    ]
    cells += [_shown(one.figures[name]) for name in FIGURES_SHOWN]
    reads = one.reading.reads if one.reading else NOTHING
    return [*cells, *([_shown(reads)] if _asked_to_read(found) else [])]


def caption(found: Field) -> str:
    """What the table's columns are."""
    by = found.grouped.replace("label", "object")
    told = [
        "Common: the mean over attacks on the n photographs that count for all models with a "
        f"place; a place needs {LEAST_RIGHT} photographs right when clean and "
        f"{100 * LEAST_RIGHT_SHARE:.0f} % of them",
        "models of one group are not told apart from its first",
        "less: on the same photographs",
        f"*: p < {ALPHA}, paired by photograph, Holm-adjusted over the field",
        *(
            ["reads: the share of word-only pictures whose word the model picks"]
            * _asked_to_read(found)
        ),
        "the other figures are on each model's own photographs, over all attacks",
        "the uncertainty is that of the photographs, not of the choice of attacks",
        *([f"intervals by {by}"] if by else []),
        *(
            ["but for the common figure and the place: those take words as they are"]
            * ("word" in by)
        ),
    ]
    return "; ".join(told)


_KEEP = (9, 6, 0, 8, 0, 4, 7, 5)
"""How long the columns of `_heads` stay on a narrow terminal, but for the model's name, which is
first there; 0 is left to the page. Those behind stay as the last but one."""


def terminal_field(found: Field, width: int) -> Table:
    """The table for the terminal: places, and what each model's figures are.

    Args:
        found: the field.
        width: of the terminal in characters.
    """
    heads, name = _heads(found), 2
    keep = dict(enumerate(_KEEP[: 7 + bool(found.baseline)]))
    beside = [FIGURES[FIGURES_SHOWN[0]].title, READS]
    keep |= {heads.index(head): 3 for head in beside if head in heads}
    shown = [place for place, long in keep.items() if long]
    columns = [Column(heads[name], 10, left=True), *(Column(heads[p], keep[p]) for p in shown)]
    rows = []
    for one in found.models:
        cells = _cells(one, found)
        rows.append(([cells[p].replace(" [", "\n[").split("\n") for p in (name, *shown)], ""))
    return fitted_table("The most robust first", caption(found), columns, rows, width)


def field_frame(found: Field) -> pd.DataFrame:
    """One line a model, unrounded; no place where a model has none."""
    lines = []
    for one in found.models:
        rank = one.rank
        line: dict[str, Any] = {
            "place": rank.place,
            "group": one.group,
            "model": rank.name,
            f"common_{found.figure}": rank.score.value,
            "low": rank.score.low,
            "high": rank.score.high,
            "n": rank.score.n,
            "place_low": rank.low,
            "place_high": rank.high,
            "first": rank.first,
            "right_when_clean": rank.right,
            "photographs": rank.photographs,
            "reason": rank.reason,
        }
        for name, against in (("best", one.best), ("baseline", one.baseline)):
            line |= {
                f"less_{name}": against.difference.value if against else math.nan,
                f"less_{name}_low": against.difference.low if against else math.nan,
                f"less_{name}_high": against.difference.high if against else math.nan,
                f"less_{name}_p": against.p_holm if against else math.nan,
            }
        reads = one.reading.reads if one.reading else NOTHING
        for name, figure in (*one.figures.items(), ("reads", reads)):
            line |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        lines.append(line | {"run": one.folder})
    whole = dict.fromkeys(("place", "group", "place_low", "place_high"), "Int64")
    frame: pd.DataFrame = pd.DataFrame(lines).astype(whole)
    return frame


def recipes_frame(found: Field) -> pd.DataFrame:
    """The ranked figure of each model under each attack, on the model's own photographs."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "model": one.rank.name,
                "recipe": recipe,
                found.figure: figure.value,
                "low": figure.low,
                "high": figure.high,
                "n": figure.n,
            }
            for one in found.models
            for recipe, figure in one.recipes.items()
        ]
    )
    return frame


def markdown_field(found: Field) -> str:
    """The table in Markdown."""
    heads = _heads(found)
    rows = [[escape_markdown(cell) for cell in _cells(one, found)] for one in found.models]
    lines = [[escape_markdown(h) for h in heads], ["---"] * len(heads), *rows]
    notes = "".join(f"- {escape_markdown(told)}\n" for told in tell_field(found))
    return f"{markdown_lines(lines)}\n{caption(found)}.\n\n{notes}"


def latex_field(found: Field) -> str:
    """The table in LaTeX, with booktabs' rules."""

    def line(cells: Sequence[str]) -> str:
        return " & ".join(latex_escaped(cell) for cell in cells) + r" \\"

    kinds = "".join("l" if head == "Model" else "r" for head in _heads(found))
    rows = [line(_cells(one, found)) for one in found.models]
    parts = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", line(_heads(found)), r"\midrule"]
    parts += [*rows, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(parts) + "\n"


def json_field(found: Field) -> str:
    """Everything that the tables hold, for programs; null where there is no number."""
    table, recipes = (
        json.loads(frame.to_json(orient="records", double_precision=15))
        for frame in (field_frame(found), recipes_frame(found))
    )
    told = {"figure": found.figure, "grouped": found.grouped, "baseline": found.baseline}
    shared = {key: found.manifest[key] for key in ("suite", "question", "comparable")}
    whole = told | {"shared": shared, "models": table, "recipes": recipes, "notes": found.notes}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def write_field(
    found: Field, folder: Path, *, page: str = PAGE, links: Mapping[str, str] | None = None
) -> list[Path]:
    """Write a ranking as a page, tables and charts.

    Writes `rank.html`, `rank.csv`, `rank.md`, `rank.tex`, `rank.json`, `recipes.csv`,
    `correlation.csv`, and charts as SVG and PNG under `figures`.

    Args:
        found: what `typoattack.metrics.field.rank_field` found.
        folder: made if need be.
        page: the name of the page's file.
        links: where the page finds that of a model, by name; none if None.

    Returns:
        The files written but for charts, the page first.
    """
    make_folder(folder)
    made = field_charts(found)
    texts: dict[str, Callable[[], str]] = {
        page: lambda: _page(found, made, links or {}),
        "rank.csv": lambda: csv_text(field_frame(found)),
        "rank.md": lambda: markdown_field(found),
        "rank.tex": lambda: latex_field(found),
        "rank.json": lambda: json_field(found),
        "recipes.csv": lambda: csv_text(recipes_frame(found)),
        "correlation.csv": lambda: csv_text(found.correlation, index=True),
    }
    for name, text in texts.items():
        write_whole(folder / name, text().encode("utf-8", "replace"))
    write_charts(made, folder / "figures")
    return [folder / name for name in texts]


def _page(found: Field, made: Sequence[Chart], links: Mapping[str, str]) -> str:
    keys = ["place", "group", None, f"common_{found.figure}", "n", "place_low", "less_best"]
    keys += ["less_baseline"] if found.baseline else []
    keys += [*FIGURES_SHOWN, *(["reads"] if _asked_to_read(found) else [])]
    frame = field_frame(found)
    lines = [
        list(zip(_cells(one, found), _sorts(row, keys), strict=True))
        for one, row in zip(found.models, frame.to_dict("records"), strict=True)
    ]
    return render_template(
        "rank.html",
        found=found,
        title=FIGURES[found.figure].title,
        meaning=FIGURES[found.figure].meaning,
        robust=FIGURES[found.figure].more_robust,
        heads=_heads(found),
        lines=lines,
        links=links,
        story=tell_field(found),
        caption=caption(found),
        charts=[(chart, Markup(inline_svg(chart))) for chart in made],
        provenance=[pair for pair in provenance(found.manifest) if pair[0] not in _OF_ONE_RUN],
        model_notes=_notes(found),
    )


_OF_ONE_RUN = ("Command", "Model", "Settings", "Started")


def _notes(found: Field) -> dict[str, list[str]]:
    """What must be said of models' figures, each note once with the models it is about."""
    notes: dict[str, list[str]] = {}
    for one in found.models:
        if one.note:
            notes.setdefault(one.note, []).append(one.rank.name)
    return notes


def _sorts(row: dict[Any, Any], keys: Sequence[str | None]) -> list[str]:
    """What a column sorts a line by; empty where it has nothing."""
    values = [row[key] if key else row["model"] for key in keys]
    return ["" if pd.isna(value) else str(value) for value in values]
