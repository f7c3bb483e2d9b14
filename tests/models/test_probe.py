"""Linear probes against scikit-learn itself, and on what they are for."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression

from typoattack.core.errors import UserError
from typoattack.fitting.probe import fit_probe
from typoattack.models.probe import FittedProbe, features_table, load_probe


class Encoder:
    """Only named: a probe is fitted on embeddings."""

    name, fingerprint = "encoder", "0123"


def embeddings(
    classes: int = 4, each: int = 25, d: int = 20, spread: float = 0.35, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters on a sphere that overlap a little; only the first six features tell."""
    rng = np.random.default_rng(seed)
    centres = np.zeros((classes, d))
    centres[:, :6] = np.random.default_rng(9).normal(size=(classes, 6))
    labels = np.repeat(np.arange(classes), each)
    rows = centres[labels] + spread * rng.normal(size=(len(labels), d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def fit(rows: np.ndarray, labels: np.ndarray, classes: int = 4, **options: object) -> FittedProbe:
    names = [f"class {n}" for n in range(classes)]
    return fit_probe(rows, labels, names, model=Encoder(), data="made", **options)


def answers(probe: FittedProbe, rows: np.ndarray) -> np.ndarray:
    return (rows @ probe.weights.T + probe.bias).argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 4])
def test_a_probe_answers_as_scikit_learn_does(classes: int) -> None:
    rows, labels = embeddings(classes)
    probe = fit(rows, labels, classes, strengths=(3.0,))
    theirs = LogisticRegression(C=3.0, max_iter=1000).fit(rows, labels)
    logits = rows @ probe.weights.T + probe.bias
    shares = torch.softmax(torch.from_numpy(logits), dim=1).numpy()
    np.testing.assert_allclose(shares, theirs.predict_proba(rows), atol=1e-4)
    assert probe.trials == {}


def test_the_strength_is_chosen_on_held_out_photographs() -> None:
    rows, labels = embeddings(each=30)
    probe = fit(rows, labels)
    assert len(probe.trials) == 8
    assert probe.trials[probe.strength] == max(probe.trials.values())
    fresh, right = embeddings(each=50, seed=1)
    assert (answers(probe, fresh) == right).mean() > 0.8
    assert fit(rows, labels).strength == probe.strength
    scrambled = np.random.default_rng(0).permutation(labels)
    assert max(fit(rows, scrambled).trials.values()) < 0.6  # held out means held out


def test_a_class_without_photographs_is_never_answered() -> None:
    rows, labels = embeddings()
    probe = fit(rows, labels, classes=6, strengths=(1.0,))
    assert set(answers(probe, rows)) <= {0, 1, 2, 3}


def test_l1_leaves_few_features_and_the_table_names_them() -> None:
    rows, labels = embeddings(each=60, spread=0.25)
    dense = fit(rows, labels, strengths=(1.0,))
    sparse = fit(rows, labels, strengths=(1.0,), penalty="l1")
    assert np.count_nonzero(dense.weights) == dense.weights.size
    assert np.count_nonzero(sparse.weights) < 0.5 * sparse.weights.size
    table = features_table(sparse, 3)
    first = table[table["rank"] == 1]
    assert list(first["class"]) == [f"class {n}" for n in range(4)]
    assert (first["feature"] < 6).all()
    for line in table.itertuples():
        row = sparse.weights[int(line[1].removeprefix("class "))]
        assert row[line.feature] == pytest.approx(line.weight)
        assert line.used == np.count_nonzero(row)
    assert (table.groupby("class")["weight"].apply(lambda w: (w.abs().diff()[1:] <= 0).all())).all()


def test_a_probe_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    rows, labels = embeddings()
    probe = fit(rows, labels, strengths=(0.1, 10.0))
    probe.save(tmp_path / "p.safetensors")
    again = load_probe(tmp_path / "p.safetensors")
    np.testing.assert_array_equal(again.weights, probe.weights)
    np.testing.assert_array_equal(again.bias, probe.bias)
    for name in ("class_names", "model", "penalty", "strength", "trials", "samples", "data"):
        assert getattr(again, name) == getattr(probe, name)


def test_what_is_no_probe_is_refused(tmp_path: Path) -> None:
    rows, labels = embeddings()
    for bad, said in (
        ((rows[:5], labels[:5]), "two classes"),
        ((rows[[0, 30]], labels[[0, 30]]), "two photographs of a class"),
    ):
        with pytest.raises(UserError, match=said):
            fit(*bad)
    save_file({"weights": torch.zeros(2, 3)}, tmp_path / "other.safetensors")
    (tmp_path / "half.safetensors").write_bytes(b"abc")
    for name, said in (
        ("other.safetensors", "holds no probe"),
        ("half.safetensors", "damaged"),
        ("none.safetensors", "no file"),
    ):
        with pytest.raises(UserError, match=said):
            load_probe(tmp_path / name)
