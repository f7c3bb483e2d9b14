"""`typoattack power`."""

from collections.abc import Iterator, Sequence
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
from typoattack.metrics.comparison import join_rows, read_entrants, refuse_figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.power import SIZES, Design, curve, needed, pilot
from typoattack.report.power import write_power

app = new_app()

_SHOWN = (100, 300, 1_000, 5_000)


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
        float, typer.Option("--discordance", help="Share of photographs on which the sides differ.")
    ] = 0.2,
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
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder for the curve: power.csv, .svg.")
    ] = None,
) -> None:
    """How many photographs does it take? What a difference needs to be shown.

    With 80 % power at 5 %, for one test. Without a run, everything is assumed; with one or two,
    discordance and correlations are theirs, and options change what is planned.
    """
    changes = {
        "an_object": per_object,
        "correlation": correlation,
        "a_word": per_word,
        "word_correlation": word_correlation,
        "replicates": replicates,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    found = dict(_pilots(runs, figure)) if runs else {"as assumed": Design(discordance)}
    designs = {name: replace(one, **given) for name, one in found.items()}  # type: ignore[arg-type]
    console.out.print(_table(designs, difference))
    if out is not None:
        write_power({name: curve(one, SIZES) for name, one in designs.items()}, out)
        console.out.print(Text(f"curve: {out / 'power.csv'}"), soft_wrap=True)


def _pilots(runs: Sequence[Path], figure: str) -> Iterator[tuple[str, Design]]:
    """Each attack of the pilot, with what it tells."""
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
    attacks = rows[rows["family"] == "attack"]
    if attacks.empty:
        what = "no control beside any attack" if len(entrants) == 1 else "no attack in common"
        raise UserError(f"the pilot has {what}, so there are no gaps to learn from")
    for recipe, own in attacks.groupby("recipe", sort=True):
        yield str(recipe), pilot(own)


def _table(designs: dict[str, Design], difference: float) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, caption_justify="left")
    table.caption = (
        "differ: share of photographs on which the two sides do; cost: how much objects and words "
        f"that repeat widen the variance; for {difference:g} pp: photographs that show so much "
        "with 80 % power at 5 %, by one test; at 100, …: what so many show"
    )
    table.add_column("", overflow="fold", min_width=14)
    for head in ("differ", "cost", f"for {difference:g} pp", *(f"at {n:,}" for n in _SHOWN)):
        table.add_column(head, justify="right", no_wrap=True)
    for name, one in designs.items():
        count = needed(difference / 100, one)
        shown = curve(one, _SHOWN)["detectable"]
        table.add_row(
            Text(name),
            f"{100 * one.discordant:.0f} %",
            f"{one.effect:.2f}×",
            "never" if count is None else f"{count:,}",
            *("–" if pd.isna(d) else f"{100 * d:.1f} pp" for d in shown),
        )
    return table
