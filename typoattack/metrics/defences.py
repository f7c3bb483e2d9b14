"""Attack by defence: what a defence saves, and what it costs on clean pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from typoattack.metrics.summaries import RecipeSummary
from typoattack.results.schema import CLEAN

UNDEFENDED = "undefended"
ACCURACY = "clean accuracy"
COST = "cost in clean accuracy"


def defence_table(
    summaries: Sequence[RecipeSummary],
    models: Sequence[Mapping[str, Any]],
    figure: str = "flip_rate",
) -> pd.DataFrame:
    """One row a (model, attack), one column a defence; two rows before them say what it costs.

    Only models that a defence was tried on are in it; a model that is classified by a probe is
    another one than the same zero-shot. The cost is the undefended model's clean accuracy less
    the defended one's; it is missing where the undefended model was not run.

    Args:
        summaries: of one run, controls and second questions included; they are passed over.
        models: the entries of the run's manifest. Each names its `base`, `defences` and
            `classifier`; one of an older manifest, which does not, counts as undefended.
        figure: a name of `typoattack.metrics.figures.FIGURES`.

    Returns:
        Shares, indexed by (model, line); empty if no model is defended.
    """
    parts = {str(entry["name"]): _parts(entry) for entry in models}
    rows = []
    for one in summaries:
        if one.family == "control" or one.task != summaries[0].task:
            continue
        model, defence = parts[one.model]
        if one.recipe == CLEAN:
            rows.append((model, ACCURACY, defence, one["accuracy_clean"].value))
        else:
            rows.append((model, one.recipe, defence, one[figure].value))
    frame: pd.DataFrame = pd.DataFrame(rows, columns=["model", "line", "defence", "value"])
    tried = set(frame.loc[frame["defence"] != UNDEFENDED, "model"])
    frame = frame.loc[frame["model"].isin(tried)]
    if frame.empty:
        nothing: pd.DataFrame = pd.DataFrame()
        return nothing
    table: pd.DataFrame = frame.pivot(index=["model", "line"], columns="defence", values="value")
    order = dict.fromkeys([UNDEFENDED, *frame["defence"]])
    table = table.reindex(columns=[name for name in order if name in table.columns])
    for model in sorted(tried):
        if UNDEFENDED in table.columns and (model, ACCURACY) in table.index:
            accuracy = table.loc[(model, ACCURACY)]
            table.loc[(model, COST), :] = accuracy[UNDEFENDED] - accuracy
    lines = {name: place for place, name in enumerate((ACCURACY, COST))}
    keys = sorted(table.index, key=lambda key: (key[0], lines.get(key[1], len(lines)), key[1]))
    ordered: pd.DataFrame = table.reindex(pd.MultiIndex.from_tuples(keys, names=["model", "line"]))
    return ordered


def _parts(entry: Mapping[str, Any]) -> tuple[str, str]:
    """A model with what classifies, and what defends it."""
    base, classifier = entry.get("base", entry["name"]), entry.get("classifier", "")
    model = f"{base} + {classifier}" if classifier else str(base)
    return model, " + ".join(entry.get("defences", [])) or UNDEFENDED
