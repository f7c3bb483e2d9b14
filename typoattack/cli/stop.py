"""Ctrl-C and SIGTERM: answered at once, and ended without a half file or folder.

Imports nothing that takes time, so that it is in place before what does is imported.
"""

import contextlib
import multiprocessing
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from typoattack.cli.terminal import visible
from typoattack.core.files import remove_half_written
from typoattack.core.secrets import without_credentials

GOES_ON = frozenset({"run", "chat", "units"})
"""Commands that keep what is finished and go on from there."""

_GRACE = 10.0
"""Seconds in which the command may end by itself; code outside Python can't be interrupted."""


class Stopped(BaseException):
    """The user, or whoever manages the machine, asked the command to end.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def status(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.number


def told(arguments: Sequence[str]) -> str:
    """What is kept when a command is stopped, and which command goes on."""
    again = without_credentials(shlex.join(["typoattack", *arguments]))
    if arguments and arguments[0] in GOES_ON:
        return f"stopped; what is finished is kept, the same command goes on from here: {again}"
    return f"stopped; nothing half written is left, the same command begins again: {again}"


class Say:
    """Says a message on standard error when it is first called, if there is somebody to hear it."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._first = threading.Lock()

    def __call__(self) -> None:
        """Say it, once."""
        if self._first.acquire(blocking=False):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                sys.stderr.write(f"\n{visible(self._message)}\n")
                sys.stderr.flush()


@contextlib.contextmanager
def answered(say: Say) -> Iterator[None]:
    """While it lasts, a signal has its message said within a moment, and raises `Stopped`.

    A thread of its own says it, since Python's handlers wait for code outside Python, a forward
    pass say, to come back. Where the command has not ended after ten seconds, or at the second
    signal, it is ended from outside.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    _asked.clear()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    over, handlers = threading.Event(), {}
    threading.Thread(target=_watch, args=(reader, say, over), daemon=True).start()
    os.register_at_fork(after_in_child=_leave_to_the_parent)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        for number in _SIGNALS:
            handlers[number] = signal.signal(number, _raise)
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(writer)  # which ends the thread


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


_asked: list[int] = []
"""The signals that came since `answered` began."""


def _raise(number: int, _frame: FrameType | None) -> None:
    _asked.append(number)
    raise Stopped(number)


def refuse_if_asked() -> None:
    """Raise `Stopped` if a signal came: for an error that is only what the signal led to.

    A drawing process that is ended by the same signal, say, is missed by the one that waits.
    """
    if _asked:
        raise Stopped(_asked[0]) from None


def _leave_to_the_parent() -> None:
    """In a process that draws: the one that asked for it answers signals, and ends it."""
    if signal.getsignal(signal.SIGINT) is _raise:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _watch(reader: int, say: Say, over: threading.Event) -> None:
    """Print when the first signal comes; end the process where it does not end by itself."""
    number = _next(reader)
    if number:
        say()
        threading.Thread(target=_end_at_second, args=(reader,), daemon=True).start()
        if not over.wait(_GRACE):
            _end(number)
    else:
        os.close(reader)


def _end_at_second(reader: int) -> None:
    number = _next(reader)
    if number:
        _end(number)


def _next(reader: int) -> int:
    """The next signal of ours; 0 where none comes any more."""
    while data := os.read(reader, 1):
        if data[0] in _SIGNALS:
            return data[0]
    return 0


def _end(number: int) -> None:
    remove_half_written()
    for process in multiprocessing.active_children():
        process.terminate()
    os._exit(128 + number)
