"""Text features on disk, so that nobody encodes the same sentences twice."""

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.core.randomness import digest

Features = NDArray[np.float32]
_SENTENCES = 1024
"""Sentences a file at least: full batches, one begun behind the other, even where a class has one
sentence."""

_LEAST = 32
"""Class names a file, where they have many: an interrupted hour of encoding loses a minute."""


class TextCache:
    """Features of sentences by model fingerprint and text, in `.npy` files of a folder.

    A file that cannot be read is made again; a folder that cannot be written is done without.

    Args:
        folder: where the files go; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def features(
        self,
        fingerprint: str,
        names: Sequence[str],
        templates: Sequence[str],
        encode: Callable[[Sequence[str]], Features],
        progress: Callable[[int, int], None] | None = None,
    ) -> Features:
        """One row a name: the mean over templates, normalised; encoded only where not stored.

        Args:
            fingerprint: the model's.
            names: what stands in the templates' place.
            templates: sentences with one `{}`.
            encode: n sentences to (n, d), L2-normalised.
            progress: called with (names done, names in all).
        """
        parts = []
        size = max(_LEAST, _SENTENCES // max(len(templates), 1))
        for start in range(0, len(names), size):
            block = names[start : start + size]
            path = self._path(fingerprint, block, templates)
            rows = _read(path, len(block))
            if rows is None:
                rows = _encode(block, templates, encode)
                _write(path, rows)
            parts.append(rows)
            if progress is not None:
                progress(min(start + size, len(names)), len(names))
        return np.concatenate(parts)

    def _path(
        self, fingerprint: str, names: Sequence[str], templates: Sequence[str]
    ) -> Path | None:
        if self._folder is None:
            return None
        key = digest(fingerprint, *templates, "\x00", *names)
        return self._folder / "text-features" / fingerprint / f"{key}.npy"


class LastTexts(TextCache):
    """Features of the last text encoder that was asked, in memory."""

    def __init__(self) -> None:
        super().__init__(None)
        self._encoder = ""
        self._kept: dict[str, Features] = {}

    def of(self, encoder: str) -> "LastTexts":
        """The same, for an encoder; what was kept of another one is let go.

        Args:
            encoder: a hash of all its weights.
        """
        if encoder != self._encoder:
            self._encoder, self._kept = encoder, {}
        return self

    def features(
        self,
        fingerprint: str,
        names: Sequence[str],
        templates: Sequence[str],
        encode: Callable[[Sequence[str]], Features],
        progress: Callable[[int, int], None] | None = None,
    ) -> Features:
        """As `TextCache.features`; the encoder, and not the whole model, is what counts."""
        key = digest(*templates, "\x00", *names)
        if key not in self._kept:
            made = super().features(fingerprint, names, templates, encode, progress)
            self._kept[key] = made
        return np.array(self._kept[key])


def _encode(
    names: Sequence[str],
    templates: Sequence[str],
    encode: Callable[[Sequence[str]], Features],
) -> Features:
    sentences = [template.replace("{}", name) for name in names for template in templates]
    rows = encode(sentences).reshape(len(names), len(templates), -1).mean(axis=1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float32)


def _read(path: Path | None, rows: int) -> Features | None:
    if path is None:
        return None
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = stored.ndim == 2 and stored.dtype == np.float32 and len(stored) == rows
    return stored if fits and np.isfinite(stored).all() else None


def _write(path: Path | None, rows: Features) -> None:
    if path is None:
        return
    data = io.BytesIO()
    np.save(data, rows, allow_pickle=False)
    with contextlib.suppress(OSError, UserError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data.getvalue())
