"""What learned defences have in common: what they are fitted on, how, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from typoattack.core.progress import Progress
from typoattack.core.registry import Registry
from typoattack.models.text_cache import Features

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embeddings of attacked pictures beside those of the same pictures clean.

    Attributes:
        clean: (n, d) one row an attacked picture: its clean picture's.
        attacked: (n, d).
        labels: (n,) the right classes.
        targets: (n,) the classes that are written; −1 where the word is none.
        samples: (n,) which photograph each row is of.
        classes: (n_classes, d) text features.
    """

    clean: Features
    attacked: Features
    labels: NDArray[np.int64]
    targets: NDArray[np.int64]
    samples: NDArray[np.int64]
    classes: Features


@dataclass(frozen=True, slots=True)
class Learning:
    """How a token is learned; the paper's values where it gives them (section 4.1).

    Attributes:
        epochs: passes over the pictures.
        batch: pictures a step.
        rate: Adam's learning rate; the paper uses plain descent on many more pictures.
        gamma: weight of the term that keeps clean pictures' answers as they were.
        seed: keys the order of pictures, the templates and the first value.
    """

    epochs: int = 10
    batch: int = 64
    rate: float = 0.002
    gamma: float = 3.0
    seed: int = 0


USUAL = Learning()
"""What is learned with where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit found.

    Attributes:
        tensors: to keep, by name.
        notes: to keep beside them; JSON.
        lines: what to tell the user.
    """

    tensors: dict[str, torch.Tensor]
    notes: dict[str, Any]
    lines: list[str] = field(default_factory=list)


Fit = Callable[["Model", Embedded, "Task", Learning, Progress], Learned]

FITTED: Registry[Fit] = Registry("learned defence")
"""How each learned defence is fitted, by its name; registered beside the defence itself."""
