"""Fitting a linear probe on a data set's clean photographs."""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.randomness import stream
from typoattack.drawing.canvas import square_canvas
from typoattack.models.probe import FittedProbe, Penalty
from typoattack.models.text_cache import Features
from typoattack.samples.choose import spread

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.samples.base import Dataset

STRENGTHS = tuple(10.0**exponent for exponent in range(-3, 5))
"""Inverse strengths of regularisation (scikit-learn's C) that are tried."""


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
    chosen = spread(data, limit)
    rows, labels, broken, batch = [], [], list[str](), list[torch.Tensor]()
    for done, index in enumerate(chosen, start=1):
        sample = data[index]
        try:
            batch.append(model.preprocess(square_canvas(sample.image, canvas)))
            labels.append(sample.label)
        except BrokenImage:
            broken.append(sample.id)
        if batch and (len(batch) == batch_size or done == len(chosen)):
            rows.append(model.encode_image(torch.stack(batch)).numpy())
            batch = []
        if progress is not None:
            progress(done, len(chosen))
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
