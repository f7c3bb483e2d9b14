"""What a study has finished so far, in files, so that a killed one goes on where it stopped.

An entry stands under its name and the digest of every fact that it depends on: after any other
setting, picture, weight or version of the code there is no entry, and the work is done anew. What
is half written is never taken: large files count once a marker with their checksums stands beside
them, small ones are renamed into place.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.core.randomness import digest
from typoattack.results.folder import RunFolder

UNFINISHED = ".unfinished"
_MARKER = "whole.json"
_LIBRARIES = ("torch", "numpy", "scipy", "pillow")
_BLOCK = 1 << 24

Arrays = Mapping[str, NDArray[Any]]
Mapped = np.memmap[Any, np.dtype[Any]]


def _nobody(name: str) -> None:
    """Nobody is told."""


class FinishedWork:
    """Finished pieces of work in a folder.

    Args:
        folder: made when the first piece is kept.
        facts: what every piece depends on.
        found: told the name of what need not be done again, each name once.
    """

    def __init__(
        self, folder: Path, *facts: str, found: Callable[[str], None] | None = None
    ) -> None:
        self._folder = folder
        self._facts = facts
        self._found = found or _nobody
        self._said: set[str] = set()

    def under(self, *facts: str) -> "FinishedWork":
        """The same folder for pieces that depend on more."""
        made = FinishedWork(self._folder, *self._facts, *facts, found=self._found)
        made._said = self._said
        return made

    def files(self, name: str, make: Callable[[Path], object], *facts: str) -> Path:
        """The folder that `make` fills with files, or has filled already.

        Raises:
            UserError: if the disk or the folder refuses.
        """
        place = self._place(name, facts)
        if _is_whole(place):
            self._tell(name)
            return place
        shutil.rmtree(place, ignore_errors=True)
        with usable(place):
            place.mkdir(parents=True)
        make(place)
        with usable(place):
            sums = {path.name: _checksum(path) for path in sorted(place.iterdir())}
        write_whole(place / _MARKER, json.dumps(sums).encode())
        return place

    def arrays(self, name: str, make: Callable[[], Arrays], *facts: str) -> Arrays:
        """What `make` returns, or has returned already; no array of objects.

        Raises:
            UserError: if the disk or the folder refuses.
        """
        place = self._place(name, facts).with_suffix(".npz")
        kept = _read_arrays(place)
        if kept is not None:
            self._tell(name)
            return kept
        made = make()
        held = io.BytesIO()
        np.savez(held, **made)  # type: ignore[arg-type]
        with usable(place.parent):
            place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, held.getvalue())
        return made

    def _place(self, name: str, facts: tuple[str, ...]) -> Path:
        return self._folder / f"{name.replace(' ', '-')}-{digest(*self._facts, '', *facts)}"

    def _tell(self, name: str) -> None:
        if name not in self._said:
            self._said.add(name)
            self._found(name)


def _is_whole(place: Path) -> bool:
    try:
        sums = json.loads((place / _MARKER).read_text("utf-8"))
        return all(_checksum(place / name) == known for name, known in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def _checksum(path: Path) -> str:
    hasher = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()


def _read_arrays(place: Path) -> Arrays | None:
    try:
        with np.load(place, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


@contextlib.contextmanager
def usable(place: Path) -> Iterator[None]:
    """Say in words what a disk refuses.

    Raises:
        UserError: for any `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot use {str(place)!r}: {error.strerror or error}") from None


@contextlib.contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Where a study that writes to `folder` keeps what it has finished; gone once all is done.

    After an error it stays if anything was finished.

    Raises:
        UserError: if another process is at work there, or the folder cannot be used.
    """
    stood, store = folder.exists(), folder / UNFINISHED
    with RunFolder(store).lock():
        try:
            yield store
        except BaseException:
            if not [*store.glob("*.npz"), *store.glob(f"*/{_MARKER}")]:
                shutil.rmtree(store, ignore_errors=True)
                if not stood:
                    with contextlib.suppress(OSError):  # something else was written there
                        folder.rmdir()
            raise
        shutil.rmtree(store, ignore_errors=True)


def code_fingerprint(root: Path = Path(__file__).parent.parent) -> str:
    """Changes with the code below `root` and with the libraries that could change a number."""
    sources = sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix())
    versions = (importlib.metadata.version(name) for name in _LIBRARIES)
    return digest(*(path.read_bytes() for path in sources), *versions)


def memory_mapped(path: Path, shape: tuple[int, ...], dtype: type = np.float32) -> Mapped:
    """A new `.npy` on disk, its room taken at once.

    Raises:
        UserError: if there is no room: a write to a map without room would end the process.
    """
    with usable(path):
        made: Mapped = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        if hasattr(os, "posix_fallocate"):  # not on Windows and macOS
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return made
