"""Attack by defence: what a defence saves, and what it costs on clean pictures."""

from collections.abc import Sequence

import pandas as pd
from rich.table import Table

from typoattack.core.call import split_chain
from typoattack.metrics.figures import RecipeSummary
from typoattack.results.schema import CLEAN

UNDEFENDED = "undefended"
ACCURACY = "clean accuracy"
COST = "cost in clean accuracy"


def defence_table(summaries: Sequence[RecipeSummary], figure: str = "flip_rate") -> pd.DataFrame:
    """One row a (model, attack), one column a defence; two rows before them say what it costs.

    Only models that a defence was tried on are in it. The cost is the undefended model's clean
    accuracy less the defended one's; it is missing where the undefended model was not run.

    Args:
        summaries: of one run, controls and second questions included; they are passed over.
        figure: a name of `typoattack.metrics.figures.FIGURES`.

    Returns:
        Shares, indexed by (model, line); empty if no model is defended.
    """
    rows = []
    for one in summaries:
        base, defences = _victim(one.model)
        clean = one.recipe == CLEAN
        if one.family == "control" or one.task != summaries[0].task:
            continue
        value = one.accuracy_clean.value if clean else one.figure(figure).value
        line = ACCURACY if clean else one.recipe
        rows.append((base, line, " + ".join(defences) or UNDEFENDED, value))
    frame: pd.DataFrame = pd.DataFrame(rows, columns=["model", "line", "defence", "value"])
    tried = set(frame.loc[frame["defence"] != UNDEFENDED, "model"])
    frame = frame.loc[frame["model"].isin(tried)]
    if frame.empty:
        nothing: pd.DataFrame = pd.DataFrame()
        return nothing
    order = list(dict.fromkeys([UNDEFENDED, *frame["defence"]]))
    wide = frame.pivot(index=["model", "line"], columns="defence", values="value")
    table: pd.DataFrame = wide.reindex(columns=[name for name in order if name in wide.columns])
    for model in sorted(tried):
        if UNDEFENDED in table.columns and (model, ACCURACY) in table.index:
            accuracy = table.loc[(model, ACCURACY)]
            table.loc[(model, COST), :] = accuracy[UNDEFENDED] - accuracy
    lines = {name: place for place, name in enumerate((ACCURACY, COST))}
    keys = sorted(table.index, key=lambda key: (key[0], lines.get(key[1], len(lines)), key[1]))
    ordered: pd.DataFrame = table.reindex(pd.MultiIndex.from_tuples(keys, names=["model", "line"]))
    return ordered


def _victim(name: str) -> tuple[str, list[str]]:
    """A model's name with its probe, if it has one, and its defences."""
    base, parts = split_chain(name)
    probes = [part for part in parts if part.partition("(")[0] == "probe"]
    return " + ".join([base, *probes]), [part for part in parts if part not in probes]


def defence_terminal_table(frame: pd.DataFrame) -> Table:
    """`defence_table` for the terminal, in percent; a defence's column is headed by its name."""
    table = Table(title="Flip rate by defence", title_justify="left", box=None, pad_edge=False)
    several = frame.index.get_level_values("model").nunique() > 1
    table.add_column("")
    for name in frame.columns:
        table.add_column(str(name), justify="right", overflow="fold")
    for key, row in frame.iterrows():
        head = ": ".join(str(part) for part in list(key)[0 if several else 1 :])  # type: ignore[call-overload]
        table.add_row(head, *("" if pd.isna(v) else f"{100 * v:.1f} %" for v in row))
    return table
