"""What a search costs above its forward passes.

    .venv/bin/python benchmarks/speed/searches.py [ARCHITECTURE [DEVICE]]

`worst-of` and `smallest-flip` on the bundled photographs, by an open_clip model with random weights
(ViT-B-32, on the CPU), drawn in the process that classifies. `side by side` is how a run on a GPU
asks, the searches of many photographs in one forward pass; `one by one` how a run on a CPU does,
where a photograph's answers depend on no other. The bare model answers as many pictures in full
batches, before and after each run. Goal: 0.9 of its rate.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import keep
from overhead import TEMPLATES, random_clip

from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.samples import open_dataset
from typoattack.suite import Suite, parse_suite

SEARCHES = ("worst-of(k=8)", "smallest-flip(steps=7)")
PHOTOGRAPHS = 12
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


def main() -> None:
    """Both searches, in both ways."""
    torch.set_num_threads(1)
    name, device = [*sys.argv[1:], *("ViT-B-32", "cpu")[len(sys.argv) - 1 :]]
    model, rows = random_clip(name, device), []
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        for search in SEARCHES:
            suite = parse_suite(
                f"question: What does a search cost?\nrecipes: ['{search}']",
                "searches",
                {"models": [model.name], "templates": TEMPLATES, "limit": PHOTOGRAPHS},
            )
            run(suite, model, cache, device, side_by_side=True)  # text features, and warming up
            rows += [run(suite, model, cache, device, side_by_side=way) for way in (False, True)]
    keep("searches", rows)


if __name__ == "__main__":
    main()
