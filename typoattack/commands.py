"""What the commands beside `run` do: generate, show, compare, word-search."""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from typoattack.api import Run
from typoattack.core.errors import BrokenImage, UserError, unknown
from typoattack.drawing.canvas import square_canvas
from typoattack.results.folder import Skipped
from typoattack.runner.execute import HERE, Machine
from typoattack.samples import Dataset, DatasetSpec, Sample, open_dataset
from typoattack.suite import Suite
from typoattack.task import Task

if TYPE_CHECKING:
    from typoattack.core.progress import Progress
    from typoattack.metrics.comparison import Comparison
    from typoattack.runner.classify import Evaluator
    from typoattack.runner.word_search import WordScore


def write_attacked(
    suite: Suite,
    out: str | Path,
    layout: str = "imagefolder",
    machine: Machine = HERE,
    progress: "Progress | None" = None,
) -> list[Skipped]:
    """Write the clean and attacked pictures of a suite as a data set in the new folder `out`.

    Args:
        suite: what is drawn on what.
        out: must not exist.
        layout: see `typoattack.export.export.FORMATS`.
        machine: where the model runs that tells near classes, if a word source needs one.
        progress: told how far it is.

    Returns:
        the samples that could not be decoded.

    Raises:
        UserError: for an unknown layout, an `out` that exists or cannot be written, or a suite that
            asks for pictures that the data set lacks.
    """
    from typoattack.core.progress import silent
    from typoattack.export.entries import Entries
    from typoattack.export.export import export
    from typoattack.runner.draw import Generator
    from typoattack.runner.plan import (
        check_given,
        chosen_indices,
        needs_text_space,
        task_of,
        text_space,
    )

    data = open_dataset(suite.dataset)
    check_given(suite, data)
    task = task_of(suite, data)
    told = progress or silent
    near = None
    if needs_text_space(suite):
        near = text_space(suite, _evaluator(suite.models[0], task, machine, told).classifier)
    entries = Entries(
        Generator(suite, task.class_names, near),
        data,
        chosen_indices(suite, data),
        lambda done, total: told("photographs", done, total),
    )
    export(entries, Path(out), layout)
    return entries.skipped


_SHEETS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}


def write_sheet(
    recipes: Sequence[str],
    out: str | Path,
    *,
    words: Sequence[str] = ("pizza",),
    sweeps: Sequence[str] = (),
    dataset: str = "bundled",
    photographs: int = 4,
    clean: bool = False,
    seed: int = 0,
    cell: int = 224,
    canvas: int = 448,
    across: int = 1,
) -> None:
    """Write a contact sheet of recipes on a data set's first photographs.

    Args:
        recipes: recipe strings, a row each.
        out: the file: PNG, or JPEG or WebP by its ending.
        words: target words, in turn over the photographs.
        sweeps: `PARAM=VALUE,VALUE,…`: each recipe once for every value.
        dataset: a data set's spec.
        photographs: how many columns.
        clean: begin with a row of the photographs as they are.
        seed: as a suite's.
        cell: side of each picture in pixels.
        canvas: side of the canvas that is drawn on.
        across: how many recipes stand beside one another.

    Raises:
        UserError: for an unknown recipe, parameter or data set, or another ending.
    """
    from typoattack.core.files import write_whole
    from typoattack.recipes import parse_recipe
    from typoattack.runner.sheet import Photograph, contact_sheet, parse_sweeps, variants

    kind = _SHEETS.get(Path(out).suffix.lower())
    if kind is None:
        raise UserError(f"contact sheet {str(out)!r}: end its name in {', '.join(_SHEETS)}")
    swept = parse_sweeps(sweeps)
    rows = [made for text in recipes for made in variants(parse_recipe(text), swept)]
    data = open_dataset(DatasetSpec(dataset))
    chosen = [data[index] for index in range(min(photographs, len(data)))]
    columns = [
        Photograph(s.id, _canvas_of(s, canvas), data.task.class_names[s.label]) for s in chosen
    ]
    sheet = contact_sheet(rows, columns, words, seed=seed, cell=cell, clean=clean, across=across)
    encoded = io.BytesIO()
    sheet.save(encoded, kind, quality=88)
    write_whole(Path(out), encoded.getvalue())


def _canvas_of(sample: Sample, side: int) -> Image.Image:
    """A photograph on its canvas; `UserError` if it is broken, for commands of a few pictures."""
    try:
        return square_canvas(sample.image, side)
    except BrokenImage as error:
        raise UserError(f"photograph {sample.id!r} cannot be used: {error}") from None


def compare_runs(
    runs: Sequence[str | Path], *, figure: str = "flip_rate", out: str | Path | None = None
) -> tuple["Comparison", Path | None]:
    """Compare the models of some runs, and write page and tables into `out` if it is given.

    Returns:
        What was found, and the page.

    Raises:
        UserError: for runs that cannot be compared; the difference is named.
    """
    from typoattack.metrics.comparison import compare, read_entrants
    from typoattack.report.comparison import write_comparison

    entrants = read_entrants([Path(run) for run in runs])
    found = compare(entrants, figure=figure)
    if out is None:
        return found, None
    painters = {}
    for run in map(Run, runs):
        own = [entrant.name for entrant in entrants if entrant.manifest == run.manifest]
        painters.update(dict.fromkeys(own, run.painter()))
    Path(out).mkdir(parents=True, exist_ok=True)
    return found, write_comparison(found, entrants, Path(out), painters)[0]


def rank_words(
    target: str,
    vocabulary: str | Path,
    *,
    model: str = "mini",
    dataset: str = "bundled",
    recipe: str = "printed-label",
    limit: int = 10,
    seed: int = 0,
    canvas: int = 448,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    out: str | Path | None = None,
) -> list["WordScore"]:
    """Rank strings by how often they drive photographs to the class `target`.

    Args:
        target: a class's name.
        vocabulary: a text file with a string a line.
        model: which model is asked.
        dataset: whose first photographs of other classes are drawn on.
        recipe: what the strings are drawn with.
        limit: how many photographs.
        seed: keys the random streams.
        canvas: side in pixels.
        machine: where the model runs.
        progress: told how many strings are done.
        out: a CSV file for the whole ranking.

    Raises:
        UserError: for an unknown class, recipe, model or data set, or an empty vocabulary.
    """
    from typoattack.core.progress import silent
    from typoattack.recipes import parse_recipe
    from typoattack.runner.word_search import search_words
    from typoattack.samples.labels import read_lines

    strings = read_lines(str(vocabulary), "vocabulary")
    drawn_with = parse_recipe(recipe)
    data = open_dataset(DatasetSpec(dataset))
    if target not in data.task.class_names:
        raise unknown("class", target, data.task.class_names)
    photographs = list(itertools.islice(_of_other_classes(data, target, canvas), limit))
    if not photographs:
        raise UserError(f"dataset {dataset!r} has no photograph of another class than {target!r}")
    told, done = progress or silent, itertools.count(1)
    evaluator = _evaluator(model, data.task, machine, told)
    ranked = search_words(
        strings,
        photographs,
        evaluator.classifier.class_index(target),
        drawn_with,
        evaluator.ask,
        seed=seed,
        progress=lambda _: told("strings", next(done), len(set(strings))),
    )
    if out is not None:
        _write_ranking(ranked, Path(out))
    return ranked


def _of_other_classes(data: Dataset, target: str, canvas: int) -> Iterator[tuple[str, Image.Image]]:
    """Id and canvas of the photographs that do not show the class `target`."""
    for index in range(len(data)):
        sample = data[index]
        if data.task.class_names[sample.label] != target:
            yield sample.id, _canvas_of(sample, canvas)


def _evaluator(model: str, task: Task, machine: Machine, progress: "Progress") -> "Evaluator":
    """The model called `model`, asked the question `task`."""
    from typoattack.core.resources import default_cache_dir
    from typoattack.factory import load_model
    from typoattack.models.devices import resolve_device
    from typoattack.models.text_cache import TextCache
    from typoattack.runner.classify import Evaluator, classifier_for
    from typoattack.runner.options import RunOptions

    device = resolve_device(machine.device)
    opened = load_model(model, device=device, precision=machine.precision)
    options = RunOptions(cache=TextCache(default_cache_dir()), progress=progress)
    classifier = classifier_for(opened, task, options)
    return Evaluator(opened, classifier, 0, machine.batch_size, device)


def _write_ranking(scores: Sequence["WordScore"], path: Path) -> None:
    from typoattack.core.files import write_whole

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["word", "hits", "probability", "queries"])
    table.writerows([s.word, s.hits, s.probability, s.queries] for s in scores)
    write_whole(path, text.getvalue().encode())
