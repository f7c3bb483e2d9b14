"""Fitting learned defences from a suite, and keeping what was learned."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from typoattack.core.progress import Progress
from typoattack.core.registry import Registry
from typoattack.core.resources import default_cache_dir
from typoattack.core.tensors import write_tensors
from typoattack.defences import defense_prefix, projection
from typoattack.factory import load_models
from typoattack.fitting.embed import Embedded, embed_attacks
from typoattack.models.text_cache import TextCache
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import task_of
from typoattack.samples import open_dataset

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.suite import Suite
    from typoattack.task import Task

Found = tuple[dict[str, torch.Tensor], dict[str, Any], list[str]]
"""Tensors and notes to keep, and lines to tell the user."""

Fit = Callable[["Model", Embedded, "Task", defense_prefix.Learning, Progress], Found]

FITTED: Registry[Fit] = Registry("learned defence")


def fit_and_save(
    kind: str,
    suite: "Suite",
    out: Path,
    device: str,
    learning: tuple[int, float],
    progress: Progress,
) -> list[str]:
    """Fit a defence of `kind` for the suite's first model on its attacked pictures.

    Args:
        kind: a name of `FITTED`.
        suite: photographs, recipes and words to fit on.
        out: the file to write.
        device: where the model runs.
        learning: epochs and learning rate, where there is descent.
        progress: told how far it is.

    Returns:
        what was found, for the user.

    Raises:
        UserError: if the defence does not fit the model, or there is nothing to fit on.
    """
    fit = FITTED[kind]
    data = open_dataset(suite.dataset)
    (model,) = load_models(suite.models, device=device)
    options = RunOptions(cache=TextCache(default_cache_dir()), progress=progress)
    embedded = embed_attacks(suite, model, data, options)
    how = defense_prefix.Learning(epochs=learning[0], rate=learning[1], seed=suite.seed)
    tensors, notes, lines = fit(model, embedded, task_of(suite, data), how, progress)
    notes |= {
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        "data": data.name,
        "suite": suite.identity,
    }
    write_tensors(out, kind, tensors, notes)
    return lines


@FITTED.register(projection.KIND)
def _projection(
    model: "Model",  # noqa: ARG001
    data: Embedded,
    task: "Task",  # noqa: ARG001
    how: defense_prefix.Learning,  # noqa: ARG001
    progress: Progress,  # noqa: ARG001
) -> Found:
    found = projection.fit_projection(data)
    lines = ["directions removed: held-out accuracy, clean and attacked"]
    for count, (clean, attacked) in found.trials.items():
        chosen = "  chosen" if count == found.chosen else ""
        lines.append(f"{count:>6}: {100 * clean:5.1f} %  {100 * attacked:5.1f} %{chosen}")
    tensors = {"directions": torch.from_numpy(found.directions)}
    return tensors, {"chosen": found.chosen, "trials": list(found.trials.items())}, lines


@FITTED.register(defense_prefix.KIND)
def _defense_prefix(
    model: "Model",
    data: Embedded,
    task: "Task",
    how: defense_prefix.Learning,
    progress: Progress,
) -> Found:
    def told(done: int, total: int) -> None:
        progress("steps", done, total)

    token, losses = defense_prefix.fit_prefix(model, data, task, how, told)
    line = f"mean loss: {losses[0]:.3f} in the first epoch, {losses[-1]:.3f} in the last"
    return {"token": token}, {"losses": losses}, [line]
