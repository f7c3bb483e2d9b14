"""Fitting learned defences from a suite, and keeping what was learned."""

from pathlib import Path
from typing import TYPE_CHECKING

from typoattack.core.progress import Progress
from typoattack.core.resources import default_cache_dir
from typoattack.core.tensors import write_tensors
from typoattack.defences.learned import FITTED, Learning
from typoattack.factory import load_models
from typoattack.fitting.embed import embed_attacks
from typoattack.models.text_cache import TextCache
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import task_of
from typoattack.samples import open_dataset

if TYPE_CHECKING:
    from typoattack.suite import Suite


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
    how = Learning(epochs=learning[0], rate=learning[1], seed=suite.seed)
    found = fit(model, embedded, task_of(suite, data), how, progress)
    notes = found.notes | {
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        "data": data.name,
        "suite": suite.identity,
    }
    write_tensors(out, kind, found.tensors, notes)
    return found.lines
