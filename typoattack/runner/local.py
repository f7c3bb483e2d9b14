"""A run in this process and its drawing workers."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import torch

from typoattack.models.base import Model
from typoattack.results.folder import RunFolder
from typoattack.results.writer import ResultWriter
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import make_plan
from typoattack.runner.worker import Worker, draw_samples
from typoattack.samples.base import Dataset
from typoattack.suite import Suite


def run_suite(
    suite: Suite,
    models: Sequence[Model],
    dataset: Dataset,
    folder: RunFolder,
    options: RunOptions,
) -> None:
    """Draw and classify what is not finished yet, and store it in `folder`.

    The folder must have been started and locked. Each photograph is decoded once and every
    recipe drawn once for all models.

    Raises:
        UserError: if a recipe cannot draw its word, a model answers NaN, or the disk refuses.
        RunFailure: if a drawing process dies, or a photograph cannot be read any more.
    """
    plan = make_plan(suite, models, dataset, options)
    writer = ResultWriter(
        folder,
        plan.indices,
        dataset,
        chunk_size=options.chunk_size,
        progress=options.progress,
    )
    worker = Worker(dataset, plan.generator, plan.evaluation.preprocesses, options.batch_size)
    drawings = draw_samples(worker, writer.left, processes=options.workers)
    with _threads_for(options), closing(plan.evaluation.finish(drawings)) as every:
        for finished in every:
            writer.add(finished)
    writer.flush()


@contextmanager
def _threads_for(options: RunOptions) -> Iterator[None]:
    """One thread for torch's work on the CPU where a GPU does the large: the cores are to draw."""
    before = torch.get_num_threads()
    if options.device != "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
