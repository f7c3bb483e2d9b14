"""Embeddings on disk: small, exact enough, whole."""

from pathlib import Path

import numpy as np
import pytest

from typoattack.core.errors import UserError
from typoattack.results.embeddings import (
    EMBEDDINGS,
    Embedded,
    part_path,
    read_embeddings,
    write_embeddings,
)


def unit(count: int, width: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def kept(folder: Path, rows: np.ndarray, number: int = 0, model: str = "m") -> None:
    (folder / EMBEDDINGS).mkdir(exist_ok=True)
    named = [Embedded(model, f"{number}-{n}", row) for n, row in enumerate(rows)]
    write_embeddings(folder, named)


def test_cosines_are_kept_to_1e_5_where_float16_would_miss_that(tmp_path: Path) -> None:
    pictures, texts = unit(400, 512), unit(100, 512, 1)
    kept(tmp_path, pictures)
    _, rows = read_embeddings(tmp_path, "m")
    exact = pictures.astype(np.float64) @ texts.T.astype(np.float64)
    assert np.abs(rows @ texts.T - exact).max() < 1e-5
    assert np.abs(pictures.astype(np.float16).astype(np.float32) @ texts.T - exact).max() > 1e-5


def test_they_are_no_larger_than_float16(tmp_path: Path) -> None:
    kept(tmp_path, unit(400, 512))
    assert part_path(tmp_path, 0).stat().st_size < 1.1 * 400 * 512 * 2


def test_a_picture_is_kept_once_a_model_and_parts_are_read_as_one(tmp_path: Path) -> None:
    rows = unit(3, 8)
    kept(tmp_path, rows)
    kept(tmp_path, unit(2, 8, 5), number=1)
    twice = [Embedded("n", "same", rows[0]), Embedded("n", "same", rows[0])]
    write_embeddings(tmp_path, twice)
    place, read = read_embeddings(tmp_path, "m")
    assert list(place) == ["0-0", "0-1", "0-2", "1-0", "1-1"]
    assert np.allclose(read[:3], rows, atol=1e-4)
    assert len(read_embeddings(tmp_path, "n")[0]) == 1


def test_a_row_of_zeros_stays_one(tmp_path: Path) -> None:
    kept(tmp_path, np.zeros((1, 8), np.float32))
    assert not read_embeddings(tmp_path, "m")[1].any()


def test_a_damaged_part_and_none_at_all_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no embeddings of 'm'; run with --keep-embeddings"):
        read_embeddings(tmp_path, "m")
    kept(tmp_path, unit(3, 8))
    part = part_path(tmp_path, 0)
    part.write_bytes(part.read_bytes()[:-30])
    with pytest.raises(UserError, match="is damaged"):
        read_embeddings(tmp_path, "m")
