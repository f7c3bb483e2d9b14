"""Photographs that lie in an object store: `s3://`, `gs://` and `hf://`, opened by fsspec.

A folder is listed at once, a few requests for thousands of files; a picture is read when it is
decoded, by whichever process or node decodes it. An archive or a table is copied once to the
cache of the machine that reads it. Who may read is what the store's own environment says, so
that no key stands in a suite, a command or a manifest.
"""

import errno
import functools
import glob
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from typoattack.core.errors import RunFailure, UserError
from typoattack.core.hub import refusal
from typoattack.core.randomness import digest
from typoattack.core.resources import default_cache_dir
from typoattack.core.secrets import without_credentials
from typoattack.drawing.canvas import decode

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; of a public bucket "
    """FSSPEC_S3='{"anon": true}'""",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`; of a public "
    """bucket FSSPEC_GS='{"token": "anon"}'""",
    "hf": "`hf auth login`, or HF_TOKEN",
}
"""The stores that are read, and what gives each one's credentials."""


def in_store(path: str) -> bool:
    """Whether a path is the address of a store, and not of a file of this machine."""
    return _URL.fullmatch(path) is not None


def folder_and_name(path: str, where: str) -> tuple[str, str]:
    """The folder that a file lies in, of this machine or of a store, and its name there.

    Args:
        path: of the file.
        where: what an error calls the data set.

    Raises:
        UserError: if the address of a store names no file in a bucket.
    """
    if in_store(path):
        scheme, _, rest = path.partition("://")
        folder, _, name = rest.rpartition("/")
        if not folder or not name:
            raise UserError(
                f"{where}: {path!r} names a folder and no file; write {scheme}://BUCKET/FILE"
            )
        return f"{scheme}://{folder}", name
    return str(Path(path).parent), Path(path).name


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in a store; pickles, and is read wherever it is asked.

    Attributes:
        url: its address.
    """

    url: str

    def read(self) -> bytes:
        """All of it; `RunFailure` if it cannot be had, which is no fault of the picture's."""
        store, path = _opened(self.url, f"cannot read {self.url!r}")
        with _in_words(self.url, f"cannot read {self.url!r}", RunFailure):
            data: bytes = store.cat_file(path)
            return data

    def picture(self) -> Image.Image:
        """The picture in it; raises as `read`, and `BrokenImage` as `decode`."""
        return decode(self.read())


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of a store that is read from a copy in this machine's cache; pickles.

    Attributes:
        url: its address.
        version: what the store said of it when it was opened: another once it is replaced.
    """

    url: str
    version: str

    def here(self) -> Path:
        """The copy, made if this machine has none yet.

        Raises:
            RunFailure: if it cannot be had, or was replaced since it was opened.
        """
        suffix = PurePosixPath(self.url).suffix
        folder = default_cache_dir() / "stores"
        copy = folder / f"{digest(self.url, self.version)[:32]}{suffix}"
        if not copy.is_file():
            where = f"cannot read {self.url!r}"
            if _version(self.url, where, RunFailure) != self.version:
                raise RunFailure(f"{where}: it was replaced since the run was begun")
            _copy(self.url, copy, where)
        return copy


def _copy(url: str, copy: Path, where: str) -> None:
    """Copy a file of a store whole or not at all; `RunFailure` names the store or the cache."""
    store, path = _opened(url, where)
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=f".{copy.name}.") as folder:
            half = Path(folder) / copy.name
            with _in_words(url, where, RunFailure, disk=folder):
                store.get_file(path, str(half))
            half.replace(copy)
    except OSError as error:
        raise RunFailure(
            f"{where}: cannot write the cache folder {str(copy.parent)!r} "
            f"({error.strerror or error}); another is named by TYPOATTACK_CACHE"
        ) from None


def copied(url: str, where: str) -> Copied:
    """The file at an address, copied here.

    Args:
        url: of an archive or a table.
        where: what an error calls the data set.

    Raises:
        UserError: if there is none, or it cannot be had.
    """
    made = Copied(url, _version(url, where, UserError))
    try:
        made.here()
    except RunFailure as error:
        raise UserError(f"{where}: {error}") from None
    return made


def matching(url: str, where: str) -> list[str]:
    """The addresses that a pattern (`*`, `?`, `[01]`) fits, in order; of a plain address itself.

    Raises:
        UserError: if the store cannot be asked.
    """
    store, path = _opened(url, where)
    if not glob.has_magic(path):
        return [url]
    with _in_words(url, where, UserError):
        scheme = url.partition("://")[0]
        return [f"{scheme}://{one}" for one in sorted(store.glob(path))]


def files_below(url: str, where: str) -> dict[str, int]:
    """Bytes of each file below a folder of a store, by its path from there, in order.

    A key that ends in `/`, as consoles leave for an empty folder, is kept as one.

    Args:
        url: of the folder.
        where: what an error calls the data set.

    Raises:
        UserError: if the folder is not there or cannot be listed, or a key is no path.
    """
    store, path = _opened(url, where)
    root = path.rstrip("/") + "/"
    with _in_words(url, where, UserError):
        store.invalidate_cache()  # of listings: this process may have looked before
        found = store.find(root, detail=True)
    sizes = {}
    for key, told in sorted(found.items()):
        name = key.removeprefix(root)
        if not key.startswith(root) or not name:
            continue
        if any(part in ("", ".", "..") for part in name.removesuffix("/").split("/")):
            raise UserError(f"{where}: the key {key[:200]!r} is no path (an empty part, . or ..)")
        sizes[name] = int(told.get("size") or 0)
    return sizes


def below(url: str, name: str) -> Stored:
    """The file of that name below a folder."""
    return Stored(f"{url.rstrip('/')}/{name}")


def _version(url: str, where: str, failure: type[Exception]) -> str:
    """What changes when a file is replaced: all that the store tells of it."""
    store, path = _opened(url, where)
    with _in_words(url, where, failure):
        store.invalidate_cache()
        told = store.info(path)
        if told.get("type") == "directory":
            raise FileNotFoundError(path)
        return digest(*(f"{key}={told[key]}" for key in sorted(told)))


def _opened(url: str, where: str) -> tuple[Any, str]:
    """The store of an address, and the path in it.

    Raises:
        UserError: if it is none that is read, or what opens it is not installed.
    """
    matched = _URL.fullmatch(url)
    scheme = matched[1].lower() if matched else ""
    if matched is None or scheme not in _CREDENTIALS:
        raise UserError(
            f"{where}: {scheme}:// is not read; {', '.join(f'{one}://' for one in _CREDENTIALS)} "
            "are, and paths of this machine without any"
        )
    with _in_words(url, where, UserError):
        store = _store(scheme, os.getpid())
        # The client knows its scheme in small letters alone.
        return store, str(store._strip_protocol(f"{scheme}{url[len(scheme) :]}"))


@functools.cache
def _store(scheme: str, process: int) -> Any:  # noqa: ARG001
    """What reads a store in this process: a connection is not shared with another."""
    import fsspec

    # Else gcsfs asks by another protocol, through no proxy or emulator, what kind a bucket is of.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    for client in ("gcsfs", "s3fs", "fsspec"):  # they print what they raise, traceback and all
        logging.getLogger(client).addHandler(logging.NullHandler())
    return fsspec.filesystem(scheme)


@contextmanager
def _in_words(
    url: str, where: str, failure: type[Exception], *, disk: str | None = None
) -> Iterator[None]:
    """Whatever a store's client raises, as an error that says what to do.

    What this machine's disk says of a folder `disk` that the client writes to is raised as it is.
    """
    scheme = url.partition("://")[0].lower()
    try:
        yield
    except (UserError, RunFailure):
        raise
    except Exception as error:
        if disk is not None and _of_disk(error, disk):
            raise
        raise failure(f"{where}: {_told(error, scheme)}") from None


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def _of_disk(error: Exception, folder: str) -> bool:
    """Whether an error is of files below a folder here, and not what a store said."""
    if not isinstance(error, OSError):
        return False
    return error.errno in _FULL or str(error.filename or "").startswith(folder)


_NO_CREDENTIALS = ("NoCredentials", "PartialCredentials", "DefaultCredentials", "ProfileNotFound")
_UNREACHED = ("Connect", "Timeout", "Disconnected", "gaierror", "RefreshError", "TransportError")
"""Parts of the names of what the stores' clients raise; each has classes of its own for it."""

_FORBIDDEN = ("forbidden", "access denied", "does not have storage", "unauthorized")


def _told(error: Exception, scheme: str) -> str:
    """What a store, the network or the installation said no to, and what to do."""
    if isinstance(error, ImportError):
        return f"{scheme}:// needs an extra; pip install 'typoattack[remote]'"
    if scheme == "hf" and (told := refusal(error)):
        return told
    name, said = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, FileNotFoundError):
        return "the store has no such file or bucket; check the address, and your right to see it"
    if any(part in name for part in _NO_CREDENTIALS):
        return f"no credentials; give {_CREDENTIALS[scheme]}"
    forbidden = isinstance(error, PermissionError) or getattr(error, "code", 0) in (401, 403)
    if forbidden or any(part in said.lower() for part in _FORBIDDEN):
        return f"the store forbids it (403); sign in by {_CREDENTIALS[scheme]}"
    if isinstance(error, (ConnectionError, TimeoutError)) or any(p in name for p in _UNREACHED):
        return "the store cannot be reached; connect to the network, then run the command again"
    return without_credentials(said)[:200] or name
