"""A linear probe: multinomial logistic regression on frozen embeddings, in place of zero-shot.

Goh et al. 2021 attack zero-shot and linear-probe classifiers alike: a probe never hears a class's
name, so whatever a written word does to it goes through the picture alone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from pydantic import Field

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.core.tensors import read_tensors, write_tensors
from typoattack.models.base import Scores, Told
from typoattack.models.text_cache import Features, TextCache
from typoattack.models.wrappers import Wrapped, Wrapper
from typoattack.models.zero_shot import ZeroShotClassifier, softmax

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.task import Task

KIND = "probe"
Penalty = Literal["l2", "l1"]


@dataclass(frozen=True, slots=True)
class FittedProbe:
    """A fitted probe and how it came about.

    Attributes:
        weights: (n_classes, d).
        bias: (n_classes,).
        class_names: in the order of the rows.
        model: name and fingerprint of the encoder.
        penalty: `l2`, or `l1` for few features a class.
        strength: the chosen C.
        trials: held-out accuracy by C.
        samples: photographs it was fitted on, all but the broken ones.
        data: the data set's name.
    """

    weights: Features
    bias: Features
    class_names: tuple[str, ...]
    model: tuple[str, str]
    penalty: Penalty
    strength: float
    trials: dict[float, float]
    samples: int
    data: str

    def save(self, path: Path) -> None:
        """Write it as safetensors with notes; `UserError` if the disk refuses."""
        tensors = {"weights": torch.from_numpy(self.weights), "bias": torch.from_numpy(self.bias)}
        notes = {
            "class_names": self.class_names,
            "model": self.model,
            "penalty": self.penalty,
            "strength": self.strength,
            "trials": sorted(self.trials.items()),
            "samples": self.samples,
            "data": self.data,
        }
        write_tensors(path, KIND, tensors, notes)


def load_probe(path: Path, where: str = "probe") -> FittedProbe:
    """Read what `FittedProbe.save` wrote; loading runs no code.

    Raises:
        UserError: naming `where`, if the file is missing, damaged or no probe.
    """
    tensors, notes = read_tensors(path, KIND, ("weights", "bias"), where)
    weights, bias = (tensors[name].float().numpy() for name in ("weights", "bias"))
    try:
        made = FittedProbe(
            weights,
            bias,
            tuple(notes["class_names"]),
            (notes["model"][0], notes["model"][1]),
            notes["penalty"],
            float(notes["strength"]),
            {float(strength): float(share) for strength, share in notes["trials"]},
            int(notes["samples"]),
            str(notes["data"]),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{where}: {str(path)!r} is damaged ({error!r})") from None
    if (
        weights.ndim != 2
        or weights.shape[0] != len(made.class_names)
        or bias.shape != (len(made.class_names),)
    ):
        raise UserError(f"{where}: {str(path)!r} is damaged (shapes do not agree)")
    return made


def features_table(probe: FittedProbe, count: int = 5) -> pd.DataFrame:
    """Which features make each class: its `count` greatest weights.

    Returns:
        One row a (class, rank): `class`, `rank`, `feature` (a dimension of the embedding),
        `weight`, and `used`, how many features of the class are not zero.
    """
    rows = []
    for name, weights in zip(probe.class_names, probe.weights, strict=True):
        strongest = np.argsort(-np.abs(weights), kind="stable")[:count]
        used = int(np.count_nonzero(weights))
        for rank, feature in enumerate(strongest, start=1):
            if weights[feature]:
                rows.append((name, rank, int(feature), float(weights[feature]), used))
    columns = ["class", "rank", "feature", "weight", "used"]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return frame


class ProbeClassifier(ZeroShotClassifier):
    """A probe that answers the task; text features only place words that are written.

    `similarity` stays the cosine with the classes' texts, so that two-way accuracy and margins
    mean what they mean for zero-shot; `probability` and `predicted` are the probe's.
    """

    def __init__(
        self,
        model: "Model",
        task: "Task",
        cache: TextCache,
        told: Told | None,
        probe: FittedProbe,
    ) -> None:
        super().__init__(model, task, cache, told)
        index = {name: row for row, name in enumerate(probe.class_names)}
        missing = [name for name in task.class_names if name not in index]
        if missing:
            raise UserError(
                f"model {model.name!r}: the probe knows {len(index)} classes, but not "
                f"{missing[0]!r}; fit one on photographs with the same class names"
            )
        rows = [index[name] for name in task.class_names]
        self._probe_weights, self._probe_bias = probe.weights[rows], probe.bias[rows]

    def scores(self, embeddings: Features) -> Scores:
        """Score (n, d) image embeddings; see `ZeroShotClassifier.scores`."""
        similarity = super().scores(embeddings).similarity
        logits = embeddings @ self._probe_weights.T + self._probe_bias
        return Scores(similarity, softmax(logits), logits.argmax(axis=1))


@dataclass(frozen=True, repr=False)
class Probe(Wrapper):
    """Classifies with a linear probe that `typoattack probe fit` wrote, in place of zero-shot.

    Attributes:
        file: fitted on the same encoder and class names.
    """

    part_kind: ClassVar[str] = "classifier"
    name: ClassVar[str] = KIND
    source: ClassVar[str] = "Goh et al. 2021, section 5"
    classifies: ClassVar[bool] = True

    file: Annotated[str, Field(min_length=1)]

    def wrap(self, model: "Model") -> "Model":
        """Wraps the classifier; fits the encoder it was fitted on."""
        probe = load_probe(Path(self.file), str(self))
        if probe.model[1] != model.fingerprint:
            raise UserError(
                f"{self}: {self.file!r} was fitted on {probe.model[0]}, whose weights are not "
                f"those of {model.name}; run `typoattack probe fit`"
            )
        key = digest(model.fingerprint, KIND, probe.weights.tobytes(), probe.bias.tobytes())
        return ProbedModel(model, self, key, probe)


class ProbedModel(Wrapped):
    """An encoder whose answers come from a probe."""

    def __init__(self, inner: "Model", part: Probe, fingerprint: str, probe: FittedProbe) -> None:
        super().__init__(inner, part, fingerprint)
        self._probe = probe

    @property
    def fitted_on(self) -> str:
        """The name of the data set whose photographs it was fitted on."""
        return self._probe.data

    def classifier(
        self, task: "Task", cache: TextCache, told: Told | None = None
    ) -> ProbeClassifier:
        """What answers the task for this model; see `Model`."""
        return ProbeClassifier(self, task, cache, told, self._probe)

    def answers(self, task: "Task") -> bool:
        """Whether the probe knows the task's classes."""
        return set(task.class_names) <= set(self._probe.class_names)
