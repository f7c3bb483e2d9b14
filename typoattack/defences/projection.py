"""A linear map that removes spelling from the joint space, after Materzyńska et al. 2022.

They learn an orthogonal projection by gradient descent on pictures with and without text. Ours
has a closed form: what writing a word adds to a picture's embedding is measured on pictures of
your own, its principal directions are removed from pictures and texts alike, and how many of them
is chosen on pictures that were held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch.nn import functional as F

from typoattack.core.errors import UserError
from typoattack.core.progress import Progress
from typoattack.core.randomness import digest
from typoattack.core.tensors import read_tensors
from typoattack.defences.base import Defence, defence
from typoattack.defences.learned import FITTED, Embedded, Learned, Learning
from typoattack.models.wrappers import Wrapped

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.task import Task

Rows = NDArray[np.float32]

KIND = "projection"


@defence("projection", source="after Materzyńska et al. 2022, section 3")
class Projection(Defence):
    """Removes the directions of spelling, as `typoattack defence fit projection` found them.

    Attributes:
        file: what `defence fit` wrote for the same model.
        directions: how many to remove; 0: as many as were best on held-out pictures.
    """

    file: Annotated[str, Field(min_length=1)]
    directions: Annotated[int, Field(ge=0)] = 0

    def wrap(self, model: "Model") -> "Model":
        """Wraps both encoders; fits every model, but a file only the model it was fitted on."""
        tensors, notes = read_tensors(Path(self.file), KIND, ("directions",), str(self))
        directions = tensors["directions"]
        if notes.get("model_fingerprint") != model.fingerprint:
            raise UserError(
                f"defence {self}: {self.file!r} was fitted on {notes.get('model', 'another model')}"
                f", whose weights are not those of {model.name}; run `typoattack defence fit`"
            )
        count = self.directions or int(notes["chosen"])
        if count > len(directions):
            raise UserError(f"defence {self}: {self.file!r} holds {len(directions)} directions")
        kept = directions[:count]
        key = digest(model.fingerprint, KIND, kept.numpy().tobytes())
        return _Projected(model, self, key, kept)


class _Projected(Wrapped):
    def __init__(
        self, inner: "Model", part: Defence, fingerprint: str, directions: torch.Tensor
    ) -> None:
        super().__init__(inner, part, fingerprint)
        self._directions = directions

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self._without(self.inner.encode_image(batch))

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d); see `Model`."""
        return self._without(self.inner.encode_text(texts))

    def _without(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(without(rows.numpy(), self._directions.numpy()))


def without(rows: Rows, directions: Rows) -> Rows:
    """(n, d) less their share in (k, d) orthonormal directions, normalised again."""
    left = rows - (rows @ directions.T) @ directions
    return np.asarray(F.normalize(torch.from_numpy(left), dim=-1).numpy(), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The directions of spelling and how many are best removed.

    Attributes:
        directions: (k, d) orthonormal, the strongest first.
        chosen: how many to remove.
        trials: held-out accuracy by number removed: clean, attacked.
    """

    directions: Rows
    chosen: int
    trials: dict[int, tuple[float, float]]


def fit_projection(data: Embedded, *, most: int = 512) -> Fitted:
    """Find the directions on every second photograph, choose their number on the others.

    Chosen is the number with the greatest mean of clean and attacked accuracy on the held-out
    photographs, the least of equals. All photographs then give the final directions.

    Args:
        data: at least two photographs.
        most: directions that are kept at most.

    Raises:
        UserError: if there are fewer than two photographs.
    """
    order = np.unique(data.samples, return_inverse=True)[1]
    held_out = order % 2 == 1
    if not held_out.any():
        raise UserError("defence 'projection' needs two photographs at least to be fitted on")
    differences = data.attacked - data.clean
    half = _principal(differences[~held_out], most)
    trials = {count: _accuracies(data, held_out, half[:count]) for count in _counts(len(half))}
    chosen = max(trials, key=lambda count: (sum(trials[count]), -count))
    return Fitted(_principal(differences, most), chosen, trials)


def _principal(differences: Rows, most: int) -> Rows:
    """(k, d) right singular vectors; the mean is not removed, for all writing adds it."""
    _, strengths, directions = np.linalg.svd(differences, full_matrices=False)
    real = strengths > 1e-5 * max(float(strengths.max(initial=0.0)), 1e-12)
    return np.ascontiguousarray(directions[real][:most], dtype=np.float32)


def _counts(most: int) -> list[int]:
    """0, 1, 2, 3, 4, 6, 8, 12, … up to `most`."""
    powers = (2**exponent * part // 2 for exponent in range(1, 20) for part in (2, 3))
    return sorted({0, 1, most, *(count for count in powers if count <= most)})


def _accuracies(data: Embedded, rows: NDArray[np.bool_], directions: Rows) -> tuple[float, float]:
    classes = without(data.classes, directions)
    right = (
        (without(pictures[rows], directions) @ classes.T).argmax(axis=1) == data.labels[rows]
        for pictures in (data.clean, data.attacked)
    )
    clean, attacked = (float(each.mean()) for each in right)
    return clean, attacked


@FITTED.register(KIND)
def _fit(
    model: "Model",  # noqa: ARG001
    data: Embedded,
    task: "Task",  # noqa: ARG001
    how: Learning,  # noqa: ARG001
    progress: Progress,  # noqa: ARG001
) -> Learned:
    found = fit_projection(data)
    lines = ["directions removed: held-out accuracy, clean and attacked"]
    for count, (clean, attacked) in found.trials.items():
        chosen = "  chosen" if count == found.chosen else ""
        lines.append(f"{count:>6}: {100 * clean:5.1f} %  {100 * attacked:5.1f} %{chosen}")
    tensors = {"directions": torch.from_numpy(found.directions)}
    notes = {"chosen": found.chosen, "trials": list(found.trials.items())}
    return Learned(tensors, notes, lines)
