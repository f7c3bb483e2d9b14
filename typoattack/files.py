"""Files that are written whole or not at all."""

import os
import tempfile
from pathlib import Path

from typoattack.errors import UserError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it: readers see all of it or nothing.

    Raises:
        UserError: if the disk or the folder refuses.
    """
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as file:
            temporary = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UserError(f"cannot write {str(path)!r}: {error.strerror or error}") from None
