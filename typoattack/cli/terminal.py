"""What may reach a terminal: no control characters of others, nothing its encoding lacks."""

import codecs
import contextlib
import errno
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from typoattack.core.errors import RunFailure

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls of terminals but tab and new line, of the direction of text, and half characters."""


def visible(text: str) -> str:
    """`text` with � in place of each character that a terminal would act on.

    File names, manifests, plugins and exceptions can hold an escape sequence that clears the
    screen, hides a line or writes another one.
    """
    return _UNSEEN.sub("\ufffd", text)


_PLAIN = str.maketrans("–—−…×“”‘’†•·→≥≤±≈�", "---~x\"\"''+*.>><+~?")
"""What stands for a character of ours in an encoding without it, as wide as it is."""


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end].translate(_PLAIN)
    return missing.encode("ascii", "replace").decode(), error.end


_PLAINER = "typoattack-plainer"
codecs.register_error(_PLAINER, _plainer)


@contextlib.contextmanager
def careful_output() -> Iterator[None]:
    """Standard output and error that write what they can, and end in words where they cannot.

    Raises:
        RunFailure: if the output cannot be written: a full disk, or a reader who went.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_PLAINER)
    try:
        try:
            yield
        finally:
            _flush(sys.stdout)
    except OSError as error:
        if not is_of_output(error):
            raise
        _silence(sys.stdout)
        if error.errno == errno.EPIPE:  # whoever read had enough, as `head` has
            sys.exit(1)
        raise RunFailure(f"cannot write the output: {error.strerror}") from None
    finally:
        try:
            _flush(sys.stderr)
        except OSError:
            _silence(sys.stderr)


_OF_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF}


def is_of_output(error: OSError) -> bool:
    """Whether it says that a stream cannot be written; files are told of by their names."""
    return error.filename is None and error.errno in _OF_OUTPUT


def _flush(stream: TextIO) -> None:
    if not stream.closed:
        stream.flush()


def _silence(stream: TextIO) -> None:
    """Let what is still to be written go nowhere: Python would complain of it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
