"""A run as a notebook shows it: its table, and a few pictures clean beside attacked."""

from html import escape

import pandas as pd

from typoattack.report.gallery import data_uri
from typoattack.report.tables import columns, shown, shown_interval
from typoattack.report.view import RunView
from typoattack.results.pictures import Painter
from typoattack.results.schema import CLEAN

_PAIRS = 4
_SIDE = 180


def notebook_html(view: RunView) -> str:
    """An HTML fragment without scripts: one line a recipe, then up to four flipped pictures."""
    definitions = columns(view.summaries)
    heads = "".join(f"<th>{escape(d.title)}</th>" for d in definitions)
    lines = []
    for one in view.summaries:
        cells = "".join(
            f'<td title="{escape(shown_interval(one[d.name], d))}">'
            f"{escape(shown(one[d.name], d))}</td>"
            for d in definitions
        )
        lines.append(f"<tr><td>{escape(one.model)}</td><td>{escape(one.recipe)}</td>{cells}</tr>")
    table = f"<table><thead><tr><th>model</th><th>recipe</th>{heads}</tr></thead>"
    return f"{table}<tbody>{''.join(lines)}</tbody></table>{_pairs(view.outcomes, view.picture)}"


def _pairs(predictions: pd.DataFrame, picture: Painter) -> str:
    attacks = predictions[predictions["family"] == "attack"]
    flipped = attacks[(attacks["clean_predicted"] == attacks["label"]) & ~attacks["correct"]]
    figures = []
    for row in flipped.drop_duplicates("recipe").head(_PAIRS).to_dict("records"):
        clean = picture({**row, "recipe": CLEAN, "pixels": _clean_pixels(predictions, row)})
        attacked = picture(row)
        if clean is None or attacked is None:
            continue
        images = "".join(f'<img src="{data_uri(i, _SIDE)}">' for i in (clean, attacked))
        caption = escape(f"{row['recipe']}: {row['written']}")
        figures.append(
            f"<figure style='display:inline-block'>{images}<figcaption>{caption}"
            "</figcaption></figure>"
        )
    return "".join(figures)


def _clean_pixels(predictions: pd.DataFrame, row: dict[str, object]) -> str:
    same = (predictions["family"] == CLEAN) & (predictions["sample"] == row["sample"])
    return str(predictions.loc[same, "pixels"].iloc[0])
