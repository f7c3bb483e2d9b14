"""A process that has imported typoattack but for its command line, and forks a command at a time.

Each command is a process of its own, on a pseudo-terminal or with pipes, and imports the command
line itself. What that stands on is there already: to import PyTorch and its company a hundred times
would take ten minutes.

Requests and answers are lines of JSON: {code, arguments, cwd, terminal} to {status, out, err}.
`code` is a module's name, or the path of a Python file.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import pty
import queue
import runpy
import select
import struct
import subprocess
import sys
import termios
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

PACKAGES = (
    *("datasets", "foolbox", "fontTools.ttLib", "jinja2", "matplotlib.pyplot", "open_clip"),
    *("pandas", "pyarrow.parquet", "pydantic", "rich", "scipy.stats", "statsmodels.api", "timm"),
    *("torch", "torch.utils.data", "torchvision", "typer", "xxhash", "yaml"),
    *("typoattack.api", "typoattack.models.mini", "typoattack.report.page"),
)


@dataclass(frozen=True)
class Outcome:
    """What a process left behind."""

    status: int
    out: str
    err: str


class Servers:
    """Processes that run command lines.

    Args:
        count: how many of them, each with one command at a time.
        wishes: environment variables beside those of the tests.
    """

    def __init__(self, count: int, wishes: dict[str, str]) -> None:
        here = Path(__file__)
        usual = {"PYTHONPATH": str(here.parents[1]), "OMP_NUM_THREADS": "1"}
        usual |= {"PYTHONIOENCODING": "utf-8", "TERM": "xterm"}
        self.processes = [
            subprocess.Popen(
                [sys.executable, str(here)],
                env={**os.environ, **usual, **wishes},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(count)
        ]
        self._idle: queue.Queue[subprocess.Popen[str]] = queue.Queue()
        for process in self.processes:
            self._idle.put(process)

    def run(self, code: str, arguments: list[str], cwd: Path, *, terminal: bool) -> Outcome:
        request = {"code": code, "arguments": arguments, "cwd": str(cwd), "terminal": terminal}
        process = self._idle.get()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            return Outcome(**json.loads(process.stdout.readline()))
        finally:
            self._idle.put(process)

    def close(self) -> None:
        for process in self.processes:
            process.stdin.close()
            process.wait()


def main() -> None:
    """Answer until there are no more requests."""
    for name in PACKAGES:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run one command line to its end."""
    if request["terminal"]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 100, 0, 0))
        streams, ends = (theirs, theirs, theirs), {ours: bytearray()}
    else:
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        streams = (os.open(os.devnull, os.O_RDONLY), to_out, to_err)
        ends = {out: bytearray(), err: bytearray()}
    pid = os.fork()
    if pid == 0:
        run(request, streams)
    for stream in set(streams):
        os.close(stream)
    listen(ends)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    said = [bytes(text).decode("utf-8", "replace") for text in ends.values()]
    return {"status": status, "out": said[0], "err": said[-1]}


def listen(ends: dict[int, bytearray]) -> None:
    """Read what comes from the other ends until they are closed."""
    open_ends = set(ends)
    while open_ends:
        for end in select.select(open_ends, [], [])[0]:
            text = b""
            with contextlib.suppress(OSError):  # how a pseudo-terminal says that it was closed
                text = os.read(end, 65536)
            ends[end] += text
            if not text:
                open_ends.remove(end)
                os.close(end)


def run(request: dict[str, Any], streams: tuple[int, int, int]) -> NoReturn:
    """In the new process: be the command line."""
    os.setsid()
    if request["terminal"]:
        fcntl.ioctl(streams[1], termios.TIOCSCTTY, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(request["cwd"])
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    sys.argv = [request["code"], *request["arguments"]]
    sys.path[0] = request["cwd"]
    status = 0
    try:
        if request["code"].endswith(".py"):
            runpy.run_path(request["code"], run_name="__main__")
        else:
            runpy.run_module(request["code"], run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a tidy end would take seconds, and is tested elsewhere


if __name__ == "__main__":
    main()
