"""Wall time of a run over that of the bare model on the same pictures in memory.

    .venv/bin/python benchmarks/speed/overhead.py

Eight recipes on the bundled photographs. The run starts with the model open and its text features
stored, and ends with the predictions on disk. Bare and run take turns, and the ratio is the median
of the rounds'. Goals on 2 cores: 1.08 for ViT-B-32, 1.25 for `mini`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import open_clip
import torch
from machine import keep

from typoattack.api import Machine, execute, load_models
from typoattack.easel import draw_samples
from typoattack.models.base import Model
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.text_cache import TextCache
from typoattack.runner import Options, make_plan
from typoattack.samples import Dataset, open_dataset
from typoattack.suite import Suite, parse_suite

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
_ROUNDS = 3


def random_clip(arch: str) -> Model:
    """An architecture of open_clip's with random weights: real cost, no download."""
    torch.manual_seed(0)
    module, _, preprocess = open_clip.create_model_and_transforms(arch)
    return OpenClipModel(arch, module, preprocess, open_clip.get_tokenizer(arch))


def pictures(suite: Suite, model: Model, data: Dataset) -> list[torch.Tensor]:
    """All inputs of the run, in memory, a photograph's together as the run passes them."""
    plan = make_plan(suite, [model], data, Options())
    drawn = draw_samples(data, plan.indices, plan.generator, plan.jury.preprocesses, workers=0)
    return [drawing.inputs[0] for drawing in drawn]


def bare(model: Model, batches: list[torch.Tensor]) -> float:
    """Seconds of the forward passes alone."""
    began = time.perf_counter()
    for batch in batches:
        model.encode_image(batch)
    return time.perf_counter() - began


def whole(suite: Suite, model: Model, data: Dataset, cache: Path, workers: int) -> float:
    """Seconds of a run into a new folder."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        machine = Machine("cpu", workers=workers)
        execute(suite, [model], data, Path(out) / "run", machine, cache=TextCache(cache))
        return time.perf_counter() - began


def measure(model: Model, workers: int) -> dict[str, object]:
    """One model's row."""
    suite = parse_suite(SUITE, "overhead", {"models": [model.name], "words": "random"})
    data = open_dataset(suite.dataset)
    batches = pictures(suite, model, data)
    with tempfile.TemporaryDirectory() as cache:
        whole(suite, model, data, Path(cache), workers)  # fills the text cache, warms up
        pairs = [
            (bare(model, batches), whole(suite, model, data, Path(cache), workers))
            for _ in range(_ROUNDS)
        ]
    ratios = [run / alone for alone, run in pairs]
    alone, run = (statistics.median(side) for side in zip(*pairs, strict=True))
    count = sum(len(batch) for batch in batches)
    return {
        "model": model.name,
        "pictures": count,
        "workers": workers,
        "forward_ms": round(1000 * alone / count, 2),
        "run_ms": round(1000 * run / count, 2),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": " ".join(f"{ratio:.3f}" for ratio in ratios),
    }


def main() -> None:
    """Measure `mini`, ViT-B-32 and ViT-B-16, or the models named on the command line."""
    names = sys.argv[1:] or ["mini", "ViT-B-32", "ViT-B-16"]
    suite = parse_suite(SUITE, "overhead")
    rows = []
    for name in names:
        model = load_models(suite, Machine("cpu"))[0] if name == "mini" else random_clip(name)
        rows += [measure(model, workers) for workers in (0, 1)]
        print(rows[-2]["model"], rows[-2]["ratio"], rows[-1]["ratio"], flush=True)
    keep("overhead", rows)


if __name__ == "__main__":
    main()
