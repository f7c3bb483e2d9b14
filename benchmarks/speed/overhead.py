"""Wall time of a run over that of the bare model on the same pictures in memory.

    .venv/bin/python benchmarks/speed/overhead.py

Eight recipes on the bundled photographs. The run starts with the model open and its text features
stored, and ends with the predictions on disk; the bare model gets the floats that it was made for.
Bare and run take turns, since a shared machine is now faster, now slower: the ratio is that of the
two medians over all rounds, and its interval says between which quarters of the rounds it lies.
`beside_ratio` is the run's time over the time inside its own forward passes, which the machine's
moods touch least. Goals on 2 cores: 1.08 for ViT-B-32, 1.25 for `mini`.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from machine import keep

from typoattack.api import Machine, execute, load_models
from typoattack.easel import draw_samples
from typoattack.models.base import Model
from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.pixels import model_input
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
_ROUNDS = 9
PHOTOGRAPHS = {"mini": 20, "ViT-B-32": 12, "ViT-B-16": 4}
"""How many of the bundled ones: a round of each model takes some ten seconds."""

TEMPLATES = str(Path(__file__).with_name("one_template.txt"))
"""One sentence a class: text is encoded before the clock starts, so more would only take time."""


class Timed:
    """A model that counts the seconds of its forward passes."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.seconds = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """The model's own, timed."""
        began = time.perf_counter()
        rows = self._model.encode_image(batch)
        self.seconds += time.perf_counter() - began
        return rows


def random_clip(arch: str) -> Model:
    """An architecture of open_clip's with random weights: real cost, no download."""
    torch.manual_seed(0)
    module, _, preprocess = open_clip.create_model_and_transforms(arch)
    return OpenClipModel(arch, module, preprocess, open_clip.get_tokenizer(arch))


def pictures(suite: Suite, model: Model, data: Dataset, cache: Path) -> list[torch.Tensor]:
    """All inputs of the run as floats in memory, a photograph's together as the run passes them."""
    plan = make_plan(suite, [model], data, Options(cache=TextCache(cache)))
    drawn = draw_samples(data, plan.indices, plan.generator, plan.jury.preprocesses, workers=0)
    return [model_input(model.preprocess, drawing.inputs[0], "cpu") for drawing in drawn]


def bare(model: Model, batches: list[torch.Tensor]) -> float:
    """Seconds that the forward passes alone take."""
    began = time.perf_counter()
    for batch in batches:
        model.encode_image(batch)
    return time.perf_counter() - began


@dataclass(frozen=True)
class Bench:
    """What is run, again and again."""

    suite: Suite
    model: Model
    data: Dataset
    cache: Path
    workers: int

    def run(self) -> tuple[float, float]:
        """Seconds of a run into a new folder, and those of them inside the forward passes."""
        timed = Timed(self.model)
        models: list[Model] = [timed]  # type: ignore[list-item]
        with tempfile.TemporaryDirectory() as out:
            began = time.perf_counter()
            machine = Machine("cpu", workers=self.workers)
            cache = TextCache(self.cache)
            execute(self.suite, models, self.data, Path(out) / "run", machine, cache=cache)
            return time.perf_counter() - began, timed.seconds


def measure(model: Model, limit: int) -> list[dict[str, object]]:
    """One model's rows: without a drawing process, and with one."""
    settings = {"models": [model.name], "templates": TEMPLATES, "limit": limit}
    suite = parse_suite(SUITE, "overhead", settings)
    data = open_dataset(suite.dataset)
    with tempfile.TemporaryDirectory() as cache:
        batches = pictures(suite, model, data, Path(cache))
        benches = [Bench(suite, model, data, Path(cache), workers) for workers in (0, 1)]
        for bench in benches:
            bench.run()  # fills the text cache, warms up
        rounds = [
            (bare(model, batches), *(bench.run() for bench in benches)) for _ in range(_ROUNDS)
        ]
    count = sum(map(len, batches))
    alone = [one[0] for one in rounds]
    return [
        {"model": model.name, "pictures": count, "workers": bench.workers, "rounds": _ROUNDS}
        | _figures(alone, [one[place] for one in rounds], count)  # type: ignore[misc]
        for place, bench in enumerate(benches, start=1)
    ]


def _figures(
    alone: list[float], runs: list[tuple[float, float]], count: int
) -> dict[str, float | str]:
    walls = [run[0] for run in runs]
    ratios = sorted(wall / bare for wall, bare in zip(walls, alone, strict=True))
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "forward_ms": round(1000 * statistics.median(alone) / count, 1),
        "run_ms": round(1000 * statistics.median(walls) / count, 1),
        "ratio": round(statistics.median(walls) / statistics.median(alone), 3),
        "ratio_quartiles": f"{low:.3f} {high:.3f}",
        "fastest_ratio": round(min(walls) / min(alone), 3),
        "beside_ratio": round(statistics.median(wall / inside for wall, inside in runs), 3),
    }


def main() -> None:
    """Measure `mini`, ViT-B-32 and ViT-B-16, or the models named on the command line."""
    names = sys.argv[1:] or list(PHOTOGRAPHS)
    rows = []
    for name in names:
        suite = parse_suite(SUITE, "overhead")
        model = load_models(suite, Machine("cpu"))[0] if name == "mini" else random_clip(name)
        rows += measure(model, PHOTOGRAPHS.get(name, 8))
        print(name, [(row["ratio"], row["beside_ratio"]) for row in rows[-2:]], flush=True)
    keep("overhead", rows)


if __name__ == "__main__":
    main()
