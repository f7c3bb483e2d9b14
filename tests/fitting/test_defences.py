"""Learned defences: what is learned does what it is for, and is kept safely."""

from pathlib import Path

import numpy as np
import pytest
import torch

from typoattack.core.errors import UserError
from typoattack.core.tensors import read_tensors, write_tensors
from typoattack.defences.defense_prefix import Learning, fit_prefix
from typoattack.defences.projection import fit_projection, without
from typoattack.factory import load_model
from typoattack.fitting.embed import Embedded
from typoattack.task import Task


def spelled(
    photographs: int = 30, words: int = 6, classes: int = 8, seed: int = 0, d: int = 40
) -> Embedded:
    """A made space: objects in 24 dimensions, spelling in the other 16, writing adds spelling."""
    rng = np.random.default_rng(seed)
    meaning, spelling = (rng.normal(size=(classes, n)) for n in (24, 16))
    meaning /= np.linalg.norm(meaning, axis=1, keepdims=True)
    spelling /= np.linalg.norm(spelling, axis=1, keepdims=True)

    def rows(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        whole = np.concatenate([first, second], axis=1)
        whole = whole @ np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))[0]
        return (whole / np.linalg.norm(whole, axis=1, keepdims=True)).astype(np.float32)

    labels = np.repeat(rng.integers(0, classes, photographs), words)
    targets = (labels + rng.integers(1, classes, len(labels))) % classes
    seen = meaning[labels] + 0.05 * rng.normal(size=(len(labels), 24))
    return Embedded(
        clean=rows(seen, np.zeros((len(labels), 16))),
        attacked=rows(seen, 1.5 * spelling[targets]),
        labels=labels,
        targets=targets,
        samples=np.repeat(np.arange(photographs), words),
        classes=rows(meaning, spelling),
    )


def accuracy(pictures: np.ndarray, data: Embedded, directions: np.ndarray) -> float:
    classes = without(data.classes, directions)
    return float(((without(pictures, directions) @ classes.T).argmax(1) == data.labels).mean())


def test_the_projection_removes_spelling_and_keeps_objects() -> None:
    data, fresh = spelled(seed=0), spelled(seed=0, photographs=30)
    found = fit_projection(data)
    nothing = found.directions[:0]
    assert accuracy(data.attacked, data, nothing) < 0.3
    chosen = found.directions[: found.chosen]
    np.testing.assert_allclose(chosen @ chosen.T, np.eye(len(chosen)), atol=1e-5)
    assert 5 <= found.chosen <= 12
    assert accuracy(fresh.attacked, fresh, chosen) > 0.9
    assert accuracy(fresh.clean, fresh, chosen) > 0.9
    assert found.trials[0] == pytest.approx(found.trials[0])
    assert sum(found.trials[found.chosen]) == max(sum(both) for both in found.trials.values())


def test_nothing_is_removed_where_writing_changes_nothing() -> None:
    data = spelled()
    same = Embedded(data.clean, data.clean, data.labels, data.targets, data.samples, data.classes)
    assert fit_projection(same).chosen == 0
    with pytest.raises(UserError, match="two photographs"):
        fit_projection(spelled(photographs=1))


def test_a_learned_prefix_lowers_its_loss(tiny_clip: Path) -> None:
    model = load_model(f"local-dir:{tiny_clip}", device="cpu")
    task = Task("object", ("dog", "cat", "fish", "iPod"), ("a photo of a {}.", "the {}"))
    data = spelled(classes=4, d=40)
    fitted = Embedded(
        data.clean[:, :16] / np.linalg.norm(data.clean[:, :16], axis=1, keepdims=True),
        data.attacked[:, :16] / np.linalg.norm(data.attacked[:, :16], axis=1, keepdims=True),
        data.labels,
        data.targets,
        data.samples,
        data.classes,
    )
    how = Learning(epochs=8, rate=0.1, gamma=0.1)
    token, losses = fit_prefix(model, fitted, task, how)
    assert token.shape == (1, 16)
    assert losses[-1] < 0.95 * losses[0]
    again, _ = fit_prefix(model, fitted, task, how)
    torch.testing.assert_close(token, again)
    assert all(p.grad is None for p in model.module.parameters())
    with pytest.raises(UserError, match="needs an open_clip model"):
        fit_prefix(load_model("mini-blind", device="cpu"), fitted, task, how)


def test_tensor_files_are_read_back_and_of_their_own_kind(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    write_tensors(path, "projection", {"directions": torch.eye(3)}, {"chosen": 2, "ü": [1]})
    tensors, notes = read_tensors(path, "projection", ("directions",), "it")
    assert torch.equal(tensors["directions"], torch.eye(3))
    assert notes == {"chosen": 2, "ü": [1]}
    with pytest.raises(UserError, match="holds no probe"):
        read_tensors(path, "probe", (), "it")
    with pytest.raises(UserError, match="lacks the tensor 'bias'"):
        read_tensors(path, "projection", ("bias",), "it")
    with pytest.raises(UserError, match="no folder"):
        write_tensors(tmp_path / "no" / "p.safetensors", "projection", {}, {})
