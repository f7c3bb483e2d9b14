"""How busy a run keeps a GPU: its rate over that of the bare model on inputs that lie on the GPU.

    .venv/bin/python benchmarks/speed/gpu.py --out results/speed/gpu.csv
    .venv/bin/python benchmarks/speed/gpu.py --quick --out /tmp/gpu.csv    (a tiny model, on a CPU)

ViT-B-32 and ViT-L-14 with random weights in bf16, the bundled photographs under the eight recipes
of `overhead.py` at canvas 448, by 4, 8 and 15 drawing processes. A run's rate is taken between a
fifth and the end of its photographs, when every process draws; `wall_rate` is over all of it, from
the open model to the predictions on disk. `idle` is the share of the time in which the GPU had no
picture. `drawing_ms` and `classifying_ms` are CPU milliseconds a picture of all drawing processes
and of the one that feeds the GPU. Beside it the peers' way on the same machine, see `picture.py`.
"""

import argparse
import csv
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import open_clip
import torch
from feeding import cores
from machine import machine
from overhead import SUITE, TEMPLATES
from picture import Again, by_peers

from typoattack.api import Machine
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.text_cache import TextCache
from typoattack.runner.execute import execute
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.suite import parse_suite

_BATCH = 256
_SETTLED = 0.2
_BARE_SECONDS = 3.0


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        architectures: of open_clip's; `tiny` is a CLIP of a few thousand weights.
        device: where they run.
        precision: in what they compute.
        workers: drawing processes of each run.
        photographs: of each run, for each process.
        peers: photographs that go the peers' way.
    """

    architectures: tuple[str, ...] = ("ViT-B-32", "ViT-L-14")
    device: str = "cuda"
    precision: str = "bf16"
    workers: tuple[int, ...] = (4, 8, 15)
    photographs: int = 250
    peers: int = 100


QUICK = Plan(("tiny",), "cpu", "fp32", (1, 2), 20, 4)


def random_model(arch: str, plan: Plan) -> OpenClipModel:
    """An architecture with random weights on the plan's device."""
    torch.manual_seed(0)
    if arch == "tiny":
        vision = {"image_size": 224, "layers": 1, "width": 32, "patch_size": 32, "head_width": 16}
        text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
        module = open_clip.model.CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text)
        preprocess = open_clip.image_transform(224, is_train=False)
    else:
        module, _, preprocess = open_clip.create_model_and_transforms(arch)
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    return OpenClipModel(
        arch,
        module.to(plan.device),
        preprocess,
        tokenizer,
        device=plan.device,
        precision=plan.precision,
    )


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def bare_rate(model: OpenClipModel, device: str) -> float:
    """Pictures a second of forward passes alone, one queued behind the other."""
    batch = torch.rand(_BATCH, 3, model.image_size, model.image_size, device=device)
    for _ in range(5):
        model.encode_image(batch)
    passes, began = 0, time.perf_counter()
    while time.perf_counter() - began < _BARE_SECONDS:
        answers = [model.begin_image(batch) for _ in range(4)]
        for answer in answers:
            answer()
        passes += len(answers)
    _wait(device)
    return passes * _BATCH / (time.perf_counter() - began)


def whole_run(model: OpenClipModel, plan: Plan, workers: int, cache: TextCache) -> dict[str, float]:
    """Pictures, seconds and rates of one run."""
    suite = parse_suite(SUITE, "gpu", {"models": [model.name], "templates": TEMPLATES})
    data = Again(open_dataset(DatasetSpec("bundled")), plan.photographs * workers, f"{workers} ")
    done: list[tuple[int, float]] = []

    def progress(what: str, number: int, total: int) -> None:  # noqa: ARG001
        if what == "photographs":
            done.append((number, time.perf_counter()))

    began, before = time.perf_counter(), cores()
    with tempfile.TemporaryDirectory() as folder:
        way = Machine(plan.device, plan.precision, workers, _BATCH, chunk_size=256)
        execute(suite, [model], data, folder, way, progress=progress, cache=cache)
        took = time.perf_counter() - began
    number, since = next(one for one in done if one[0] >= _SETTLED * len(data))
    steady = (len(data) - number) * suite.passes / (done[-1][1] - since)
    pictures = len(data) * suite.passes
    here, there = (1000 * (b - a) / pictures for a, b in zip(before, cores(), strict=True))
    return {
        "pictures": pictures,
        "seconds": took,
        "rate": steady,
        "wall_rate": pictures / took,
        "drawing_ms": there,
        "classifying_ms": here,
    }


def measure(arch: str, plan: Plan) -> list[dict[str, object]]:
    """A row for the bare model, each run, and the peers' way."""
    model = random_model(arch, plan)
    bare = bare_rate(model, plan.device)
    told: list[tuple[str, int, dict[str, float]]] = [("bare", 0, {"rate": bare})]
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        task = open_dataset(DatasetSpec("bundled")).task
        model.classifier(replace(task, templates=("a photo of a {}.",)), cache)
        for workers in plan.workers:
            told.append(("run", workers, whole_run(model, plan, workers, cache)))
            print(arch, told[-1], flush=True)
    data = Again(open_dataset(DatasetSpec("bundled")), plan.peers)
    by_peers(model, data, 2, 8)
    began = time.perf_counter()
    pictures = by_peers(model, data, plan.peers, 8)
    took = time.perf_counter() - began
    peers = {"pictures": pictures, "seconds": took, "rate": pictures / took}
    told.append(("peers' way", 0, {**peers, "wall_rate": pictures / took}))
    return [
        {
            "model": arch,
            "precision": plan.precision,
            "what": what,
            "workers": workers,
            **{name: round(figures.get(name, 0.0), 2) for name in _FIGURES},
            "of_bare": round(figures["rate"] / bare, 3),
            "idle": round(max(1 - figures["rate"] / bare, 0.0), 3),
        }
        for what, workers, figures in told
    ]


_FIGURES = ("pictures", "seconds", "rate", "wall_rate", "drawing_ms", "classifying_ms")


def write(rows: Sequence[dict[str, object]], out: Path) -> None:
    """The CSV, and the table on the terminal."""
    versions = f"torch {torch.__version__}, open_clip {open_clip.__version__}"
    where = {"machine": machine(), "versions": f"{versions}, python {platform.python_version()}"}
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [*rows[0], *where], lineterminator="\n")
        table.writeheader()
        table.writerows({**row, **where} for row in rows)
    print(where["machine"])
    print("".join(f"{name:>15}" for name in rows[0]))
    for row in rows:
        print("".join(f"{value!s:>15}" for value in row.values()))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    parser.add_argument("--quick", action="store_true", help="a tiny model, on a CPU")
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else Plan()
    began = time.perf_counter()
    rows = [row for arch in plan.architectures for row in measure(arch, plan)]
    write(rows, chosen.out)
    print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
