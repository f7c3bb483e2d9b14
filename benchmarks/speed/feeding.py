"""Share of a run's time for which a GPU of a given rate would wait for pictures; none is needed.

    .venv/bin/python benchmarks/speed/feeding.py

The model sleeps as long as a card would compute, a batch behind the other, and notes for how long
it had none. Two processes draw, on however many cores there are; the suite is that of `overhead.py`
at canvas 448. `core_ms` is what a picture costs all processes together, so `cores` = rate × cost is
what feeds such a card, and `unavoidable` the idle share that these two drawing processes leave at
best. Goal: 5 % idle at most wherever the cores suffice. What others do on the machine counts as
idle time here, not in `core_ms`.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from machine import keep
from picture import Again, FreeModel, suite_of

from typoattack.models.pixels import TwoStep
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.samples import DatasetSpec, open_dataset

RATES = (250, 500, 1000, 2000, 4000, 8000, 15000)
_WORKERS = 2
_PHOTOGRAPHS = 240
_WARM = 40
_BATCH = 64


@dataclass(frozen=True)
class OnCard(TwoStep):
    """A preprocessing whose floats are the card's work."""

    def finish(self, pixels: torch.Tensor) -> torch.Tensor:
        """The pixels as they are."""
        return pixels


class Card(FreeModel):
    """A model on a card that is simulated: busy for as long as its rate says.

    Args:
        rate: pictures a second.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        assert isinstance(self.preprocess, TwoStep)
        self.preprocess = OnCard(self.preprocess.shape, self.preprocess.mean, self.preprocess.std)
        self.rate = rate
        self.began = self.done = 0.0
        self.idle = 0.0

    def begin_image(self, batch: torch.Tensor) -> Callable[[], torch.Tensor]:
        """Queue a batch; the answer sleeps until the card is done with it."""
        now = time.perf_counter()
        if not self.pictures:
            self.began = self.done = now
        self.idle += max(now - self.done, 0.0)
        self.done = done = max(now, self.done) + len(batch) / self.rate
        rows = super().encode_image(batch)

        def answer() -> torch.Tensor:
            time.sleep(max(done - time.perf_counter(), 0.0))
            return rows

        return answer

    @property
    def idle_share(self) -> float:
        """Of the time from the first batch to the end of the last."""
        return self.idle / (self.done - self.began)


def cores() -> tuple[float, float]:
    """CPU seconds of this process, and of those that it waited for."""
    told = os.times()
    return told.user + told.system, told.children_user + told.children_system


def run(rate: float, photographs: int, cache: TextCache) -> tuple[Card, float, float]:
    """A run on a card of a rate; CPU milliseconds a picture here, and in the drawing processes."""
    card, suite = Card(rate), suite_of("all")
    data = Again(open_dataset(DatasetSpec("bundled")), photographs, f"{rate} ")
    options = RunOptions(
        workers=_WORKERS, batch_size=_BATCH, chunk_size=256, span_samples=True, cache=cache
    )
    before = cores()
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out))
        folder.start({"identity": {}})
        run_suite(suite, [card], data, folder, options)
    here, there = (1000 * (b - a) / card.pictures for a, b in zip(before, cores(), strict=True))
    return card, here, there


def main() -> None:
    """Run on a card of each rate."""
    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        run(RATES[-1], _WARM, cache)
        for rate in RATES:
            card, here, there = run(rate, _PHOTOGRAPHS, cache)
            cost = here + there
            rows.append(
                {
                    "rate": rate,
                    "workers": _WORKERS,
                    "pictures": card.pictures,
                    "fed": round(card.pictures / (card.done - card.began)),
                    "idle": round(card.idle_share, 3),
                    "unavoidable": round(max(1 - 1000 * _WORKERS / there / rate, 0.0), 3),
                    "drawing_ms": round(there, 3),
                    "classifying_ms": round(here, 3),
                    "core_ms": round(cost, 3),
                    "cores": round(rate * cost / 1000, 1),
                }
            )
            print(rows[-1], flush=True)
    keep("feeding", rows)


if __name__ == "__main__":
    main()
