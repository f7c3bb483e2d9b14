"""In short: what was found of each model, and a telling pair of pictures."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from typoattack.metrics.headline import strongest
from typoattack.report.charts.base import short
from typoattack.report.gallery import Gallery
from typoattack.report.section import ReportData, section
from typoattack.report.story import model_notes, tell, tell_stroop
from typoattack.report.view import RunView


@section("story", 10)
def build(data: ReportData) -> dict[str, Any]:
    """A story a model; what is missing and what was skipped."""
    return {
        "unfinished": unfinished(data.view),
        "stories": [_story(data, model) for model in data.view.models],
    }


def unfinished(view: RunView) -> str:
    """A sentence where predictions of planned photographs are missing; empty if none are."""
    planned = view.manifest["planned"]
    done = view.outcomes["sample"].nunique() + len(view.skipped)
    if done >= planned:
        return ""
    return (
        f"This run is not finished: {done:,} of {planned:,} photographs are done. "
        "Repeat its command to go on."
    )


def _story(data: ReportData, model: str) -> dict[str, Any]:
    """What stands at the top for one model: sentences, notes, and a telling pair of pictures."""
    view = data.view
    mine = [s for s in view.summaries if (s.model, s.task) == (model, view.task)]
    entry = next(m for m in view.manifest["models"] if m["name"] == model)
    outcomes = view.main
    counted = outcomes[outcomes["model"] == model]
    most = strongest(counted)
    return {
        "model": model,
        "sentences": [
            with_names(sentence, [one.recipe for one in mine])
            for sentence in tell(mine, counted, data.view.by)
            + [tell_stroop(one) for one in view.stroop if one.model == model]
        ],
        "notes": model_notes(entry),
        "pair": _pair(data.gallery, model, most.recipes[0] if most else ""),
    }


_WIDEST = 44


def with_names(sentence: str, recipes: Sequence[str]) -> Markup:
    """A sentence with the recipes' names set apart; long ones cut in the middle, whole on hover.

    Args:
        sentence: plain text.
        recipes: names that it may hold.
    """
    names = "|".join(re.escape(name) for name in sorted(set(recipes), key=len, reverse=True))
    if not names:
        return escape(sentence)
    parts = re.split(rf"(?<![\w-])({names})(?![\w(-])", sentence)
    made = Markup("")
    for number, part in enumerate(parts):
        made += _NAME.format(part, short(part, _WIDEST)) if number % 2 else part
    return made


_NAME = Markup('<b class="recipe" title="{}">{}</b>')


def _pair(gallery: Gallery, model: str, recipe: str) -> dict[str, Any] | None:
    """A picture on which the attack did what it set out to do, if the gallery has one."""
    rows = [
        row
        for row in gallery.data["rows"]
        if row["model"] == model
        and row["family"] == "attack"
        and row["before"]
        and row["before"][0][0] == row["label"] != row["after"][0][0]
    ]
    rows.sort(key=lambda r: (r["recipe"] != recipe, r["after"][0][0] != r["target"]))
    if not rows:
        return None
    row, names = rows[0], gallery.data["classes"]
    before, after = (gallery.data["pictures"][i] for i in row["images"])
    return {
        "id": row["id"],
        "before": before,
        "after": after,
        "recipe": row["recipe"],
        "written": row["written"],
        "answers": [(names[str(top[0][0])], top[0][1]) for top in (row["before"], row["after"])],
    }
