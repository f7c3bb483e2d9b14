"""From a suite to an attacked data set on disk."""

from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.core.files import folder_made_whole
from typoattack.core.progress import Progress, silent
from typoattack.core.resources import default_cache_dir
from typoattack.export import FORMATS
from typoattack.export.entries import Entries
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.results.parts import Skipped
from typoattack.runner.classify import classifier_for
from typoattack.runner.draw import Generator
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import (
    check_given,
    chosen_indices,
    needs_text_space,
    shares_of,
    task_of,
    text_space,
)
from typoattack.runner.writable import check_words
from typoattack.samples import open_dataset
from typoattack.suite import Suite
from typoattack.task import Task
from typoattack.words import Neighbours


def write_attacked(
    suite: Suite,
    out: str | Path,
    layout: str = "imagefolder",
    model: Model | None = None,
    progress: Progress = silent,
) -> list[Skipped]:
    """Write the clean and attacked pictures of a suite as a data set in the new folder `out`.

    It is written whole or not at all.

    Args:
        suite: what is drawn on what; searches in it are left out.
        out: must not exist.
        layout: see `typoattack.export.FORMATS`.
        model: tells which classes are near, where a word source asks (`nearest`, `farthest`).
        progress: told how far it is.

    Returns:
        the samples that could not be decoded.

    Raises:
        UserError: for an unknown layout, an `out` that exists or cannot be written, a suite that
            asks for pictures that the data set lacks, or for near classes without a model.
    """
    write = FORMATS[layout]
    data = open_dataset(suite.dataset)
    check_given(suite, data)
    task = task_of(suite, data)
    check_words(suite, task.class_names)
    near = _neighbours(suite, task, model, progress)
    entries = Entries(
        Generator(suite, task.class_names, near, shares_of(suite, data)),
        data,
        chosen_indices(suite, data),
        lambda done, total: progress("photographs", done, total),
    )
    with folder_made_whole(Path(out)) as folder:
        write(entries, folder)
    return entries.skipped


def _neighbours(
    suite: Suite, task: Task, model: Model | None, progress: Progress
) -> Neighbours | None:
    """The near and far classes that the suite's word sources ask for; None if none does."""
    if not needs_text_space(suite):
        return None
    if model is None:
        raise UserError(
            f"suite {suite.name!r} writes near or far classes: give the model whose text space "
            "tells them, or choose other words"
        )
    options = RunOptions(cache=TextCache(default_cache_dir()), progress=progress)
    classifier = classifier_for(model, task, options)
    return text_space(suite, classifier)
