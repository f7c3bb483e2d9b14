"""What words on some photographs do to a search among all of them: tables, a page, CSV."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from typoattack.core.errors import UserError
from typoattack.core.files import make_folder, write_whole
from typoattack.core.progress import Progress, silent
from typoattack.core.resources import default_cache_dir
from typoattack.core.spreadsheet import csv_text
from typoattack.factory import load_models
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.intervals import Figure
from typoattack.metrics.retrieval import (
    QUERIES,
    TO_IMAGE,
    TO_TEXT,
    TOP,
    WORD,
    Retrieved,
    first_found,
    parts,
    ranked,
    retrieved,
)
from typoattack.models.devices import resolve_device
from typoattack.models.text_cache import TextCache
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.report.provenance import provenance
from typoattack.report.run import Run
from typoattack.report.tables import NONE, minus, percent, plain_table
from typoattack.results.folder import RunFolder
from typoattack.results.pictures import Painter
from typoattack.runner.redraw import RunPainter
from typoattack.runner.retrieval import Gallery, gallery

TITLES = {
    TO_IMAGE: "Text to image: is the photograph found by its own text?",
    TO_TEXT: "Image to text: is its own text found by the photograph?",
    WORD: "Does who looks for the written word get the photograph that carries it?",
}

_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Example:
    """What a written word finds first.

    Attributes:
        model: who was asked.
        word: what is written on the photograph, and looked for.
        ranks: the photograph's rank for the word while clean, and with it.
        found: the first ones: a row of the predictions that draws each, whether it carries a word
            in this gallery, and whether it is the photograph itself.
    """

    model: str
    word: str
    ranks: tuple[int, int]
    found: tuple[tuple[Mapping[str, Any], bool, bool], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A run's photographs as a gallery.

    Attributes:
        folder: the run's.
        share: of photographs that carry words in a gallery.
        size: photographs of the gallery.
        texts: captions or class names.
        figures: a line a (model, recipe, query).
        rows: every rank; see `typoattack.metrics.retrieval.ranked`.
        examples: of each model's first attack, photographs by lot.
    """

    folder: RunFolder = field(repr=False)
    share: float
    size: int
    texts: tuple[str, ...] = field(repr=False)
    figures: tuple[Retrieved, ...]
    rows: pd.DataFrame = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)


def retrieve(
    run: Run | str | Path,
    *,
    share: float = 0.1,
    device: str = "auto",
    by: str = AUTO,
    progress: Progress = silent,
) -> Retrieval:
    """Search in a run's photographs, some of which carry words.

    Args:
        run: a run that kept its embeddings, or its folder.
        share: of the photographs that carry a word in a gallery, above 0 and up to 1; the others
            are clean. Each photograph carries its word in one of about 1/share galleries.
        device: where text is encoded.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
        progress: told how far it is.

    Raises:
        UserError: for a run that kept no embeddings, a model not at hand, or a share that is none.
    """
    folder = run.folder if isinstance(run, Run) else RunFolder(Path(run))
    manifest = folder.manifest()
    names = [str(entry["name"]) for entry in manifest["models"]]
    precision = str(manifest["settings"].get("precision", "fp32"))
    models = load_models(names, device=resolve_device(device), precision=precision)
    cache = TextCache(default_cache_dir())
    tables: list[pd.DataFrame] = []
    examples: list[Example] = []
    for number, model in enumerate(models):
        progress(f"texts of {model.name}", number, len(models))
        made = gallery(folder, model, cache)
        if not made.lettered:
            raise UserError(f"{str(folder.path)!r} has no attacked pictures to put into a gallery")
        tables.append(ranked(made, share))
        examples += _examples(made, tables[-1], folder.predictions(), share)
    progress("texts", len(models), len(models))
    rows = pd.concat(tables, ignore_index=True)
    return Retrieval(
        folder, share, len(made.samples), made.texts, tuple(retrieved(rows, by)), rows,
        tuple(examples),
    )  # fmt: skip


def _examples(
    made: Gallery, rows: pd.DataFrame, predictions: pd.DataFrame, share: float
) -> Iterator[Example]:
    """Of the first attack some photographs by lot, and what their word finds."""
    attack = next((one for one in made.lettered if one.family == "attack"), None)
    if attack is None:
        return
    own = predictions[predictions["model"] == made.model]
    drawn = own[(own["recipe"] == attack.recipe) & (own["replicate"] == attack.replicate)]
    lettered = {str(row["sample"]): row for row in drawn.to_dict("records")}
    clean = {str(r["sample"]): r for r in own[own["family"] == "clean"].to_dict("records")}
    chosen = rows[
        (rows["query"] == WORD)
        & (rows["recipe"] == attack.recipe)
        & (rows["replicate"] == attack.replicate)
    ].set_index("sample")
    lots = sorted(range(len(made.samples)), key=lambda n: int(made.order[n]))
    for place in [n for n in lots if made.samples[n] in chosen.index][:_EXAMPLES]:
        rank = chosen.loc[made.samples[place]]
        found = [
            ((lettered if worded else clean)[made.samples[n]], worded, n == place)
            for n, worded in first_found(made, attack, place, share)
        ]
        pair = int(rank["clean_rank"]), int(rank["rank"])
        yield Example(made.model, attack.words[place], pair, tuple(found))


def tell_retrieval(found: Retrieval) -> list[str]:
    """What the gallery is, and for each model what its worst attack does, in sentences."""
    many = int(parts(np.arange(found.size), found.share).max()) + 1
    told = [
        f"{found.size:,} photographs, {len(found.texts):,} texts; each photograph carries its word "
        f"in one of {many} {'gallery' if many == 1 else 'galleries'}, so that "
        f"{percent(1 / many)} carry words in each."
    ]
    return told + [_told(found, model) for model in _models(found)]


def _told(found: Retrieval, model: str) -> str:
    """What the attack does to a model under which the written word finds most."""
    own = [one for one in found.figures if one.model == model and one.family == "attack"]
    worded = [one for one in own if one.query == WORD]
    if not worded:
        return f"{model}: no photograph carries a word that is not right."
    worst = max(worded, key=lambda one: one.change[1].value).recipe
    by_query = {one.query: one for one in own if one.recipe == worst}
    pairs = {
        query: f"{percent(one.clean[1].value)} → {percent(one.attacked[1].value)}"
        for query, one in by_query.items()
    }
    return (
        f"{model} under {worst}: who looks for the written word gets the photograph first in "
        f"{pairs[WORD]}; who looks for what it shows, in {pairs[TO_IMAGE]}; who looks for its "
        f"text gets that first in {pairs[TO_TEXT]}."
    )


def _tops(found: Retrieval, query: str) -> tuple[int, ...]:
    """The k that say something: of a gallery of 8 all are among the first 10."""
    candidates = len(set(found.texts)) if query == TO_TEXT else found.size
    return tuple(k for k in TOP if k == TOP[0] or k < candidates)


def _heads(found: Retrieval, query: str) -> tuple[str, ...]:
    tops = (f"in the first {k}" for k in _tops(found, query))
    return ("recipe", *tops, "beyond the control", "places down")


def _cells(one: Retrieved, tops: Sequence[int]) -> list[tuple[str, str]]:
    """Of each column a value and its interval."""
    cells = [
        (
            f"{percent(one.clean[k].value)} → {percent(one.attacked[k].value)}",
            _points(one.change[k]),
        )
        for k in tops
    ]
    shift = one.shift
    places = f"{shift.value:.1f}", f"[{shift.low:.1f}, {shift.high:.1f}]"
    value, _, interval = _points(one.beyond[TOP[0]]).partition(" [")
    beyond = (value, f"[{interval}") if one.beyond[TOP[0]] else (NONE, "")
    return [*cells, beyond, places]


def _points(one: Figure) -> str:
    return f"{100 * one.value:+.1f} pp [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def _lines(found: Retrieval, model: str, query: str) -> list[tuple[Retrieved, list[list[str]]]]:
    tops = _tops(found, query)
    return [
        (one, [[minus(part) for part in cell] for cell in _cells(one, tops)])
        for one in found.figures
        if one.model == model and one.query == query
    ]


def _models(found: Retrieval) -> list[str]:
    return list(dict.fromkeys(one.model for one in found.figures))


_CAPTION = (
    "share while clean → with the word, and the difference with its 95 % interval; beyond the "
    "control: the difference in the first, less the control's; ties stand behind"
)


def terminal_retrieval(found: Retrieval) -> list[Table]:
    """A table a kind of query and model."""
    tables = []
    models = _models(found)
    for model in models:
        for query in QUERIES:
            lines = _lines(found, model, query)
            if not lines:
                continue
            title = TITLES[query] + (f" ({model})" if len(models) > 1 else "")
            first, *others = _heads(found, query)
            chance = _by_chance(lines[0][0], _tops(found, query))
            table = plain_table(title, _CAPTION + chance)
            table.add_column(first, overflow="fold")
            for head in others:
                table.add_column(head, justify="right", overflow="fold")
            for one, cells in lines:
                name = f"  {one.recipe}" if one.control_of else one.recipe
                table.add_row(Text(name), *(Text("\n".join(c).strip()) for c in cells))
            tables.append(table)
    return tables


def _by_chance(one: Retrieved, tops: Sequence[int]) -> str:
    shares = ", ".join(percent(one.chance[k]) for k in tops)
    return f"; in random order {shares}"


def retrieval_frame(found: Retrieval) -> pd.DataFrame:
    """One line a (model, recipe, query, k), unrounded."""
    frame: pd.DataFrame = pd.DataFrame(
        [
            {
                "model": one.model,
                "recipe": one.recipe,
                "family": one.family,
                "control_of": one.control_of,
                "query": one.query,
                "k": k,
                "photographs": one.change[k].n,
                "clusters": one.change[k].clusters,
                "chance": one.chance[k],
                **_three("clean", one.clean[k]),
                **_three("attacked", one.attacked[k]),
                **_three("change", one.change[k]),
                **_three("beyond_control", one.beyond[k]),
                **_three("places_down", one.shift),
                "median_clean": one.median[0],
                "median_attacked": one.median[1],
            }
            for one in found.figures
            for k in TOP
        ]
    )
    return frame


def _three(name: str, one: Figure) -> dict[str, float]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def write_retrieval(found: Retrieval, folder: Path, painter: Painter | None = None) -> list[Path]:
    """Write `retrieval.csv` (figures), `ranks.csv` (every rank) and `retrieval.html`.

    Args:
        found: what `retrieve` found.
        folder: is made if need be.
        painter: draws pictures again; the run's own if None.

    Raises:
        UserError: if the folder cannot be made or written.
    """
    make_folder(folder)
    texts = [found.texts[n] if n >= 0 else "" for n in found.rows["text"].tolist()]
    ranks = found.rows.assign(text=texts)
    pages = {
        "retrieval.csv": csv_text(retrieval_frame(found)),
        "ranks.csv": csv_text(ranks),
        "retrieval.html": _page(found, painter or _painter(found.folder)),
    }
    for name, text in pages.items():
        write_whole(folder / name, text.encode("utf-8", "replace"))
    return [folder / name for name in pages]


def _painter(folder: RunFolder) -> Painter:
    try:
        return RunPainter(folder)
    except UserError:  # the photographs are gone; figures are there all the same
        return lambda _: None


def _page(found: Retrieval, painter: Callable[[Mapping[str, Any]], Any]) -> str:
    examples = []
    for one in found.examples:
        images = [(painter(row), worded, own) for row, worded, own in one.found]
        if all(image is not None for image, _, _ in images):
            shown = [(data_uri(image, 200), worded, own) for image, worded, own in images]
            examples.append((one, shown))
    sections = [
        (model, query, TITLES[query], _lines(found, model, query))
        for model in _models(found)
        for query in QUERIES
    ]
    return render_template(
        "retrieval.html",
        story=tell_retrieval(found),
        sections=[each for each in sections if each[3]],
        several=len(_models(found)) > 1,
        heads={query: _heads(found, query) for query in QUERIES},
        chances={q: _by_chance(ls[0][0], _tops(found, q)) for _, q, _, ls in sections if ls},
        examples=examples,
        provenance=provenance(found.folder.manifest()),
    )
