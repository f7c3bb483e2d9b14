"""What `compare` found: for the terminal, and as CSV, Markdown and a page with pictures."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from typoattack.core.files import make_folder, write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.comparison import Comparison, Entrant, OwnRate, Pairing, read_entrants
from typoattack.metrics.comparison import compare as compare_entrants
from typoattack.metrics.figures import FIGURES, Definition
from typoattack.metrics.margins import AtEqualMargin
from typoattack.metrics.paired import ALPHA, Contrast, holm
from typoattack.metrics.recipe_comparison import RecipePairing
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.report.provenance import provenance
from typoattack.report.run import Run
from typoattack.report.story import model_notes, said_p
from typoattack.report.tables import (
    escape_markdown,
    markdown_lines,
    minus,
    percent,
)
from typoattack.report.terminal import Cell, Column, fitted_table
from typoattack.report.view import task_names
from typoattack.results.pictures import Painter, no_pictures

PAGE = "comparison.html"
MOST_CHANGED = 60
"""Changed pictures on the page at most; `changed.csv` has them all."""


def compare(
    *runs: Run | str | Path,
    figure: str = "flip_rate",
    out: str | Path | None = None,
    by: str = AUTO,
) -> Comparison:
    """Two or more models on the same attacked pictures, paired by photograph.

    Args:
        runs: runs or their folders; a run may hold several models.
        figure: what is compared, such as `targeted_success`.
        out: a folder for the page and the tables; none is written if None.
        by: what photographs belong together by: `auto`, `none`, or a column.

    Raises:
        UserError: for runs that cannot be compared; the difference is named; and if `out` cannot be
            made.
    """
    opened = [run if isinstance(run, Run) else Run(run) for run in runs]
    entrants = read_entrants([run.path for run in opened], figure)
    return compare_read(entrants, opened, figure=figure, out=out, by=by)


def compare_read(
    entrants: Sequence[Entrant],
    opened: Sequence[Run],
    *,
    figure: str = "flip_rate",
    out: str | Path | None = None,
    by: str = AUTO,
) -> Comparison:
    """`compare`, of runs whose models were read already; see there."""
    found = compare_entrants(entrants, figure=figure, by=by)
    if out is not None:
        painters = {
            entrant.name: run.painter()
            for run in opened
            for entrant in entrants
            if entrant.manifest == run.manifest
        }
        make_folder(Path(out))
        write_comparison(found, entrants, Path(out), painters)
    return found


def definition(found: Comparison) -> Definition:
    """What the compared figure means."""
    return FIGURES[found.figure]


def paired_columns(one: Pairing | RecipePairing, figure: str) -> dict[str, Any]:
    """What a line says of any two that were paired photograph by photograph, unrounded."""
    return {
        "a": one.a,
        "b": one.b,
        "n": one.difference.n,
        f"{figure}_a": one.rate_a,
        f"{figure}_b": one.rate_b,
        "difference": one.difference.value,
        "difference_low": one.difference.low,
        "difference_high": one.difference.high,
        "more_a": one.more_a,
        "more_b": one.more_b,
        "p": one.p,
        "p_holm": one.p_holm,
        "detectable": one.detectable,
    }


def pairings_frame(found: Comparison) -> pd.DataFrame:
    """One line a pair of models and recipe, unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "task": one.task,
                "recipe": one.recipe,
                "family": one.family,
                **paired_columns(one, found.figure),
                f"own_{found.figure}_a": one.own_a.value,
                f"own_{found.figure}_b": one.own_b.value,
                "own_n_a": one.own_a.n,
                "own_n_b": one.own_b.n,
                "equal_margin_odds": one.at_equal_margin.odds.value,
                "equal_margin_low": one.at_equal_margin.odds.low,
                "equal_margin_high": one.at_equal_margin.odds.high,
                "equal_margin_p": one.at_equal_margin.p,
                "equal_margin_reason": one.at_equal_margin.reason,
            }
            for one in found.pairings
        ]
    )
    return frame


def verdict(one: Pairing, figure: str) -> str:
    """Who is more robust under a recipe, as far as the numbers say; empty for a control."""
    if not one.tested:
        return ""
    if not one.established:
        return "not told apart"
    return f"{one.b if _favours_b(one.difference.value, figure) else one.a}{_MORE_ROBUST}"


_MORE_ROBUST = " is more robust"


def _favours_b(difference: float, figure: str) -> bool:
    """Whether a difference (second minus first) says that the second model is more robust."""
    return (difference < 0) == (FIGURES[figure].more_robust == "lower")


def could_show(one: Contrast) -> str:
    """The difference that the photographs could have shown; empty where one is established."""
    if not one.tested or one.established:
        return ""
    if math.isnan(one.detectable):
        return "too few photographs to show any"
    return f"could have shown {100 * one.detectable:.0f} pp"


def shown_difference(one: Contrast, between: str) -> str:
    """`+12.0 pp [3.1, 20.2]`: second minus first, with its interval."""
    d = one.difference
    value = f"{100 * d.value:+.1f} pp"
    return minus(f"{value}{between}[{100 * d.low:.1f}, {100 * d.high:.1f}]")


def shown_own(own: OwnRate) -> str:
    """`own 61.0 % of 95`: a model's figure on its own photographs."""
    return f"own {percent(own.value)} of {own.n}"


def shown_odds(found: AtEqualMargin) -> str:
    """`odds × 0.62 [0.41, 0.93], p = 0.012`, or in words why there are none."""
    if found.reason:
        return found.reason
    odds = found.odds
    return f"odds × {odds.value:.2g} [{odds.low:.2g}, {odds.high:.2g}], {said_p(found.p)}"


def shown_p(p: float) -> str:
    """A p-value for a reader: three decimals, and no false zero."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def terminal_comparison(found: Comparison, width: int) -> Table:
    """The table of pairings, as wide as the terminal has room for.

    Args:
        found: the comparison.
        width: of the terminal in characters.
    """
    many = len(found.names) > 2
    names = ("A", "B") if many else found.names
    columns = [
        Column("Recipe", 9, left=True),
        *([Column("Pair", 8, left=True)] if many else []),
        Column("n", 0),
        *(Column(name, 3) for name in names),
        Column("Difference", 7),
        Column("p (Holm)", 2),
        Column("Verdict", 5, left=True),
    ]
    rows = []
    for one in found.pairings:
        rates: list[Cell] = [
            (percent(rate), f"own {percent(own.value)}" if own.n > one.difference.n else "")
            for rate, own in ((one.rate_a, one.own_a), (one.rate_b, one.own_b))
        ]
        told = verdict(one, found.figure)
        who = told.removesuffix(_MORE_ROBUST)
        said = (who, _MORE_ROBUST.strip()) if who != told else (told,)
        cells: list[Cell] = [
            (one.recipe,),
            *([(one.a, f"and {one.b}")] if many else []),
            (str(one.difference.n),),
            *rates,
            shown_difference(one, "\n").split("\n"),
            (shown_p(one.p_holm),),
            (*said, could_show(one)),
        ]
        rows.append((cells, "dim" if one.family == "control" else ""))
    title = f"{definition(found).title} on the same pictures"
    return fitted_table(title, _CAPTION, columns, rows, width)


_CAPTION = (
    "Difference: second minus first, with its 95 % interval; n: photographs that count for both; "
    "own: the model on all that count for it, where those are more; p: sign-flip test of the mean "
    "gap a photograph, by object where objects repeat (Student's t by object and word where words "
    "do too), Holm-adjusted over the attacks of one pair of models; "
    f"told apart: p < {ALPHA}; could have shown: with 80 % power at 5 %, before adjusting, if the "
    "models differ on as many photographs as here"
)

_EQUAL_MARGIN = (
    "At equal clean margin: odds of the figure, second model over first, in a logistic regression "
    "with the clean margin, sandwich variance by photograph, p unadjusted"
)


def markdown(found: Comparison) -> str:
    """The comparison in Markdown."""
    d = definition(found)
    heads = ["Recipe", "A", "B", "n", f"{d.title} A", f"{d.title} B", "B − A", "p", "p (Holm)"]
    heads += ["Verdict", "Own A", "Own B", "At equal clean margin"]
    lines = [heads, ["---"] * 3 + ["---:"] * 6 + ["---"] * 4]
    for one in found.pairings:
        names = [escape_markdown(x) for x in (one.recipe, one.a, one.b)]
        rates = [str(one.difference.n), percent(one.rate_a), percent(one.rate_b)]
        tests = [shown_difference(one, " "), shown_p(one.p), shown_p(one.p_holm)]
        told = "; ".join(filter(None, (verdict(one, found.figure), could_show(one))))
        views = [shown_own(one.own_a), shown_own(one.own_b), shown_odds(one.at_equal_margin)]
        lines.append([*names, *rates, *tests, *map(escape_markdown, [told, *views])])
    text = f"{markdown_lines(lines)}\n{_CAPTION}. {_EQUAL_MARGIN}.\n\n*{d.title}*: {d.meaning}\n"
    notes = "".join(f"- {escape_markdown(note)}\n" for note in [*tell(found), *found.notes])
    return f"{text}\n{notes}"


def write_comparison(
    found: Comparison,
    entrants: Sequence[Entrant],
    folder: Path,
    painters: Mapping[str, Painter] | None = None,
) -> list[Path]:
    """Write a comparison as a page, tables, and the list of samples that changed hands.

    Writes `comparison.html`, `comparison.csv`, `comparison.md` and `changed.csv`.

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
        "comparison.csv": csv_text(pairings_frame(found)),
        "comparison.md": markdown(found),
        "changed.csv": csv_text(changed),
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
        caption=f"{_CAPTION}. {_EQUAL_MARGIN}",
        percent=percent,
        difference=shown_difference,
        could_show=could_show,
        shown_own=shown_own,
        shown_odds=shown_odds,
        shown_p=shown_p,
        changed=changed,
        pictures=_pictures(entrants, changed, painters),
        story=tell(found),
        grouped=" and ".join(sorted({p.grouped for p in found.pairings if p.grouped})),
        provenance=provenance(entrants[0].manifest),
        model_notes={e.name: _notes(e) for e in entrants},
    )


def _notes(entrant: Entrant) -> list[str]:
    models = {m["name"]: m for m in entrant.manifest["models"]}
    return model_notes(models[entrant.model])


def tell(found: Comparison) -> list[str]:
    """The comparison in sentences."""
    told = []
    for pair in dict.fromkeys((p.a, p.b) for p in found.pairings):
        mine = [p for p in found.pairings if p.tested and (p.a, p.b) == pair]
        told += [*_tell_pair(mine, pair, found.figure), *_tell_views(mine, pair, found.figure)]
    return [*told, _WHY_COMMON]


_WHY_COMMON = (
    "These verdicts are about the photographs that count for both models; between each one's own "
    "photographs, a difference could come from the photographs alone."
)


def _tell_pair(mine: Sequence[Pairing], pair: tuple[str, str], figure: str) -> Iterator[str]:
    """Who is more robust under how many attacks, and what could have been seen elsewhere."""
    of = _attacks(len(mine))
    apart = 0
    for name, other in (pair, pair[::-1]):
        better = sum(verdict(p, figure) == f"{name} is more robust" for p in mine)
        if better:
            yield (
                f"{name} is more robust than {other} under {better} of {of}, after adjusting for "
                "their number."
            )
        apart += better
    alike = [p for p in mine if not p.established]
    if alike and apart:
        others = "one" if len(alike) == 1 else len(alike)
        yield f"Under the other {others} they are not told apart, {_reach(alike)}."
    elif alike:
        yield f"{pair[0]} and {pair[1]} are not told apart by any of {of}, {_reach(alike)}."


def _reach(alike: Sequence[Contrast]) -> str:
    """The differences that were within reach where nothing was told apart."""
    points = [round(100 * p.detectable) for p in alike if not math.isnan(p.detectable)]
    if not points:
        return "of which so few photographs could show no difference"
    low, high = min(points), max(points)
    reach = str(low) if low == high else f"{low} to {high}"
    return f"where differences of {reach} points could have been shown"


def _tell_views(mine: Sequence[Pairing], pair: tuple[str, str], figure: str) -> Iterator[str]:
    """Where the other two views say otherwise than the verdicts."""
    established = [p for p in mine if p.established]
    turned = [p for p in established if p.difference.value * (p.own_b.value - p.own_a.value) < 0]
    if turned:
        yield (
            f"On each model's own photographs the order of {pair[0]} and {pair[1]} is the other "
            f"way round under {len(turned)} of these: {', '.join(p.recipe for p in turned)}."
        )
    if not established:
        return
    fitted = [p for p in mine if not p.at_equal_margin.reason]
    stands = [
        p
        for p, adjusted in zip(fitted, holm([p.at_equal_margin.p for p in fitted]), strict=True)
        if p.established
        and adjusted < ALPHA
        and _favours_b(p.at_equal_margin.odds.value - 1, figure)
        == _favours_b(p.difference.value, figure)
    ]
    unfit = [p for p in established if p.at_equal_margin.reason]
    yield (
        f"At equal clean margin the verdict stands under {len(stands)} of {len(established)}"
        + (
            f"; under {len(unfit)} that cannot be said "
            f"({'; '.join(dict.fromkeys(p.at_equal_margin.reason for p in unfit))})."
            if unfit
            else "."
        )
    )


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
