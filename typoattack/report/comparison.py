"""What `compare` found: for the terminal, and as CSV, Markdown and a page with pictures."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from typoattack.core.files import write_whole
from typoattack.metrics.comparison import ALPHA, Comparison, Entrant, Pairing
from typoattack.metrics.figures import FIGURES, Definition
from typoattack.metrics.ranking import Rank
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.report.provenance import provenance
from typoattack.report.story import model_notes
from typoattack.report.tables import (
    escape_markdown,
    markdown_lines,
    minus,
    percent,
    plain_table,
)
from typoattack.report.view import task_names
from typoattack.results.pictures import Painter, no_pictures

PAGE = "comparison.html"
MOST_CHANGED = 60
"""Changed pictures on the page at most; `changed.csv` has them all."""


def definition(found: Comparison) -> Definition:
    """What the compared figure means."""
    return FIGURES[found.figure]


def pairings_frame(found: Comparison) -> pd.DataFrame:
    """One line a pair of models and recipe, unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "task": one.task,
                "recipe": one.recipe,
                "family": one.family,
                "a": one.a,
                "b": one.b,
                "n": one.difference.n,
                f"{found.figure}_a": one.rate_a,
                f"{found.figure}_b": one.rate_b,
                "difference": one.difference.value,
                "difference_low": one.difference.low,
                "difference_high": one.difference.high,
                "more_a": one.more_a,
                "more_b": one.more_b,
                "p": one.p,
                "p_holm": one.p_holm,
            }
            for one in found.pairings
        ]
    )
    return frame


def ranking_frame(found: Comparison) -> pd.DataFrame:
    """One line a model, the most robust first."""
    columns = ["place", "model", found.figure, "low", "high", "n", "place_low", "place_high"]
    lines = [
        [r.place, r.name, r.score.value, r.score.low, r.score.high, r.score.n, r.low, r.high]
        for r in found.ranking
    ]
    frame: pd.DataFrame = pd.DataFrame(lines, columns=columns)
    frame["first"] = [r.first for r in found.ranking]
    return frame


def verdict(one: Pairing, figure: str) -> str:
    """Who is more robust under a recipe, as far as the numbers say; empty for a control."""
    if math.isnan(one.p):
        return ""
    if not one.established:
        return "not told apart"
    lower_b = one.difference.value < 0
    better_b = lower_b == (FIGURES[figure].more_robust == "lower")
    return f"{one.b if better_b else one.a} is more robust"


def _difference(one: Pairing, between: str) -> str:
    d = one.difference
    value = f"{100 * d.value:+.1f} pp"
    return minus(f"{value}{between}[{100 * d.low:.1f}, {100 * d.high:.1f}]")


def shown_p(p: float) -> str:
    """A p-value for a reader: three decimals, and no false zero."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def terminal_tables(found: Comparison) -> list[Table]:
    """A table of pairings, and one of ranks where there are more than two models."""
    title = definition(found).title
    many = len(found.names) > 2
    table = plain_table(f"{title} on the same pictures", _CAPTION)
    table.add_column("Recipe", overflow="fold", min_width=12)
    if many:
        table.add_column("A")
        table.add_column("B")
    names = ("A", "B") if many else found.names
    for head in ("n", *names, "Difference", "p (Holm)", "Verdict"):
        table.add_column(head, justify="left" if head == "Verdict" else "right", overflow="fold")
    for one in found.pairings:
        cells = [one.recipe, *([one.a, one.b] if many else []), str(one.difference.n)]
        cells += [percent(one.rate_a), percent(one.rate_b), _difference(one, "\n")]
        cells += [shown_p(one.p_holm), verdict(one, found.figure)]
        table.add_row(*map(Text, cells), style="dim" if one.family == "control" else "")
    return [table, _ranking_table(found)] if many and found.ranking else [table]


_CAPTION = (
    "Difference: second minus first, with its 95 % interval; n: photographs that count for both; "
    f"p: exact McNemar, one vote a photograph, Holm-adjusted; told apart: p < {ALPHA}"
)


def _ranking_table(found: Comparison) -> Table:
    table = plain_table("Ranking, the most robust first", _RANKING)
    for head in ("Place", "Model", definition(found).title, "Place, 95 %", "First in"):
        table.add_column(head, justify="left" if head == "Model" else "right", overflow="fold")
    for r in found.ranking:
        table.add_row(*map(Text, _ranking_cells(r)))
    return table


_RANKING = (
    "Mean over attacks; the uncertainty is that of the photographs, not of the choice of attacks"
)


def _ranking_cells(r: Rank) -> list[str]:
    score = f"{percent(r.score.value)} [{100 * r.score.low:.1f}, {100 * r.score.high:.1f}]"
    places = str(r.low) if r.low == r.high else f"{r.low} to {r.high}"
    return [str(r.place), r.name, score, places, f"{100 * r.first:.0f} % of resamples"]


def markdown(found: Comparison) -> str:
    """The comparison in Markdown."""
    d = definition(found)
    heads = ["Recipe", "A", "B", "n", f"{d.title} A", f"{d.title} B", "B − A", "p", "p (Holm)"]
    lines = [heads, ["---"] * 3 + ["---:"] * 6]
    for one in found.pairings:
        names = [escape_markdown(x) for x in (one.recipe, one.a, one.b)]
        rates = [str(one.difference.n), percent(one.rate_a), percent(one.rate_b)]
        tests = [_difference(one, " "), shown_p(one.p), shown_p(one.p_holm)]
        lines.append([*names, *rates, *tests])
    text = markdown_lines(lines) + f"\n{_CAPTION}.\n\n*{d.title}*: {d.meaning}\n"
    if found.ranking:
        heads = ["Place", "Model", d.title, "Place, 95 %", "First in"]
        rows = [[escape_markdown(c) for c in _ranking_cells(r)] for r in found.ranking]
        text += f"\n{markdown_lines([heads, ['---'] * 5, *rows])}\n{_RANKING}.\n"
    notes = "".join(f"- {escape_markdown(note)}\n" for note in found.notes)
    return text + (f"\n{notes}" if notes else "")


def write_comparison(
    found: Comparison,
    entrants: Sequence[Entrant],
    folder: Path,
    painters: Mapping[str, Painter] | None = None,
) -> list[Path]:
    """Write a comparison as a page, tables, and the list of samples that changed hands.

    Writes `comparison.html`, `comparison.csv`, `comparison.md`, `changed.csv` and `ranking.csv`.

    Args:
        found: what `typoattack.metrics.comparison.compare` found.
        entrants: what it compared.
        folder: must exist.
        painters: for an entrant's name, what draws its rows again.

    Returns:
        The files written, the page first.
    """
    changed = changed_frame(found, partial(task_names, entrants[0].manifest))
    texts = {
        "comparison.csv": pairings_frame(found).to_csv(index=False, lineterminator="\n"),
        "comparison.md": markdown(found),
        "changed.csv": changed.to_csv(index=False, lineterminator="\n"),
        "ranking.csv": ranking_frame(found).to_csv(index=False, lineterminator="\n"),
        PAGE: _page(found, entrants, changed, painters or {}),
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / PAGE, *(folder / name for name in texts if name != PAGE)]


def changed_frame(found: Comparison, names_of: Callable[[str], Sequence[str]]) -> pd.DataFrame:
    """The pictures on which two models differ, attacks only, with classes by name.

    Args:
        found: the comparison.
        names_of: for a task, what its labels index.
    """
    rows = found.changed[found.changed["family"] == "attack"]
    table: pd.DataFrame = rows[["a", "b", "task", "recipe", "sample", "replicate", "word"]].copy()
    table["class"] = _named(rows, "label", names_of)
    for side in ("a", "b"):
        table[f"answer_{side}"] = _named(rows, f"predicted_{side}", names_of)
        table[f"{found.figure}_{side}"] = rows[f"value_{side}"]
    table.index = pd.RangeIndex(len(table))
    return table


def _named(rows: pd.DataFrame, column: str, names_of: Callable[[str], Sequence[str]]) -> list[str]:
    pairs = zip(rows["task"], rows[column], strict=True)
    return [names_of(str(task))[index] for task, index in pairs]


def _page(
    found: Comparison,
    entrants: Sequence[Entrant],
    changed: pd.DataFrame,
    painters: Mapping[str, Painter],
) -> str:
    return render_template(
        "comparison.html",
        found=found,
        definition=definition(found),
        lines=[(one, verdict(one, found.figure)) for one in found.pairings],
        ranking=[_ranking_cells(r) for r in found.ranking] if len(found.names) > 2 else [],
        ranking_note=_RANKING,
        caption=_CAPTION,
        percent=percent,
        difference=_difference,
        shown_p=shown_p,
        changed=changed,
        pictures=_pictures(entrants, changed, painters),
        story=tell(found),
        provenance=provenance(entrants[0].manifest),
        model_notes={e.name: _notes(e) for e in entrants},
    )


def _notes(entrant: Entrant) -> list[str]:
    models = {m["name"]: m for m in entrant.manifest["models"]}
    return model_notes(models[entrant.model])


def tell(found: Comparison) -> list[str]:
    """The comparison in sentences."""
    told = []
    tested = [p for p in found.pairings if not math.isnan(p.p)]
    for a, b in dict.fromkeys((p.a, p.b) for p in tested):
        mine = [p for p in tested if (p.a, p.b) == (a, b)]
        by = {name: [p for p in mine if verdict(p, found.figure).startswith(f"{name} is")]
              for name in (a, b)}  # fmt: skip
        if not by[a] and not by[b]:
            told.append(f"{a} and {b} are not told apart by any of {_attacks(len(mine))}.")
        for name, other in ((a, b), (b, a)):
            if by[name]:
                told.append(
                    f"{name} is more robust than {other} under {len(by[name])} of "
                    f"{_attacks(len(mine))}, after adjusting for their number."
                )
    return told


def _attacks(count: int) -> str:
    return f"{count} attack{'' if count == 1 else 's'}"


def _pictures(
    entrants: Sequence[Entrant],
    changed: pd.DataFrame,
    painters: Mapping[str, Painter],
) -> list[dict[str, Any]]:
    """The first changed pictures of each recipe in turn, drawn again."""
    turns = changed.groupby(["a", "b", "recipe"]).cumcount()
    chosen = changed.loc[turns.sort_values(kind="stable").index[:MOST_CHANGED]]
    keyed = {
        e.name: e.predictions.set_index(
            ["task", "recipe", "sample", "replicate"], drop=False
        ).sort_index()
        for e in entrants
    }
    shown = []
    for line in chosen.to_dict("records"):
        key = (line["task"], line["recipe"], line["sample"], line["replicate"])
        image = painters.get(line["a"], no_pictures)(keyed[line["a"]].loc[key].to_dict())
        if image is not None:
            shown.append({**{str(k): v for k, v in line.items()}, "image": data_uri(image)})
    return shown
