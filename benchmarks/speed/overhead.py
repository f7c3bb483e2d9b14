"""Wall time of a run over that of the bare model on the same pictures in memory.

    .venv/bin/python benchmarks/speed/overhead.py

Eight recipes on six of the bundled photographs. The run starts with the model open and its text
features stored, and ends with the predictions on disk. Bare and run take turns; each ratio is the
median of three rounds', by the wall and by the seconds of all cores, which others' work on the
machine disturbs less. Goals on 2 cores: 1.08 for ViT-B-32, 1.25 for `mini`.
"""

import os
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
limit: 6
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
TEMPLATES = str(Path(__file__).with_name("one_template.txt"))
"""One sentence a class: text is encoded before the clock starts, so more would only take time."""


def random_clip(arch: str) -> Model:
    """An architecture of open_clip's with random weights: real cost, no download."""
    torch.manual_seed(0)
    module, _, preprocess = open_clip.create_model_and_transforms(arch)
    return OpenClipModel(arch, module, preprocess, open_clip.get_tokenizer(arch))


def pictures(suite: Suite, model: Model, data: Dataset, cache: Path) -> list[torch.Tensor]:
    """All inputs of the run, in memory, a photograph's together as the run passes them."""
    plan = make_plan(suite, [model], data, Options(cache=TextCache(cache)))
    drawn = draw_samples(data, plan.indices, plan.generator, plan.jury.preprocesses, workers=0)
    return [drawing.inputs[0] for drawing in drawn]


Cost = tuple[float, float]
"""Seconds on the wall, and of all cores together."""


def now() -> Cost:
    """Both clocks; ended children count for the second."""
    return time.perf_counter(), sum(os.times()[:4])


def since(began: Cost) -> Cost:
    """What passed on both clocks."""
    wall, cores = now()
    return wall - began[0], cores - began[1]


def bare(model: Model, batches: list[torch.Tensor]) -> Cost:
    """What the forward passes alone cost."""
    began = now()
    for batch in batches:
        model.encode_image(batch)
    return since(began)


def whole(suite: Suite, model: Model, data: Dataset, cache: Path, workers: int) -> Cost:
    """What a run into a new folder costs."""
    with tempfile.TemporaryDirectory() as out:
        began = now()
        machine = Machine("cpu", workers=workers)
        execute(suite, [model], data, Path(out) / "run", machine, cache=TextCache(cache))
        return since(began)


def measure(model: Model, workers: int) -> dict[str, object]:
    """One model's row."""
    suite = parse_suite(SUITE, "overhead", {"models": [model.name], "templates": TEMPLATES})
    data = open_dataset(suite.dataset)
    with tempfile.TemporaryDirectory() as cache:
        batches = pictures(suite, model, data, Path(cache))
        whole(suite, model, data, Path(cache), workers)  # fills the text cache, warms up
        pairs = [
            (bare(model, batches), whole(suite, model, data, Path(cache), workers))
            for _ in range(_ROUNDS)
        ]
    walls = [run[0] / alone[0] for alone, run in pairs]
    cores = [run[1] / alone[1] for alone, run in pairs]
    count = sum(len(batch) for batch in batches)
    return {
        "model": model.name,
        "pictures": count,
        "workers": workers,
        "forward_ms": round(1000 * statistics.median(alone[0] for alone, _ in pairs) / count, 1),
        "run_ms": round(1000 * statistics.median(run[0] for _, run in pairs) / count, 1),
        "wall_ratio": round(statistics.median(walls), 3),
        "core_ratio": round(statistics.median(cores), 3),
        "wall_ratios": " ".join(f"{ratio:.3f}" for ratio in walls),
    }


def main() -> None:
    """Measure `mini`, ViT-B-32 and ViT-B-16, or the models named on the command line."""
    names = sys.argv[1:] or ["mini", "ViT-B-32", "ViT-B-16"]
    suite = parse_suite(SUITE, "overhead")
    rows = []
    for name in names:
        model = load_models(suite, Machine("cpu"))[0] if name == "mini" else random_clip(name)
        rows += [measure(model, workers) for workers in (0, 1)]
        print(name, [(row["wall_ratio"], row["core_ratio"]) for row in rows[-2:]], flush=True)
    keep("overhead", rows)


if __name__ == "__main__":
    main()
