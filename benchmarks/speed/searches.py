"""What a search costs above its forward passes.

    .venv/bin/python benchmarks/speed/searches.py [ARCHITECTURE [DEVICE]]

`worst-of` and `smallest-flip` on the bundled photographs, by an open_clip model with random weights
(ViT-B-32, on the CPU), drawn in the process that classifies. `side by side` is how a run on a GPU
asks, the searches of many photographs in one forward pass; `one by one` how a run on a CPU does,
where a photograph's answers depend on no other. The bare model answers as many pictures in full
batches, before and after each run. On the CPU a card is simulated besides: it sleeps for as long as
one of its rate would compute, while two other processes draw, or none. Goal: 0.9 of its rate.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from feeding import Card
from machine import keep
from overhead import TEMPLATES, random_clip
from picture import Again

from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.suite import Suite, parse_suite

SEARCHES = ("worst-of(k=8)", "smallest-flip(steps=7)")
PHOTOGRAPHS = 12
ON_CARD = 96
"""Photographs for a card that is simulated."""
RATES = (100, 250, 500)
WORKERS = 2
_BATCH = 32


class Counting:
    """A model that counts the pictures it is asked about, and the forward passes."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.pictures = self.passes = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """The model's own."""
        self.pictures += len(batch)
        self.passes += 1
        return self._model.encode_image(batch)


def bare(model: Model, device: str) -> float:
    """Seconds of the model for one picture of a full batch that lies in its memory."""
    batch = torch.zeros(_BATCH, 3, model.image_size, model.image_size, device=device)
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        model.encode_image(batch)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:]) / _BATCH


def run(
    suite: Suite, model: Model, cache: TextCache, device: str, *, side_by_side: bool
) -> dict[str, object]:
    """One run's row."""
    counting = Counting(model)
    models: list[Model] = [counting]  # type: ignore[list-item]
    options = RunOptions(
        workers=0,
        batch_size=_BATCH,
        chunk_size=256,
        span_samples=side_by_side,
        cache=cache,
        device=device,
    )
    before = bare(model, device)
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out))
        folder.start({"identity": {}})
        began = time.perf_counter()
        run_suite(suite, models, open_dataset(suite.dataset), folder, options)
        seconds = time.perf_counter() - began
    alone = counting.pictures * (before + bare(model, device)) / 2
    return {
        "model": model.name,
        "device": device,
        "search": suite.attacks[0].label,
        "asks": "side by side" if side_by_side else "one by one",
        "photographs": PHOTOGRAPHS,
        "pictures": counting.pictures,
        "passes": counting.passes,
        "run_ms": round(1000 * seconds / counting.pictures, 1),
        "bare_ms": round(1000 * alone / counting.pictures, 1),
        "of_bare_rate": round(alone / seconds, 2),
    }


class SleepingCard(Card):
    """A card that a search waits for: it sleeps before it answers."""

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """Its vectors, as late as its rate has them ready."""
        time.sleep(len(batch) / self.rate)
        return super().encode_image(batch)

    def begin_image(self, batch: torch.Tensor) -> Callable[[], torch.Tensor]:
        """The clean pictures: asked about like any other."""
        rows = self.encode_image(batch)
        return lambda: rows


def on_card(search: str, rate: float, workers: int, cache: TextCache) -> dict[str, object]:
    """A search's row on a simulated card."""
    card = SleepingCard(rate)
    suite = suite_of(search, card)
    data = Again(open_dataset(DatasetSpec("bundled")), ON_CARD, f"{rate} {workers} ")
    options = RunOptions(
        workers=workers, batch_size=_BATCH, chunk_size=256, span_samples=True, cache=cache
    )
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out))
        folder.start({"identity": {}})
        began = time.perf_counter()
        run_suite(suite, [card], data, folder, options)
        seconds = time.perf_counter() - began
    return {
        "model": f"a card of {rate} a second",
        "device": "simulated",
        "search": suite.attacks[0].label,
        "asks": f"side by side, {workers} processes draw" if workers else "side by side",
        "photographs": ON_CARD,
        "pictures": card.pictures,
        "passes": "",
        "run_ms": round(1000 * seconds / card.pictures, 1),
        "bare_ms": round(1000 / rate, 1),
        "of_bare_rate": round(card.pictures / rate / seconds, 2),
    }


def suite_of(search: str, model: Model, **settings: object) -> Suite:
    """A suite of one search."""
    return parse_suite(
        f"question: What does a search cost?\nrecipes: ['{search}']",
        "searches",
        {"models": [model.name], "templates": TEMPLATES, **settings},
    )


def main() -> None:
    """Both searches, in both ways."""
    torch.set_num_threads(1)
    name, device = [*sys.argv[1:], *("ViT-B-32", "cpu")[len(sys.argv) - 1 :]]
    model, rows = random_clip(name, device), []
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        for search in SEARCHES:
            suite = suite_of(search, model, limit=PHOTOGRAPHS)
            run(suite, model, cache, device, side_by_side=True)  # text features, and warming up
            rows += [run(suite, model, cache, device, side_by_side=way) for way in (False, True)]
            if device == "cpu":
                on_card(search, RATES[-1], 0, cache)
                rows += [on_card(search, rate, n, cache) for rate in RATES for n in (0, WORKERS)]
    keep("searches", rows)


if __name__ == "__main__":
    main()
