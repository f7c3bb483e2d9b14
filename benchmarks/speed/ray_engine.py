"""The Ray engine against the local one, with a model that sleeps as long as a card would compute.

    .venv/bin/python benchmarks/speed/ray_engine.py

Each run is a process of its own, with a Ray of its own, on the suite of `overhead.py` at canvas
448. A rate is that at which cards were fed, from each one's first batch to its last: start-up does
not count. `core_ms` is what a picture costs all processes together, Ray's own among them: the
difference of a long run and a short one.

- `overhead`: the local engine with one drawing process beside Ray with one drawing task and one
  actor, in turn, before a card of 100 pictures a second and one that no drawing keeps busy. `ratio`
  is the local engine's rate over Ray's. Goal: 1.10.
- `scaling`: one actor and two, each a card of the same rate; `ratio` is the rate over one actor's.
- `memory`: ever more photographs before a slow card; the peaks of this process, of Ray's store of
  objects and of its workers together. `ratio` is the store's over that of the fewest photographs.
"""

import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from feeding import Card
from machine import keep
from picture import Again, suite_of

from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.runner.engines import ENGINES
from typoattack.runner.options import RunOptions
from typoattack.samples import DatasetSpec, open_dataset

_BATCH = 64
_ROUNDS = 3
_CARDS = (100, 15000)
_SHORT, _LONG = 24, 240
"""Photographs; what a picture costs is the difference."""

_SCALING = {160: 1, 320: 2}
"""Actors by how many photographs they are shown, each of `_SLOW` pictures a second."""

_MEMORY = (100, 200, 400)
_SLOW = 80


class NotedCard(Card):
    """A card that notes in a file of its own how it was fed.

    Args:
        rate: pictures a second.
        folder: of the files.
    """

    def __init__(self, rate: float, folder: str) -> None:
        super().__init__(rate)
        self._log = Path(folder) / f"card-{os.getpid()}.json"

    def begin_image(self, batch: torch.Tensor) -> Callable[[], torch.Tensor]:
        """As a card does."""
        answer = super().begin_image(batch)
        self._log.write_text(json.dumps([self.pictures, self.done - self.began]))
        return answer


@dataclass(frozen=True)
class Cards:
    """Opens cards of a rate wherever a model is opened."""

    rate: float
    folder: str

    def __call__(
        self,
        names: Sequence[str],
        *,
        device: str = "cpu",  # noqa: ARG002 - as `OpenModels` has it
        precision: str = "fp32",  # noqa: ARG002
    ) -> list[Model]:
        """One card a name."""
        return [NotedCard(self.rate, self.folder) for _ in names]  # type: ignore[misc]

    @property
    def fed(self) -> float:
        """Pictures a second of all cards together."""
        told = (json.loads(file.read_text()) for file in Path(self.folder).glob("card-*.json"))
        return sum(pictures / seconds for pictures, seconds in told)


@dataclass
class Watch:
    """What the processes of a run take, looked at five times a second."""

    driver: int = 0
    store: int = 0
    workers: int = 0
    spent: float = 0.0

    def told(self, stage: str, done: int, total: int) -> None:
        """A photograph is finished; of the last one, what all of it took is kept."""
        if stage == "photographs" and done == total:
            self.spent = sum(seconds(pid) for pid in family())

    def look(self) -> None:
        """Keep the peaks, in bytes."""
        here, others, store = os.getpid(), 0, 0
        for pid in family():
            own, shared = memory(pid)
            if pid == here:
                self.driver = max(self.driver, own)
            else:
                others, store = others + own, max(store, shared)
        self.workers, self.store = max(self.workers, others), max(self.store, store)

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look until the run is done."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.2):
                self.look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def family() -> list[int]:
    """This process and all that it started, and those started."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(folder.name)] = int(_stat(int(folder.name))[1])
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def seconds(pid: int) -> float:
    """CPU seconds of a process and of those that it waited for."""
    try:
        return sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def memory(pid: int) -> tuple[int, int]:
    """Bytes of a process's own, and of shared memory that it has touched."""
    told = {"RssAnon": 0, "RssShmem": 0}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in told:
                told[name] = 1024 * int(value.split()[0])
    return told["RssAnon"], told["RssShmem"]


def run(engine: str, rate: float, photographs: int, actors: int) -> dict[str, Any]:
    """One run: the rate at which cards were fed, CPU seconds, and peaks in bytes."""
    torch.set_num_threads(1)
    suite, watch = suite_of("all"), Watch()
    data = Again(open_dataset(DatasetSpec("bundled")), photographs)
    if engine == "ray":
        import ray

        ray.init(
            num_cpus=actors + 1,  # cards sleep: one drawing task, however many they are
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    with tempfile.TemporaryDirectory() as out:
        folder, cards = RunFolder(Path(out) / "run"), Cards(rate, out)
        options = RunOptions(
            workers=1,
            batch_size=_BATCH,
            chunk_size=64,
            span_samples=True,
            cache=TextCache(Path(out)),
            progress=watch.told,
            open_models=cards,
            actors=actors,
        )
        with watch.looking(), folder.lock():
            folder.start({"identity": {}})
            ENGINES[engine].run(suite, cards(["card"]), data, folder, options)
        return {
            "pictures": photographs * suite.passes,
            "rate": cards.fed,
            "spent": watch.spent,
            "driver": watch.driver,
            "store": watch.store,
            "workers": watch.workers,
        }


def measured(*words: object) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


Row = dict[str, Any]


def row(what: str, engine: str, card: int, actors: int, photographs: int, told: Row) -> Row:
    """A row of the table."""
    return {
        "what": what,
        "engine": engine,
        "card": card,
        "actors": actors,
        "photographs": photographs,
        "rate": round(told["rate"], 1),
        "core_ms": "",
        "driver_mib": told["driver"] >> 20,
        "store_mib": told["store"] >> 20,
        "workers_mib": told["workers"] >> 20,
        "ratio": 1.0,
        "ratios": "",
    }


def both(card: int) -> tuple[Row, Row]:
    """A long run of each engine in turn, with what a picture costs."""
    found = []
    for engine in ("local", "ray"):
        short, long = (measured(engine, card, count, 1) for count in (_SHORT, _LONG))
        made = row("overhead", engine, card, 1, _LONG, long)
        spent, pictures = (long[key] - short[key] for key in ("spent", "pictures"))
        found.append(made | {"core_ms": round(1000 * spent / pictures, 2)})
    return found[0], found[1]


def overhead(card: int) -> list[Row]:
    """The round whose ratio is in the middle, and all ratios."""
    turns = [both(card) for _ in range(_ROUNDS)]
    ratios = [here["rate"] / there["rate"] for here, there in turns]
    middle = ratios.index(statistics.median_low(ratios))
    here, there = turns[middle]
    of_cores = " ".join(f"{b['core_ms'] / a['core_ms']:.3f}" for a, b in turns)
    there["ratio"] = round(ratios[middle], 3)
    there["ratios"] = f"{' '.join(f'{ratio:.3f}' for ratio in ratios)}; of core_ms {of_cores}"
    return [here, there]


def series(what: str, cases: Mapping[int, int], figure: str) -> list[Row]:
    """Runs by (photographs, actors), a figure of each over the first one's."""
    rows: list[Row] = []
    for photographs, actors in cases.items():
        told = measured("ray", _SLOW, photographs, actors)
        rows.append(row(what, "ray", _SLOW, actors, photographs, told))
        rows[-1]["ratio"] = round(rows[-1][figure] / rows[0][figure], 3)
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Overhead, scaling and memory; or one run, as the command line names it."""
    if len(sys.argv) == 5:
        engine, rate, photographs, actors = sys.argv[1:]
        print(json.dumps(run(engine, float(rate), int(photographs), int(actors))))
        return
    rows: list[Row] = []
    for card in _CARDS:
        rows += overhead(card)
        print(rows[-2:], flush=True)
    rows += series("scaling", _SCALING, "rate")
    rows += series("memory", dict.fromkeys(_MEMORY, 1), "store_mib")
    keep("ray", rows)


if __name__ == "__main__":
    main()
