"""Wall time of a run over that of the bare model on the same pictures in memory.

    .venv/bin/python benchmarks/speed/overhead.py

Eight recipes on the bundled photographs, drawn in the process that classifies. The run starts with
the model open and its text features stored, and ends with the predictions on disk. Each batch goes
through the model once more right behind its turn in the run, and that time is the bare one: the
model on inputs that lie in memory. `beside_ms` is what a picture costs outside of forward passes.
Goals on 2 cores: a ratio of 1.08 for ViT-B-32, 1.25 for `mini`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import open_clip
import torch
from machine import keep

from typoattack.api import Machine
from typoattack.factory import load_models
from typoattack.models.base import Model
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.text_cache import TextCache
from typoattack.runner.execute import execute
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite

SUITE = """
question: What does a run cost above its forward passes?
recipes:
  - printed-label
  - handwritten-note
  - plain-overlay
  - repeated-overlay
  - azuma2023
  - caption-bar
  - rotated
  - vertical
"""
_ROUNDS = 5
PHOTOGRAPHS = {"mini": 20, "ViT-B-32": 12, "ViT-B-16": 4}
"""How many of the bundled ones: a round of each model takes some ten seconds."""

TEMPLATES = str(Path(__file__).with_name("one_template.txt"))
"""One sentence a class: text is encoded before the clock starts, so more would only take time."""


class Twice:
    """A model that makes every forward pass twice: for the run, then bare, timed by itself.

    The two stand side by side, so that a machine which is now faster, now slower treats them alike.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.own = 0.0
        self.bare = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """The model's own; seconds of the first pass go to `own`, of the second to `bare`."""
        began = time.perf_counter()
        rows = self._model.encode_image(batch)
        between = time.perf_counter()
        self._model.encode_image(batch)
        self.own += between - began
        self.bare += time.perf_counter() - between
        return rows


def random_clip(arch: str, device: str = "cpu") -> Model:
    """An architecture of open_clip's with random weights: real cost, no download."""
    torch.manual_seed(0)
    module, _, preprocess = open_clip.create_model_and_transforms(arch)
    module = module.to(device).eval()
    return OpenClipModel(arch, module, preprocess, open_clip.get_tokenizer(arch), device=device)


def measure(model: Model, limit: int) -> dict[str, object]:
    """One model's row."""
    settings = {"models": [model.name], "templates": TEMPLATES, "limit": limit}
    suite = parse_suite(SUITE, "overhead", settings)
    data = open_dataset(suite.dataset)
    taken: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder) / "cache")
        for number in range(_ROUNDS + 1):
            twice = Twice(model)
            models: list[Model] = [twice]  # type: ignore[list-item]
            began = time.perf_counter()
            out = Path(folder) / str(number)
            execute(suite, models, data, out, Machine("cpu", workers=0), cache=cache)
            run = time.perf_counter() - began - twice.bare
            if number:  # the first fills the text cache and warms up
                taken.append((run, twice.own, twice.bare))
    count = limit * suite.passes
    ratios = [run / bare for run, _, bare in taken]
    return {
        "model": model.name,
        "pictures": count,
        "rounds": _ROUNDS,
        "bare_ms": round(1000 * statistics.median(bare for *_, bare in taken) / count, 1),
        "run_ms": round(1000 * statistics.median(run for run, *_ in taken) / count, 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": " ".join(f"{ratio:.3f}" for ratio in ratios),
        "beside_ms": round(1000 * statistics.median(run - own for run, own, _ in taken) / count, 1),
    }


def main() -> None:
    """Measure `mini`, ViT-B-32 and ViT-B-16, or the models named on the command line."""
    names = sys.argv[1:] or list(PHOTOGRAPHS)
    rows = []
    for name in names:
        suite = parse_suite(SUITE, "overhead")
        model = load_models(suite.models, device="cpu")[0] if name == "mini" else random_clip(name)
        rows.append(measure(model, PHOTOGRAPHS.get(name, 8)))
        print(name, rows[-1]["ratios"], flush=True)
    keep("overhead", rows)


if __name__ == "__main__":
    main()
