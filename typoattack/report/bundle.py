"""A static site of runs: the ranking, and a page a model, for any web host."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.core.files import folder_made_whole
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.field import Contestant, rank_field, read_field
from typoattack.report.field import write_field
from typoattack.report.page import PAGE, write_report
from typoattack.report.run import Run
from typoattack.report.view import RunView

INDEX = "index.html"
MODELS = "models"


def bundle(
    *runs: Run | str | Path,
    out: str | Path,
    figure: str = "flip_rate",
    baseline: str = "",
    by: str = AUTO,
) -> Path:
    """Write a site that needs no server and asks nobody for anything; its first page.

    `index.html` is the ranking, or the page of the only model; `models/NAME/` holds a model's page
    with its pictures inside, tables, figures and card.

    Args:
        runs: runs of one suite, or their folders; a run may hold several models.
        out: a folder that does not exist; it is written whole or not at all.
        figure: what models are ranked by.
        baseline: a model that all others are held against; none if empty.
        by: what photographs belong together by: `auto`, `none`, or a column.

    Raises:
        UserError: if `out` exists, or for runs that cannot be set side by side.
    """
    folders = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    contestants = read_field(folders, figure, by)
    if not contestants:
        raise UserError("name the run folders to bundle")
    places = _places(contestants)
    single = len(contestants) == 1
    with folder_made_whole(Path(out)) as made:
        for folder in dict.fromkeys(one.folder for one in contestants):
            view = Run(folder, by).view()
            for one in (c for c in contestants if c.folder == folder):
                where = made if single else made / places[one.name]
                where.mkdir(parents=True, exist_ok=True)
                page, *_ = write_report(_of_model(view, one.model), where, home=_home(single))
                if single:
                    page.rename(made / INDEX)
        if not single:
            found = rank_field(contestants, figure=figure, baseline=baseline, by=by)
            links = {name: f"{place}/{PAGE}" for name, place in places.items()}
            write_field(found, made, page=INDEX, links=links)
    return Path(out) / INDEX


def _home(single: bool) -> str:
    """Where a model's page finds the first page."""
    return "" if single else f"../../{INDEX}"


def _places(contestants: Sequence[Contestant]) -> Mapping[str, str]:
    """A folder for each model, named so that every file system and address can have it."""
    places: dict[str, str] = {}
    for one in contestants:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", one.name).strip("-").lower()[:60]
        place = f"{MODELS}/{plain or 'model'}"
        several = (f"{place}-{n}" if n > 1 else place for n in itertools.count(1))
        places[one.name] = next(each for each in several if each not in places.values())
    return places


def _of_model(view: RunView, model: str) -> RunView:
    """A run's view as if it had this model alone."""
    own = view.outcomes[view.outcomes["model"] == model]
    entries = [entry for entry in view.manifest["models"] if entry["name"] == model]
    return replace(
        view,
        outcomes=own,
        summaries=[one for one in view.summaries if one.model == model],
        manifest={**view.manifest, "models": entries},
        stroop=[one for one in view.stroop if one.model == model],
        as_published=[one for one in view.as_published if one.model == model],
        prices=[one for one in view.prices if one.model == model],
        readings=[one for one in view.readings if one.model == model],
    )
