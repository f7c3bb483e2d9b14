"""Robustness while a model is trained: a hook for a training loop, a callback for Lightning.

```python
from typoattack.training import EpochHook

measure = EpochHook(preprocess, tokenizer, log=writer, options={"dataset": "folder:photos"})
for epoch in range(epochs):
    train_one_epoch(model)
    measure(model, epoch)
```
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from typoattack.api import evaluate
from typoattack.core.errors import UserError, unknown
from typoattack.report.run import Run
from typoattack.samples import open_dataset
from typoattack.suite import Suite
from typoattack.suite.choose import choose_suite

LOGGED = ("flip_rate", "targeted_success", "accuracy_attacked")
"""The figures of each recipe that are logged where they can be told."""

PREFIX = "typoattack"

_OF_SUITE = ("recipes", "dataset", "templates", "limit")
"""The options of `typoattack.evaluate` that change the suite."""

ALWAYS = (f"{PREFIX}/accuracy_clean", *(f"{PREFIX}/{name}" for name in LOGGED))
"""The figures that Lightning's trainer is told of in every epoch."""


def figures_of(run: Run) -> dict[str, float]:
    """A run's figures by flat names, as loggers take them.

    Returns:
        `typoattack/accuracy_clean`; `typoattack/RECIPE/FIGURE` for each attack and control and each
        of `LOGGED`; and `typoattack/FIGURE`, its mean over the attacks. Without those that nothing
        was counted for.
    """
    found: dict[str, float] = {}
    attacks: dict[str, list[float]] = {name: [] for name in LOGGED}
    for one in run.summaries:
        if one.family == "clean":
            found[f"{PREFIX}/accuracy_clean"] = one["accuracy_clean"].value
            continue
        for name in LOGGED:
            if one[name]:
                found[f"{PREFIX}/{one.recipe}/{name}"] = one[name].value
                if one.family == "attack":
                    attacks[name].append(one[name].value)
    means = {f"{PREFIX}/{name}": sum(v) / len(v) for name, v in attacks.items() if v}
    return means | found


def log_figures(log: Any, figures: Mapping[str, float], epoch: int, step: int | None) -> None:
    """Hand figures to whatever logs.

    Args:
        log: what has `log_metrics` (a logger of Lightning), `add_scalar` (a TensorBoard writer) or
            `log` (a W&B run), or a function of figures and epoch.
        figures: by name.
        epoch: they are of.
        step: they are logged under; None for the epoch, and for W&B's own count of steps, which
            may not go back: it gets the epoch as a figure.

    Raises:
        UserError: if it has none of these.
    """
    if hasattr(log, "log_metrics"):
        log.log_metrics(dict(figures), step=epoch if step is None else step)
    elif hasattr(log, "add_scalar"):
        for name, value in figures.items():
            log.add_scalar(name, value, epoch if step is None else step)
    elif hasattr(log, "log"):
        log.log({**figures, f"{PREFIX}/epoch": epoch}, **({} if step is None else {"step": step}))
    elif callable(log):
        log(dict(figures), epoch)
    else:
        raise UserError(
            f"{type(log).__name__} cannot log: it has neither log_metrics, add_scalar nor log, and "
            "is no function of figures and epoch"
        )


@dataclass
class EpochHook:
    """Measures a model after some epochs and logs what it finds.

    Class names are encoded again only where the text encoder has changed; see
    `typoattack.evaluate`. In distributed training call it in the first process alone.

    Attributes:
        preprocess: the model's inference transform.
        tokenizer: its tokenizer.
        suite: a suite's name, file, or a `Suite`; its `reads` are not asked.
        every: after every so many epochs; with 2 after the second, the fourth and so on.
        log: see `log_figures`; nothing is logged if None.
        options: of `typoattack.evaluate`: recipes, dataset, templates, limit, machine.
        history: (epoch, figures) of all that was measured.

    Raises:
        UserError: if `every` is less than 1, for an option that is none, and for a suite or a data
            set that cannot be opened.
    """

    preprocess: Any
    tokenizer: Any
    suite: str | Suite = "quick"
    every: int = 1
    log: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    history: list[tuple[int, dict[str, float]]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UserError(f"every {self.every}: 1 measures after each epoch, 2 after each second")
        told = inspect.signature(evaluate).parameters.values()
        known = [one.name for one in told if one.kind is inspect.Parameter.KEYWORD_ONLY]
        for name in self.options:
            if name not in known:
                raise unknown("option of typoattack.evaluate", name, known)
        changes = {key: self.options.get(key) for key in _OF_SUITE}
        open_dataset(choose_suite(self.suite, changes).dataset)

    def __call__(self, model: Any, epoch: int, step: int | None = None) -> dict[str, float]:
        """The figures of an epoch; none where it is not one of those that are measured.

        Args:
            model: a CLIP of open_clip, which stays in the mode it is in, or what
                `DistributedDataParallel` made of one.
            epoch: from 0.
            step: what they are logged under; see `log_figures`.
        """
        if (epoch + 1) % self.every:
            return {}
        bare = model if hasattr(model, "encode_image") else getattr(model, "module", model)
        run = evaluate(bare, self.preprocess, self.tokenizer, self.suite, **self.options)
        found = figures_of(run)
        self.history.append((epoch, found))
        if self.log is not None:
            log_figures(self.log, found, epoch, step)
        return found


def lightning_callback(hook: EpochHook, clip: str | Callable[[Any], Any] = "model") -> Any:
    """A callback for Lightning's `Trainer` that calls a hook after training epochs.

    What it finds is logged by the module in every epoch and process, so that every logger of the
    trainer has it, and `ModelCheckpoint` may monitor `typoattack/flip_rate`: in an epoch that is
    not measured it is what it was last, and NaN before it was ever told.

    Args:
        hook: what is measured; its `log` is left None as a rule.
        clip: the attribute of the module that holds open_clip's CLIP, or a function of the module.

    Raises:
        UserError: if neither `lightning` nor `pytorch_lightning` is installed.
    """
    try:
        from typoattack.training_lightning import RobustnessCallback
    except ImportError:
        raise UserError("a callback needs Lightning; pip install lightning") from None
    return RobustnessCallback(hook, clip, ALWAYS)
