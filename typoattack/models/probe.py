"""A linear probe: multinomial logistic regression on frozen embeddings, in place of zero-shot.

Goh et al. 2021 attack zero-shot and linear-probe classifiers alike: a probe never hears a class's
name, so whatever a written word does to it goes through the picture alone.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.randomness import digest, stream
from typoattack.core.tensors import read_tensors, write_tensors
from typoattack.defences.base import CLASSIFIERS, Defence, Defended, defence
from typoattack.drawing.canvas import square_canvas
from typoattack.models.text_cache import Features, TextCache
from typoattack.models.zero_shot import Scores, ZeroShotClassifier

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.samples.base import Dataset
    from typoattack.task import Task

KIND = "probe"
Penalty = Literal["l2", "l1"]
STRENGTHS = tuple(10.0**exponent for exponent in range(-3, 5))
"""Inverse strengths of regularisation (scikit-learn's C) that are tried."""


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


def embed_photographs(
    model: "Model",
    data: "Dataset",
    *,
    canvas: int,
    batch_size: int = 64,
    limit: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Features, NDArray[np.int64], list[str]]:
    """Embeddings (n, d) and labels (n,) of a data set's clean photographs; ids of broken ones."""
    count = min(limit, len(data)) if limit else len(data)
    rows, labels, broken, batch = [], [], list[str](), list[torch.Tensor]()
    for index in range(count):
        sample = data[index]
        try:
            batch.append(model.preprocess(square_canvas(sample.image, canvas)))
            labels.append(sample.label)
        except BrokenImage:
            broken.append(sample.id)
        if batch and (len(batch) == batch_size or index + 1 == count):
            rows.append(model.encode_image(torch.stack(batch)).numpy())
            batch = []
        if progress is not None:
            progress(index + 1, count)
    if not rows:
        raise UserError(f"dataset {data.name!r}: none of its photographs can be read")
    return np.concatenate(rows), np.asarray(labels), broken


def fit_probe(
    embeddings: Features,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    *,
    model: "Model",
    data: str,
    penalty: Penalty = "l2",
    strengths: Sequence[float] = STRENGTHS,
    seed: int = 0,
) -> FittedProbe:
    """Fit logistic regression, its C chosen on a held-out fifth of each class.

    The best C (the smallest of equals) is then fitted on everything. L-BFGS fits an L2 penalty,
    SAGA an L1 one.

    Args:
        embeddings: (n, d).
        labels: (n,) indices of `class_names`.
        class_names: classes without a photograph are never answered.
        model: what made the embeddings.
        data: the photographs' name.
        penalty: `l2`; `l1` leaves few features a class.
        strengths: values of C to try; a single one is taken as it is.
        seed: keys the split.

    Raises:
        UserError: if scikit-learn is missing, or there are fewer than two classes, or none with
            two photographs, so that nothing can be held out.
    """
    if len(np.unique(labels)) < 2:
        raise UserError("probe: needs photographs of two classes at least")
    trials = {}
    if len(strengths) > 1:
        trials = _trials(embeddings, labels, penalty, strengths, seed)
    chosen = max(trials, key=lambda c: (trials[c], -c)) if trials else float(strengths[0])
    weights, bias = _rows(_fit(embeddings, labels, penalty, chosen), len(class_names))
    return FittedProbe(
        weights=weights,
        bias=bias,
        class_names=tuple(class_names),
        model=(model.name, model.fingerprint),
        penalty=penalty,
        strength=chosen,
        trials=trials,
        samples=len(labels),
        data=data,
    )


def _trials(
    embeddings: Features,
    labels: NDArray[np.int64],
    penalty: Penalty,
    strengths: Sequence[float],
    seed: int,
) -> dict[float, float]:
    """The share of held-out photographs that each strength gets right."""
    held_out = _held_out(labels, seed)
    if not held_out.any():
        raise UserError("probe: needs two photographs of a class at least, to hold one out")
    trials = {}
    for strength in strengths:
        fitted = _fit(embeddings[~held_out], labels[~held_out], penalty, strength)
        right = fitted.predict(embeddings[held_out]) == labels[held_out]
        trials[strength] = float(np.mean(right))
    return trials


def _rows(fitted: Any, classes: int) -> tuple[Features, Features]:
    """Weights (classes, d) and biases (classes,); a class it was not fitted on never wins."""
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # scikit-learn keeps one row for two classes
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weights = np.zeros((classes, coefficients.shape[1]), dtype=np.float32)
    bias = np.full(classes, -1e4, dtype=np.float32)
    weights[fitted.classes_], bias[fitted.classes_] = coefficients, intercepts
    return weights, bias


def _held_out(labels: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """About a fifth of each class, never all of it."""
    mask = np.zeros(len(labels), dtype=bool)
    rng = stream("probe", seed)
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        count = min(max(1, round(len(places) / 5)), len(places) - 1)
        mask[places[:count]] = True
    return mask


def _fit(embeddings: Features, labels: NDArray[np.int64], penalty: Penalty, strength: float) -> Any:
    try:
        import sklearn
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise UserError("probe: needs scikit-learn; pip install 'typoattack[probe]'") from None
    options: dict[str, Any] = {"C": strength, "max_iter": 1000}
    if penalty == "l1":
        options |= {"l1_ratio": 1.0, "solver": "saga", "random_state": 0, "tol": 1e-3}
        if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
            options["penalty"] = "elasticnet"  # since 1.8 the ratio alone says so
    with warnings.catch_warnings():
        # The last few steps change no answer; accuracy on held-out pictures decides anyway.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(**options).fit(embeddings, labels)


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
        progress: Callable[[int, int], None] | None,
        probe: FittedProbe,
    ) -> None:
        super().__init__(model, task, cache, progress)
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
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        probability = exponents / exponents.sum(axis=1, keepdims=True)
        return Scores(similarity, probability, logits.argmax(axis=1))


@defence("probe", source="Goh et al. 2021, section 5", registry=CLASSIFIERS)
class Probe(Defence):
    """Classifies with a linear probe that `typoattack probe fit` wrote, in place of zero-shot.

    Attributes:
        file: fitted on the same encoder and class names.
    """

    file: Annotated[str, Field(min_length=1)]

    def defend(self, model: "Model") -> "Model":
        """Wraps the classifier; fits the encoder it was fitted on."""
        probe = load_probe(Path(self.file), str(self))
        if probe.model[1] != model.fingerprint:
            raise UserError(
                f"{self}: {self.file!r} was fitted on {probe.model[0]}, whose weights are not "
                f"those of {model.name}; run `typoattack probe fit`"
            )
        key = digest(model.fingerprint, KIND, probe.weights.tobytes(), probe.bias.tobytes())
        return ProbedModel(model, self, key, probe)


class ProbedModel(Defended):
    """An encoder whose answers come from a probe."""

    def __init__(
        self, inner: "Model", defence: Defence, fingerprint: str, probe: FittedProbe
    ) -> None:
        super().__init__(inner, defence, fingerprint)
        self._probe = probe

    def classifier(
        self, task: "Task", cache: TextCache, progress: Callable[[int, int], None] | None
    ) -> ProbeClassifier:
        """What answers the task for this model; see `typoattack.runner.local.build_classifiers`."""
        return ProbeClassifier(self, task, cache, progress, self._probe)

    def answers(self, task: "Task") -> bool:
        """Whether the probe knows the task's classes; see `typoattack.second_questions`."""
        return set(task.class_names) <= set(self._probe.class_names)
