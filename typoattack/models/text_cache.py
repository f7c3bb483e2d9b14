"""Text features on disk, so that nobody encodes the same sentences twice."""

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.core.randomness import digest

Features = NDArray[np.float32]

Encode: TypeAlias = Callable[[Sequence[str]], Callable[[], Features]]
"""Begins with n sentences; what it returns waits for their (n, d), L2-normalised."""

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
        encode: Encode,
        progress: Callable[[int, int], None] | None = None,
    ) -> Features:
        """One row a name: the mean over templates, normalised; encoded only where not stored.

        Args:
            fingerprint: the model's.
            names: what stands in the templates' place.
            templates: sentences with one `{}`.
            encode: begins with sentences; those of the next file are begun before the answer to
                these is waited for.
            progress: called with (names done, names in all).
        """
        parts: list[Features] = []
        size = max(_LEAST, _SENTENCES // max(len(templates), 1))
        pending: Callable[[], Features] | None = None

        def settle() -> None:
            if pending is not None:
                parts.append(pending())
                if progress is not None:
                    progress(min(len(parts) * size, len(names)), len(names))

        for start in range(0, len(names), size):
            block = names[start : start + size]
            path = self._path(fingerprint, block, templates)
            try:
                begun = _begun(block, templates, encode, path)
            finally:  # an interruption here loses nothing of what is under way
                settle()
            pending = begun
        settle()
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
        encode: Encode,
        progress: Callable[[int, int], None] | None = None,
    ) -> Features:
        """As `TextCache.features`; the encoder, and not the whole model, is what counts."""
        key = digest(*templates, "\x00", *names)
        if key not in self._kept:
            made = super().features(fingerprint, names, templates, encode, progress)
            self._kept[key] = made
        return np.array(self._kept[key])


def _begun(
    names: Sequence[str], templates: Sequence[str], encode: Encode, path: Path | None
) -> Callable[[], Features]:
    """A file's features: read, or on their way; they are written when they are waited for."""
    stored = _read(path, len(names))
    if stored is not None:
        return lambda: stored
    answer = encode([template.replace("{}", name) for name in names for template in templates])

    def rows() -> Features:
        means = answer().reshape(len(names), len(templates), -1).mean(axis=1)
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        made = np.asarray(means / np.maximum(norms, 1e-12), dtype=np.float32)
        _write(path, made)
        return made

    return rows


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
