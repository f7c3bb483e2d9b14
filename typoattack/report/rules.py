"""Does a conclusion depend on how answers are scored? Places of models under several rules."""

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.table import Table
from rich.text import Text

from typoattack.core.errors import UserError
from typoattack.core.files import make_folder, write_whole
from typoattack.core.progress import Progress, silent
from typoattack.core.resources import default_cache_dir
from typoattack.core.spreadsheet import csv_text
from typoattack.factory import load_models
from typoattack.metrics.clusters import AUTO, clusters
from typoattack.metrics.comparison import refuse_different_suites, refuse_figure
from typoattack.metrics.duplicates import LIKENESS, near_duplicates, with_likeness
from typoattack.metrics.field import FIGURES_SHOWN, Contestant, Field, rank_field
from typoattack.metrics.figures import FIGURES
from typoattack.metrics.intervals import Figure
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import estimate
from typoattack.models.devices import resolve_device
from typoattack.models.text_cache import TextCache
from typoattack.report.run import Run
from typoattack.report.tables import (
    NONE,
    escape_markdown,
    markdown_lines,
    minus,
    percent,
    plain_table,
)
from typoattack.results.folder import RunFolder
from typoattack.runner.rescore import ALL, AS_RUN, Rule, every_rule, read_kept, rescored


@dataclass(frozen=True, slots=True)
class ByRule:
    """What each rule makes of the models.

    Attributes:
        figure: which figure.
        rules: in the order asked for.
        models: in the order of the runs.
        figures: by (rule, model), over all attacks, on the model's own photographs.
        fields: by rule the ranking; empty for a single model.
    """

    figure: str
    rules: tuple[Rule, ...]
    models: tuple[str, ...]
    figures: dict[tuple[Rule, str], Figure]
    fields: dict[Rule, Field]

    def places(self, rule: Rule) -> dict[str, int | None]:
        """Each model's place under a rule; None where it has none."""
        found = self.fields.get(rule)
        return {one.rank.name: one.rank.place for one in found.models} if found else {}


def rescore(
    *runs: Run | str | Path,
    templates: Sequence[str] = (AS_RUN,),
    among: Sequence[str] = (ALL, "2"),
    figure: str = "flip_rate",
    device: str = "auto",
    by: str = AUTO,
    progress: Progress = silent,
) -> ByRule:
    """Score runs again under every rule, from the embeddings that they kept.

    Args:
        runs: runs of one suite that kept their embeddings, or their folders.
        templates: `as run`, or what `--templates` of `typoattack run` takes; several.
        among: `all` classes, or how many answers: the label, the written word, others by lot.
        figure: what models are ranked by.
        device: where text is encoded.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
        progress: told how far it is.

    Raises:
        UserError: for runs that kept no embeddings, of different suites, or a model not at hand.
    """
    refuse_figure(figure)
    rules = every_rule(templates, among)
    folders = [run.folder if isinstance(run, Run) else RunFolder(Path(run)) for run in runs]
    made: dict[Rule, list[Contestant]] = {rule: [] for rule in rules}
    for folder in folders:
        _add(made, folder, figure, device, by, progress)
    names = [one.name for one in made[rules[0]]]
    if len(set(names)) < len(names):
        raise UserError("a model stands in two of these runs; name each run once")
    figures = {
        (rule, one.name): estimate(one.rows, figure, groups=clusters(one.rows, by))
        for rule, contestants in made.items()
        for one in contestants
    }
    fields = {
        rule: rank_field(contestants, figure=figure, by=by)
        for rule, contestants in made.items()
        if len(contestants) > 1
    }
    return ByRule(figure, tuple(rules), tuple(names), figures, fields)


def _add(
    made: dict[Rule, list[Contestant]],
    folder: RunFolder,
    figure: str,
    device: str,
    by: str,
    progress: Progress,
) -> None:
    """The models of a run under each rule."""
    manifest = folder.manifest()
    cache = TextCache(default_cache_dir())
    names = [str(entry["name"]) for entry in manifest["models"]]
    precision = str(manifest["settings"].get("precision", "fp32"))
    kept = ["family", "task", "recipe", "sample", "replicate", "label", "word", "facts"]
    kept += dict.fromkeys([*FIGURES_SHOWN, figure, *[LIKENESS] * (by == LIKENESS)])
    for model in load_models(names, device=resolve_device(device), precision=precision):
        kept_of_model = read_kept(folder, model)
        for number, (rule, contestants) in enumerate(made.items()):
            progress(f"{model.name} scored again", number, len(made))
            scored = rescored(kept_of_model, model, rule, cache)
            counted = outcomes(scored)
            if by == LIKENESS:
                counted = with_likeness(counted, near_duplicates(scored))
            rows = counted.loc[counted["family"] == "attack", kept].reset_index(drop=True)
            one = Contestant(model.name, model.name, str(folder.path), manifest, rows)
            if contestants:
                first = contestants[0]
                refuse_different_suites(first.name, first.manifest, one.name, manifest)
            contestants.append(one)


def tell_rules(found: ByRule) -> str:
    """Whether the order of the models depends on the rule, in a sentence."""
    placed = {rule: found.places(rule) for rule in found.fields}
    common = [m for m in found.models if all(p.get(m) is not None for p in placed.values())]
    if len(common) < 2:
        return _span(found)
    turned = [
        (a, b, sure)
        for a, b in itertools.combinations(common, 2)
        if (sure := _turned(found, a, b)) is not None
    ]
    if not turned:
        return f"The order of the models is the same under all {len(placed)} rules."
    firm = [f"{a} and {b}" for a, b, sure in turned if sure]
    named = firm or [f"{a} and {b}" for a, b, _ in turned]
    shown = "; ".join(named[:3]) + (f" and {len(named) - 3} more pairs" if len(named) > 3 else "")
    if firm:
        return f"The order of the models depends on the rule, told apart either way: {shown}."
    return f"Models change places with the rule, but none that are told apart either way: {shown}."


def _turned(found: ByRule, one: str, other: str) -> bool | None:
    """Whether two models change places for sure, told apart both ways; None if they don't."""
    sides: dict[bool, bool] = {}
    for field in found.fields.values():
        placed = {each.rank.name: each for each in field.models}
        mine, theirs = placed[one].rank.place, placed[other].rank.place
        if mine is not None and theirs is not None and mine != theirs:
            before = mine < theirs
            apart = placed[one].group != placed[other].group
            sides[before] = sides.get(before, False) or apart
    return all(sides.values()) if len(sides) == 2 else None


def _span(found: ByRule) -> str:
    """What there is to say where no models have places."""
    title = FIGURES[found.figure].title
    told = []
    for model in found.models:
        values = [100 * found.figures[rule, model].value for rule in found.rules]
        known = [value for value in values if not math.isnan(value)]
        if known:
            told.append(f"{model} {min(known):.1f} to {max(known):.1f} %")
    if not told:
        return "No photograph was right when clean under any rule."
    return f"{title} by the rule: {', '.join(told)}."


def _lines(found: ByRule) -> list[list[str]]:
    """A line a rule: for each model its figure and place."""
    lines = []
    for rule in found.rules:
        places = found.places(rule)
        cells = [str(rule)]
        for model in found.models:
            one = found.figures[rule, model]
            text = minus(f"{percent(one.value)} [{100 * one.low:.1f}, {100 * one.high:.1f}]")
            place = f"{places[model]}: " if places.get(model) else ""
            cells.append(f"{place}{text}" if one else NONE)
        lines.append(cells)
    return lines


def terminal_rules(found: ByRule) -> Table:
    """The matrix for the terminal: rules by models."""
    title = FIGURES[found.figure].title
    caption = "place under the rule, and the figure over all attacks on the model's own photographs"
    table = plain_table(f"{title} by rule", caption)
    table.add_column("rule", overflow="fold")
    for model in found.models:
        table.add_column(Text(model), justify="right", overflow="fold")
    for cells in _lines(found):
        table.add_row(*(Text(cell.replace(" [", "\n[")) for cell in cells))
    return table


def rules_frame(found: ByRule) -> pd.DataFrame:
    """One line a (rule, model), unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "templates": rule.templates,
                "among": rule.among,
                "model": model,
                found.figure: one.value,
                "low": one.low,
                "high": one.high,
                "n": one.n,
                "place": found.places(rule).get(model),
            }
            for (rule, model), one in found.figures.items()
        ]
    )
    whole: pd.DataFrame = frame.astype({"place": "Int64"})
    return whole


def markdown_rules(found: ByRule) -> str:
    """The matrix in Markdown, and what it says."""
    heads = ["Rule", *found.models]
    lines = [[escape_markdown(cell) for cell in line] for line in [heads, *_lines(found)]]
    table = markdown_lines([lines[0], ["---"] * len(heads), *lines[1:]])
    return f"{table}\n{escape_markdown(tell_rules(found))}\n"


def write_rules(found: ByRule, folder: Path) -> list[Path]:
    """Write `rules.csv`, `rules.md` and `rules.json`.

    Raises:
        UserError: if the folder cannot be made or written.
    """
    make_folder(folder)
    frame = rules_frame(found)
    rows = json.loads(frame.to_json(orient="records", double_precision=15))
    texts = {
        "rules.csv": csv_text(frame),
        "rules.md": markdown_rules(found),
        "rules.json": json.dumps({"figure": found.figure, "rows": rows}, indent=2) + "\n",
    }
    for name, text in texts.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / name for name in texts]
