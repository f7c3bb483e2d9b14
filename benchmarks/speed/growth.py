"""How time and peak memory grow with the number of photographs: linear, and not at all.

    .venv/bin/python benchmarks/speed/growth.py

Each size runs in a process of its own on photographs that are drawn when asked for, with a tiny
CLIP, so that what is measured is the product and not the model, after a run of 32 that loads what
is loaded once. Goals: exponent 0.95 to 1.05, memory within 10 % from 500 to 5,000. The exponent is
fitted to the seconds of all cores, of each size's fastest run: others' work disturbs those least.
"""

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from machine import keep
from PIL import Image

from typoattack.samples.base import Sample
from typoattack.task import Task

SIZES = (500, 1000, 2000, 5000)
_ROUNDS = 3
SUITE = """
question: How does a run grow?
models: [tiny]
canvas: 64
recipes: [printed-label]
"""


@dataclass(frozen=True)
class Photographs:
    """As many made photographs as wanted; see `Dataset`."""

    count: int
    name: str = "made"
    fingerprint: str = "made"
    licence: str = "none"
    task: Task = field(
        default_factory=lambda: Task("object", tuple(f"thing {i}" for i in range(50)), ("a {}.",))
    )

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        return Sample(f"{index:06d}", partial(_picture, index), index % 50)


def _picture(index: int) -> Image.Image:
    small = np.random.default_rng(index).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC)


def run_one(count: int) -> None:
    """Run `count` photographs; print seconds and peak memory as JSON."""
    import open_clip
    import torch

    from typoattack.models.open_clip_backend import OpenClipModel
    from typoattack.results.folder import RunFolder
    from typoattack.runner.engines import ENGINES
    from typoattack.runner.options import RunOptions
    from typoattack.suite import parse_suite

    torch.set_num_threads(1)  # the model is too small to share out
    torch.manual_seed(0)
    vision = {"image_size": 32, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    module = open_clip.model.CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text)
    preprocess = open_clip.image_transform(32, is_train=False)
    model = OpenClipModel("tiny", module, preprocess, open_clip.get_tokenizer("ViT-B-32"))
    suite = parse_suite(SUITE, "growth")
    with tempfile.TemporaryDirectory() as out:

        def run(name: str, photographs: int) -> None:
            folder = RunFolder(Path(out) / name)
            folder.start({"identity": {}})
            data = Photographs(photographs)
            ENGINES["local"].run(suite, [model], data, folder, RunOptions(workers=1))

        run("warm-up", 32)  # what is imported and read once is no part of the growth
        began = time.perf_counter(), sum(os.times()[:4])
        run("timed", count)
        took = time.perf_counter() - began[0]
        cores = sum(os.times()[:4]) - began[1]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        json.dumps(
            {"seconds": took, "core_seconds": cores, "peak_mib": own, "worker_peak_mib": worker}
        )
    )


def main() -> None:
    """Run every size some times, turn about, keep its fastest and fit the exponent."""
    told: dict[int, list[dict[str, float]]] = {count: [] for count in SIZES}
    for _ in range(_ROUNDS):
        for count in SIZES:
            command = [sys.executable, __file__, str(count)]
            made = subprocess.run(command, check=True, capture_output=True, text=True)
            told[count].append(json.loads(made.stdout.strip().splitlines()[-1]))
            print(count, told[count][-1], flush=True)
    rows = []
    for count, rounds in told.items():
        fastest = min(rounds, key=lambda one: one["core_seconds"])
        rows.append({"photographs": count, **{k: round(v, 2) for k, v in fastest.items()}})
    logs = [(math.log(row["photographs"]), math.log(row["core_seconds"])) for row in rows]
    exponent = float(np.polyfit(*zip(*logs, strict=True), 1)[0])
    grown = rows[-1]["peak_mib"] / rows[0]["peak_mib"] - 1
    keep("growth", [row | {"exponent": round(exponent, 3)} for row in rows])
    print(f"exponent {exponent:.3f}; peak memory {100 * grown:+.1f} % from 500 to 5,000")


if __name__ == "__main__":
    run_one(int(sys.argv[1])) if len(sys.argv) > 1 else main()
