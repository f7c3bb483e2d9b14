"""The table of a run for a terminal, in as many columns as it has room for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from typoattack.metrics.figures import FIGURES, Definition
from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.tables import (
    caption,
    cell,
    columns,
    counts,
    plain_table,
    said_groups,
    under_their_attack,
)
from typoattack.results.schema import CLEAN

SIDE_BY_SIDE = 6
"""Models that stand beside one another; more stand one under the other."""

_LONGEST_NAME = 60
"""Characters of a recipe's name that are not broken where a table has any room for them."""

_BESIDE_NAME = 20
"""Characters that the narrowest table needs beside the name."""

_WIDE = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that fits its terminal.

    Attributes:
        head: what stands over it.
        keep: how long it stays where there is less room: the lowest go first, equal ones together.
        left: whether it is read from the left, as words are.
    """

    head: str
    keep: int
    left: bool = False


Cell = Sequence[str]
"""What stands in a cell: beside one another where there is room, else one under the other."""


def fitted_table(
    title: str,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Sequence[Cell], str]],
    width: int,
) -> Table:
    """The widest table of the columns that fits, its names and numbers whole.

    Args:
        title: what stands above it.
        caption: and below; what has no room is named there.
        columns: the first is a name, and always there.
        rows: the cells and the style of each line.
        width: of the terminal in characters.
    """

    def made() -> Iterator[Table]:
        yield _of_columns(title, caption, columns, rows, columns, " ")
        for least in sorted({column.keep for column in columns[1:]}):
            shown = [columns[0], *(one for one in columns[1:] if one.keep >= least)]
            yield _of_columns(title, caption, columns, rows, shown, "\n")
        narrow = _of_columns(title, caption, columns, rows, shown, "\n")
        narrow.columns[0].max_width = max(width - _BESIDE_NAME, 8)
        yield narrow

    return _fitting(made(), width) or _last(made())


def _of_columns(
    title: str,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Sequence[Cell], str]],
    shown: Sequence[Column],
    between: str,
) -> Table:
    left_out = [column.head for column in columns if column not in shown]
    told = [caption, f"no room for {', '.join(left_out)}" if left_out else ""]
    table = plain_table(title, "; ".join(filter(None, told)))
    table.padding = (0, 1, 0, 0) if between == " " else 0
    table.pad_edge = False
    for place, column in enumerate(shown):
        table.add_column(
            column.head.replace(", ", f",{between}"),
            justify="left" if column.left else "right",
            no_wrap=place > 0,
            overflow="fold",
        )
    places = [columns.index(column) for column in shown]
    for cells, style in rows:
        table.add_row(
            *(Text(between.join(part for part in cells[p] if part)) for p in places), style=style
        )
    return table


def terminal_tables(summaries: Sequence[RecipeSummary], width: int) -> list[Table]:
    """A run's figures, each with its interval, controls under the attack that they belong to.

    The intervals stand beside the figures where there is room, under them where not; columns that
    have no room even so are left out, and named. Several models stand side by side with their flip
    rates, or one under the other.

    Args:
        summaries: of one or several models and questions.
        width: of the terminal in characters.
    """
    groups: dict[tuple[str, str], list[RecipeSummary]] = {}
    for one in summaries:
        groups.setdefault((one.task, one.model), []).append(one)
    tasks = list(dict.fromkeys(task for task, _ in groups))
    made: list[Table] = []
    for task in tasks:
        models = {model: own for (asked, model), own in groups.items() if asked == task}
        title = f"question: {task}" if len(tasks) > 1 else ""
        if 1 < len(models) <= SIDE_BY_SIDE:
            beside = _fitting(_models(models, title), width)
            if beside is not None:
                made.append(beside)
                continue
        for model, own in models.items():
            head = " · ".join(part for part in (title, model if len(models) > 1 else "") if part)
            made.append(
                _fitting(_figures(own, head, width), width) or _last(_figures(own, head, width))
            )
    return made or [_last(_figures([], "", width))]


def _fitting(tables: Iterator[Table], width: int) -> Table | None:
    """The first of the tables that fits."""
    console = Console(width=_WIDE)
    for table in tables:
        if Measurement.get(console, console.options, table).maximum <= width:
            return table
    return None


def _last(tables: Iterator[Table]) -> Table:
    *_, table = tables
    return table


def _figures(summaries: Sequence[RecipeSummary], title: str, width: int) -> Iterator[Table]:
    """The tables that there can be of one model, the widest first."""
    every = [d for d in columns(summaries) if not d.name.startswith("accuracy")]
    yield _of_figures(summaries, title, every, every, " ")
    for count in range(len(every), 0, -1):
        yield _of_figures(summaries, title, every[:count], every, "\n")
    narrow = _of_figures(summaries, title, every[:1], every, "\n", narrow=True)
    narrow.columns[0].max_width = max(width - _BESIDE_NAME, 8)
    yield narrow


def _of_figures(
    summaries: Sequence[RecipeSummary],
    title: str,
    chosen: Sequence[Definition],
    every: Sequence[Definition],
    between: str,
    *,
    narrow: bool = False,
) -> Table:
    """To save a column, accuracy has one: clean on the clean line, attacked on the others; a
    narrow table has it on the clean line alone."""
    left_out = [d.title.lower() for d in every if d not in chosen]
    left_out += ["n", "attacked accuracy"] if narrow else []
    told = [caption(summaries), f"no room for {', '.join(left_out)}" if left_out else ""]
    table = _started(title, "; ".join(filter(None, told)), between)
    titles = [d.title.replace(" ", between, 1) for d in chosen]
    for head in (*(() if narrow else ("n", "Accuracy")), *titles):
        table.add_column(head, justify="right", no_wrap=True)
    under = under_their_attack(summaries)
    for one in summaries:
        clean = one.family == CLEAN
        accuracy = FIGURES["accuracy_clean" if clean else "accuracy_attacked"]
        shown = [accuracy if clean else chosen[0]] if narrow else [accuracy, *chosen]
        cells = [cell(one, d, between) for d in shown]
        _add(table, one, cells if narrow else [counts(one), *cells], inside=one in under)
    return table


def _models(models: dict[str, list[RecipeSummary]], title: str) -> Iterator[Table]:
    """The tables that there can be of several models side by side, the widest first."""
    for between in (" ", "\n"):
        yield _of_models(models, title, between)


_SIDE_BY_SIDE = {
    "flip_rate": "flip rate of the photographs right when clean, on the clean line the accuracy",
    "says_word": "share of all pictures that are called what is written on them",
}
"""What stands in a table of several models, and what its caption calls it."""


def _of_models(models: dict[str, list[RecipeSummary]], title: str, between: str) -> Table:
    every = [one for own in models.values() for one in own]
    lines = {(one.control_of or one.recipe, one.recipe): one for one in every}
    by_key = {(one.model, one.recipe): one for one in every}
    under = {one.recipe for one in under_their_attack(every)}
    shown = next((n for n in _SIDE_BY_SIDE if any(s[n] for s in every)), "flip_rate")
    told = [
        _SIDE_BY_SIDE[shown],
        "95 % intervals in brackets",
        "the other figures are in summary.csv and on the page",
        *said_groups(every),
    ]
    table = _started(title, "; ".join(told), between)
    for model in models:
        table.add_column(model.replace(" + ", "\n+ "), justify="right", no_wrap=True)
    for (_, recipe), one in lines.items():
        name = "accuracy_clean" if one.family == CLEAN else shown
        found = [by_key.get((model, recipe)) for model in models]
        cells = [cell(s, FIGURES[name], between) if s else "" for s in found]
        _add(table, one, cells, inside=recipe in under)
    return table


def _started(title: str, told: str, between: str) -> Table:
    table = plain_table(title, told)
    table.padding = (0, 1, 0, 0) if between == " " else 0
    table.pad_edge = False
    table.add_column("Recipe", overflow="fold", max_width=_LONGEST_NAME)
    return table


def _add(table: Table, one: RecipeSummary, cells: Sequence[str], *, inside: bool) -> None:
    """A line; a control `inside`, under its attack, is named by its kind."""
    name = f"  {one.control}" if inside else one.recipe
    table.add_row(
        Text(name), *(Text(c) for c in cells), style="dim" if one.family == "control" else ""
    )
