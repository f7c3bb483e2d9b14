"""Files and folders that are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from typoattack.core.errors import UserError

_HALF: set[Path] = set()
"""Temporary files and folders of this process that are being written now."""


def remove_half_written() -> None:
    """Remove what is being written: for a process that has no time to end by itself."""
    for path in tuple(_HALF):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def _half(path: Path) -> Iterator[Path]:
    """Remove `path` in the end, however that comes; it has another name by then if all was well."""
    _HALF.add(path)
    try:
        yield path
    finally:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        _HALF.discard(path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it: readers see all of it or nothing.

    Raises:
        UserError: if the disk or the folder refuses.
    """
    try:
        with (
            tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
            ) as file,
            _half(Path(file.name)) as temporary,
        ):
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {str(path)!r}: {error.strerror or error}") from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, where it is not there yet.

    Raises:
        UserError: if a file is in its place, or the disk refuses.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"{str(path)!r} is a file; choose another folder with --out") from None
    except OSError as error:
        told = error.strerror or error
        raise UserError(f"cannot make the folder {str(path)!r}: {told}") from None


@contextmanager
def folder_made_whole(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that becomes `out` if all goes well, and else goes.

    Raises:
        UserError: if `out` exists, or the disk or the folder refuses.
    """
    if out.exists():
        raise UserError(f"{str(out)!r} exists; choose another folder with --out")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _half(Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))) as folder:
            yield folder
            folder.chmod(0o755)
            folder.rename(out)
    except OSError as error:
        raise UserError(f"cannot write {str(out)!r}: {error.strerror or error}") from None
