"""Searches that draw in processes of their own while the model answers others."""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

import torch

from typoattack.core.errors import RunFailure, UserError
from typoattack.recipes.oracle import Probabilities
from typoattack.runner.searching import Reply, SearchesHere, SearchTask

_Told: TypeAlias = Reply | UserError | RunFailure

_LOOK_UP_SECONDS = 1.0
"""How often a process looks whether the run is still there."""

_END_SECONDS = 5.0
"""How long a process may take to end by itself."""


class SearchesElsewhere:
    """See `searching.Searches`: a photograph's are drawn by one of some processes.

    Which process draws changes no picture, and replies come in the order of the requests, so that
    batches are the same whichever is faster.

    Args:
        drawn_by: what each process draws with; nothing has begun there.
        processes: how many.
    """

    aside = True

    def __init__(self, drawn_by: SearchesHere, processes: int) -> None:
        self._processes = [_Process(drawn_by) for _ in range(processes)]
        self._whose: dict[int, _Process] = {}
        self._order: deque[int] = deque()

    def begin(self, number: int, task: SearchTask) -> None:
        """See `Searches`."""
        self._whose[number] = self._processes[task.index % len(self._processes)]
        self._ask(number, task)

    def tell(self, number: int, answers: Probabilities) -> None:
        """See `Searches`."""
        self._ask(number, answers)

    def reply(self) -> tuple[int, Reply]:
        """See `Searches`."""
        number = self._order.popleft()
        return number, self._whose[number].reply()

    def close(self) -> None:
        """See `Searches`."""
        for process in self._processes:
            process.end()

    def _ask(self, number: int, turn: SearchTask | Probabilities) -> None:
        self._order.append(number)
        self._whose[number].requests.put((number, turn))


class _Process:
    """A process that draws, and the ways to and from it.

    Threads of this process send and take what crosses, so that neither waits for the other: a pipe
    holds less than a picture.
    """

    def __init__(self, drawn_by: SearchesHere) -> None:
        self.requests: Any = multiprocessing.Queue()
        self._replies, theirs = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.Process(
            target=_serve, args=(drawn_by, self.requests, theirs), daemon=True
        )
        self._process.start()
        theirs.close()  # so that its end is seen here
        self._taken: queue.SimpleQueue[_Told | None] = queue.SimpleQueue()
        self._taker = threading.Thread(target=self._take, daemon=True)
        self._taker.start()

    def reply(self) -> Reply:
        """Its next reply; raises what it was told in place of one."""
        told = self._taken.get()
        if isinstance(told, Exception):
            raise told
        if told is not None:
            return told
        self._process.join(_END_SECONDS)
        raise RunFailure(
            f"a process that draws for searches died (exit code {self._process.exitcode}); what is "
            "finished is kept: run the same command again, with --workers 0 if it happens again"
        )

    def end(self) -> None:
        """Let it end; what it has not replied to is lost."""
        self._process.terminate()
        self._process.join(_END_SECONDS)
        self._process.kill()
        self._process.join()
        self._taker.join(_END_SECONDS)
        self._replies.close()
        self.requests.cancel_join_thread()
        self.requests.close()

    def _take(self) -> None:
        try:
            while True:
                self._taken.put(self._replies.recv())
        except (EOFError, OSError):
            self._taken.put(None)
        except Exception as error:  # what a plugin notes may not come through a pipe
            self._taken.put(_broke(error))


def _broke(error: Exception) -> RunFailure:
    return RunFailure(
        f"a process that draws for searches broke ({type(error).__name__}: {error}); what is "
        "finished is kept: run the same command again, with --workers 0 if it happens again"
    )


def _serve(drawn_by: SearchesHere, requests: Any, replies: Connection) -> None:
    """In a process of its own: draw what is asked for, until the run is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run itself answers the user
    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    while True:
        number, turn = requests.get()
        try:
            replies.send(drawn_by.step(number, turn))
        except UserError as error:  # a plugin's own kind of it may not come through a pipe
            replies.send(UserError(str(error)))
        except RunFailure as error:
            replies.send(RunFailure(str(error)))
        except Exception as error:
            replies.send(_broke(error))


def _end_with(parent: int) -> None:
    """End this process when it has another parent: no pipe says so, since each holds both ends."""
    while os.getppid() == parent:
        time.sleep(_LOOK_UP_SECONDS)
    os._exit(1)
