"""The tables of a run as files, and what every table of it shows."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.figures import FIGURES, Definition
from typoattack.metrics.intervals import DIFFERENCE, Figure
from typoattack.metrics.summaries import RecipeSummary, to_frame
from typoattack.results.schema import CLEAN

NONE = "–"
"""What stands where there is no figure."""


def columns(summaries: Sequence[RecipeSummary]) -> list[Definition]:
    """The figures that a table of `summaries` shows, from the left."""
    shown = [d for d in FIGURES.values() if d.column and _has_column(d, summaries)]
    if not any(s["flip_rate"] or s["accuracy_clean"] for s in summaries):
        # Without clean pictures half of the columns would be empty.
        shown = [d for d in shown if any(s[d.name] for s in summaries)] or shown
    return sorted(shown, key=lambda d: d.column)


def _has_column(definition: Definition, summaries: Sequence[RecipeSummary]) -> bool:
    if definition.name == "says_word":  # stands in where targeted success has nothing to count
        return any(s["says_word"] and not s["targeted_success"] for s in summaries)
    return not definition.if_measured or any(s[definition.name] for s in summaries)


def shown(figure: Figure, definition: Definition) -> str:
    """The value alone: `82.4 %`, `+12.0 pp` for a difference of shares, or a plain number."""
    if not figure:
        return NONE
    if not definition.percent:
        return minus(f"{figure.value:+.3f}")
    if definition.bounds == DIFFERENCE:
        return minus(f"{100 * figure.value:+.1f} pp")
    return percent(figure.value)


def percent(share: float) -> str:
    """A share as a percentage with one decimal; the sign for none where there is none."""
    return f"{100 * share:.1f} %" if share == share else NONE


def shown_interval(figure: Figure, definition: Definition) -> str:
    """The interval alone, in the unit of the value: `[59.0, 93.8]`."""
    if not figure or math.isnan(figure.low):
        return ""
    if not definition.percent:
        return minus(f"[{figure.low:+.3f}, {figure.high:+.3f}]")
    return minus(f"[{100 * figure.low:.1f}, {100 * figure.high:.1f}]")


def minus(text: str) -> str:
    """`text` with real minus signs, and none before a zero."""
    return re.sub(r"-(?=0\.0+(?!\d))", "", text).replace("-", "−")


def has_dagger(one: RecipeSummary, definition: Definition) -> bool:
    """Whether a figure needs the note that it contains what the letters cover."""
    return definition.name == "reading_effect" and one.bare and bool(one["reading_effect"])


def cell(one: RecipeSummary, definition: Definition, between: str = " ") -> str:
    """A figure with its interval, and with the sign for what it is taken against."""
    figure = one[definition.name]
    value = shown(figure, definition) + ("†" if has_dagger(one, definition) else "")
    return between.join(part for part in (value, shown_interval(figure, definition)) if part)


def several(summaries: Sequence[RecipeSummary]) -> list[str]:
    """Which of `model` and `task` differ among `summaries` and so need a column."""
    return [c for c in ("model", "task") if len({getattr(s, c) for s in summaries}) > 1]


def plain_table(title: str, caption: str) -> Table:
    """A table for the terminal without columns yet, its title and caption on the left."""
    table = Table(title=title or None, caption=caption, box=SIMPLE_HEAD, padding=0)
    table.title_justify = table.caption_justify = "left"
    return table


def defence_terminal_table(frame: pd.DataFrame) -> Table:
    """What `typoattack.metrics.defences.defence_table` gives, in percent, for the terminal.

    A defence's column is headed by its name.
    """
    table = Table(title="Flip rate by defence", title_justify="left", box=None, pad_edge=False)
    several_models = frame.index.get_level_values("model").nunique() > 1
    table.add_column("")
    for name in frame.columns:
        table.add_column(str(name), justify="right", overflow="fold")
    for (model, line), row in zip(frame.index, frame.to_numpy(), strict=True):
        head = f"{model}: {line}" if several_models else str(line)
        table.add_row(head, *("" if pd.isna(v) else percent(v) for v in row))
    return table


def caption(summaries: Sequence[RecipeSummary]) -> str:
    """What the signs in a table of `summaries` mean."""
    told = [
        "95 % intervals in brackets",
        "n: photographs right when clean / all photographs",
        "pp: percentage points",
    ]
    if any(has_dagger(s, d) for s in summaries for d in FIGURES.values()):
        told.append("†: written straight onto the photograph, so against the same letters mirrored")
    told += said_groups(summaries)
    return "; ".join(told)


def said_groups(summaries: Sequence[RecipeSummary]) -> list[str]:
    """What intervals know of photographs that belong together; nothing where none do."""
    found = [one for one in summaries if one.family != "control" and one.grouped]
    if not found:
        return []
    fewest = min(found, key=lambda one: one.groups)
    by = max((one.grouped for one in found), key=len)
    for column, name in (("label", "object"), ("sample", "photograph")):
        by = by.replace(column, name)
    return [
        f"intervals by {by}: photographs that share it are not taken for different ones "
        f"(groups: {fewest.groups:,} at least)"
    ]


def under_their_attack(summaries: Sequence[RecipeSummary]) -> list[RecipeSummary]:
    """The controls that stand below their own attack, so that their kind is name enough.

    A control may be run without its attack; below another one its kind alone would be taken for
    that one's.
    """
    there = {(one.task, one.model, one.recipe) for one in summaries if one.family == "attack"}
    return [
        one
        for one in summaries
        if one.family == "control" and (one.task, one.model, one.control_of) in there
    ]


def counts(one: RecipeSummary) -> str:
    """`17/20`: photographs right when clean, of all; of the clean line, all."""
    if one.family == CLEAN:
        return str(one.samples)
    return f"{one['flip_rate'].n}/{one.samples}"


def markdown_table(summaries: Sequence[RecipeSummary]) -> str:
    """The same table in Markdown."""
    definitions = columns(summaries)
    leading = several(summaries)
    heads = [*(c.capitalize() for c in (*leading, "recipe")), "n", *(d.title for d in definitions)]
    lines = [heads, ["---"] * (len(leading) + 1) + ["---:"] * (1 + len(definitions))]
    under = under_their_attack(summaries)
    for one in summaries:
        names = [escape_markdown(str(getattr(one, c))) for c in leading]
        name = f"↳ {escape_markdown(one.control)}" if one in under else escape_markdown(one.recipe)
        cells = [cell(one, d) for d in definitions]
        lines.append([*names, name, counts(one), *cells])
    meanings = "\n".join(f"- *{d.title}*: {d.meaning}" for d in definitions)
    return f"{markdown_lines(lines)}\n{caption(summaries)}.\n\n{meanings}\n"


def markdown_lines(lines: Sequence[Sequence[str]]) -> str:
    """The lines of a table in Markdown, of cells that are escaped already."""
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def escape_markdown(text: str) -> str:
    """`text` with what Markdown or HTML would take for markup made harmless."""
    flat = " ".join(text.split())
    for mark in "\\`*_{}[]|#":
        flat = flat.replace(mark, "\\" + mark)
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "−": "$-$",
    "†": r"\textdagger{}",
}


def latex_escaped(text: str) -> str:
    """`text` as a cell of a LaTeX table, on one line."""
    return "".join(_LATEX.get(c, c) for c in " ".join(text.split()))


def latex_table(summaries: Sequence[RecipeSummary]) -> str:
    """The same table as a LaTeX `tabular` for the package `booktabs`."""
    definitions = columns(summaries)
    leading = several(summaries)
    heads = [*(c.capitalize() for c in (*leading, "recipe")), "$n$"]
    heads += [latex_escaped(d.title) for d in definitions]
    lines = []
    for one in summaries:
        names = [latex_escaped(str(getattr(one, c))) for c in (*leading, "recipe")]
        cells = [latex_escaped(cell(one, d)) for d in definitions]
        lines.append(" & ".join([*names, counts(one), *cells]) + r" \\")
    spec = "l" * (len(leading) + 1) + "r" * (1 + len(definitions))
    rows = "\n".join(lines)
    return (
        f"% {caption(summaries).replace('%', 'per cent')}\n"
        f"\\begin{{tabular}}{{{spec}}}\n\\toprule\n{' & '.join(heads)} \\\\\n\\midrule\n"
        f"{rows}\n\\bottomrule\n\\end{{tabular}}\n"
    )


def write_tables(summaries: Sequence[RecipeSummary], folder: Path) -> list[Path]:
    """Write `summary.csv` (every figure, unrounded), `summary.md` and `summary.tex`.

    Args:
        summaries: what `typoattack.metrics.summaries.summarise` gives.
        folder: must exist; files of these names are replaced, each whole or not at all.

    Returns:
        The files written.

    Raises:
        UserError: if the folder cannot be written.
    """
    texts = {
        "summary.csv": csv_text(to_frame(summaries)),
        "summary.md": markdown_table(summaries),
        "summary.tex": latex_table(summaries),
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode())
    return [folder / name for name in texts]
