"""`typoattack power`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table
from rich.text import Text

from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.core.errors import UserError
from typoattack.metrics.comparison import JOIN, join_rows, read_entrants, refuse_figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.paired import LEAST_COMMON
from typoattack.metrics.power import SIZES, Design, curve, needed, pilot
from typoattack.report.power import write_power

app = new_app()

_SHOWN = (100, 300, 1_000, 5_000)

_ASSUMED = 0.2
"""The discordance where there is neither a pilot nor an option."""


@app.command(
    epilog="Examples: `typoattack power --discordance 0.2 --difference 5`; "
    "`typoattack power runs/quick-mini --difference 10`"
)
def power(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="A pilot: one model (its reading effects), or two (their difference)."),
    ] = None,
    difference: Annotated[
        float, typer.Option("--difference", help="Points that are to be shown.")
    ] = 5.0,
    figure: Annotated[
        str, typer.Option("--figure", help="What two models differ in.")
    ] = "flip_rate",
    discordance: Annotated[
        float | None,
        typer.Option("--discordance", help="Share of photographs on which the sides differ [0.2]."),
    ] = None,
    per_object: Annotated[
        float | None, typer.Option("--per-object", help="Photographs of one object.")
    ] = None,
    correlation: Annotated[
        float | None, typer.Option("--correlation", help="Among photographs of one object.")
    ] = None,
    per_word: Annotated[
        float | None, typer.Option("--per-word", help="Photographs that bear one word.")
    ] = None,
    word_correlation: Annotated[
        float | None, typer.Option("--word-correlation", help="Among photographs with one word.")
    ] = None,
    replicates: Annotated[
        int | None, typer.Option("--replicates", help="Attacked versions of each photograph.")
    ] = None,
    within: Annotated[
        float | None,
        typer.Option("--within", help="Share of it that versions do not have in common, 0 to 1."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder for the curve: power.csv, .svg.")
    ] = None,
) -> None:
    """How many photographs does it take? What a difference needs to be shown.

    With 80 % power at 5 %, for one test. Without a run, everything is assumed; with one or two,
    discordance and correlations are theirs, and options change what is planned.
    """
    changes = {
        "discordant": discordance,
        "an_object": per_object,
        "correlation": correlation,
        "a_word": per_word,
        "word_correlation": word_correlation,
        "replicates": replicates,
        "within": within,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    found = dict(_pilots(runs, figure)) if runs else {"as assumed": Design(_ASSUMED)}
    enough = {name: one for name, one in found.items() if one is not None}
    designs = {name: replace(one, **given) for name, one in enough.items()}  # type: ignore[arg-type]
    _refuse_useless(given, designs.values())
    unknown = within is None and any(
        enough[name].replicates == 1 < one.replicates for name, one in designs.items()
    )
    console.out.print(_table({name: designs.get(name) for name in found}, difference, unknown))
    if out is not None:
        write_power({name: curve(one, SIZES) for name, one in designs.items()}, out)
        console.out.print(Text(f"curve: {out / 'power.csv'}"), soft_wrap=True)


def _refuse_useless(given: Mapping[str, object], designs: Collection[Design]) -> None:
    """Refuse an option that changes nothing, since another is lacking."""
    needs = {
        "correlation": ("--correlation", "--per-object", max(one.an_object for one in designs)),
        "word_correlation": ("--word-correlation", "--per-word", max(o.a_word for o in designs)),
        "within": ("--within", "--replicates", max(one.replicates for one in designs)),
    }
    for name, (option, lacking, most) in needs.items():
        if name in given and most <= 1:
            raise UserError(f"{option} changes nothing without {lacking}; give that too, above 1")


def _pilots(runs: Sequence[Path], figure: str) -> Iterator[tuple[str, Design | None]]:
    """Each attack of the pilot, with what it tells; None where it has too few photographs."""
    attacks = _gaps(runs, figure)
    several = attacks["task"].nunique() > 1
    found = {
        f"{recipe} ({task})" if several else str(recipe): own
        for (task, recipe), own in attacks.groupby(["task", "recipe"], sort=True)
    }
    enough = {name for name, own in found.items() if own["sample"].nunique() >= LEAST_COMMON}
    if not enough:
        raise UserError(
            f"a pilot needs {LEAST_COMMON} photographs that count for both sides, and none of "
            f"its attacks has so many: {', '.join(found)}"
        )
    for name, own in found.items():
        yield name, pilot(own) if name in enough else None


def _gaps(runs: Sequence[Path], figure: str) -> pd.DataFrame:
    """The attacked rows of a pilot that count for both sides, with their `gap`."""
    entrants = read_entrants(runs)
    if len(entrants) > 2:
        names = ", ".join(one.name for one in entrants)
        raise UserError(f"a pilot is one model or two; these are {len(entrants)}: {names}")
    counted = [outcomes(one.predictions) for one in entrants]
    if len(entrants) == 2:
        refuse_figure(figure)
        joined = join_rows(counted[0], counted[1], figure)
        rows = joined.assign(gap=joined["value_b"] - joined["value_a"])
    else:
        rows = counted[0].assign(gap=counted[0]["reading_effect"]).dropna(subset=["gap"])
    attacks: pd.DataFrame = rows[rows["family"] == "attack"]
    if attacks.empty:
        raise UserError(f"the pilot has {_lacking(counted)}, so there are no gaps to learn from")
    return attacks


def _lacking(counted: Sequence[pd.DataFrame]) -> str:
    """Why no row of a pilot counts."""
    attacks = [rows[rows["family"] == "attack"] for rows in counted]
    if any(own.empty for own in attacks):
        return "no attack"
    if len(attacks) == 2 and attacks[0][JOIN].merge(attacks[1][JOIN], on=JOIN).empty:
        return "no attack in common"
    if any((own["clean_predicted"] < 0).all() for own in attacks):
        return "no clean pictures"
    if len(attacks) == 1 and not counted[0]["control"].isin(["blank", "mirrored"]).any():
        return "no control beside any attack"
    return "no attacked picture that counts for both sides"


def _table(designs: Mapping[str, Design | None], difference: float, unknown: bool) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, caption_justify="left")
    table.caption = (
        "differ: share of photographs on which the two sides do; cost: how much objects and words "
        f"that repeat widen the variance; for {difference:g} pp: photographs that show so much "
        "with 80 % power at 5 %, by one test; at 100, …: what so many show"
    )
    if unknown:
        table.caption += (
            "; how much versions of one photograph differ is not known, so it is taken that more "
            "versions gain nothing; --within says otherwise"
        )
    if None in designs.values():
        table.caption += f"; –: fewer than {LEAST_COMMON} photographs that count for both sides"
    table.add_column("", overflow="fold", min_width=14)
    for head in ("differ", "cost", f"for {difference:g} pp", *(f"at {n:,}" for n in _SHOWN)):
        table.add_column(head, justify="right", no_wrap=True)
    for name, one in designs.items():
        cells = ["–"] * (3 + len(_SHOWN)) if one is None else _cells(one, difference)
        table.add_row(Text(name), *cells)
    return table


def _cells(one: Design, difference: float) -> list[str]:
    count = needed(difference / 100, one)
    shown = curve(one, _SHOWN)["detectable"]
    return [
        f"{100 * one.discordant:.0f} %",
        f"{one.effect:.2f}×",
        "never" if count is None else f"{count:,}",
        *("–" if pd.isna(d) else f"{100 * d:.1f} pp" for d in shown),
    ]
