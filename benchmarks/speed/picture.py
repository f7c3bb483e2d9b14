"""What a picture costs beside the model: CPU milliseconds of one process, stage by stage.

    .venv/bin/python benchmarks/speed/picture.py

Bundled photographs under the eight recipes of `overhead.py`, canvas 448, the preprocessing of
ViT-B-32, and a model that costs nothing. Photographs come again under other names, so that words
and places differ each time. A first run over some of them fills what is filled once (fonts, text);
`first_ms` is that run in a process that has just started, and the stages are of a second, longer
run. Beside it, in turn with it, the peers' way: drawn with Pillow at 224, saved as JPEG, read back,
through torchvision's transform one by one, and classified by one product; written here from the
papers' descriptions. Goals: 1.5 ms a picture, 1.0 ms for the printed recipes alone.
"""

import io
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import open_clip
import torch
from drawing import by_description
from machine import keep
from overhead import SUITE, TEMPLATES
from PIL import Image

from typoattack.api import Machine
from typoattack.core.randomness import stream
from typoattack.models.base import Lineage
from typoattack.models.pixels import two_step
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.runner.execute import execute
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.base import Dataset, Sample
from typoattack.suite import Suite, parse_suite
from typoattack.task import Task

PHOTOGRAPHS = 24
_STEADY = 160
_ROUNDS = 3
_SIDE = 224

STAGES = {
    "decode": ["typoattack.samples.files.decode"],
    "canvas": ["typoattack.runner.draw.square_canvas", "typoattack.runner.on_canvas.Ground"],
    "words": ["typoattack.runner.draw.Generator.word"],
    "drawing": ["typoattack.runner.draw.draw_word"],
    "fingerprint": ["typoattack.runner.on_canvas.OnCanvas.told"],
    "model input": [
        "typoattack.runner.on_canvas.CanvasInputs",
        "typoattack.models.parts.CanvasInputs.of",
        "torch.stack",
    ],
    "to floats": ["typoattack.runner.classify.embed_drawn"],
    "rows": ["typoattack.runner.classify.Evaluation._finished"],
    "writing": ["typoattack.results.writer.ResultWriter.add"],
}
"""The functions whose time is a stage's, without what they call of other stages."""


class FreeModel(ZeroShotModel):
    """Answers with vectors that it has ready: a model that costs nothing."""

    def __init__(self) -> None:
        self.lineage = Lineage("free")
        self.fingerprint = "free"
        self.preprocess = two_step(open_clip.image_transform(_SIDE, is_train=False))
        self.image_size = _SIDE
        self.logit_scale = 100.0
        made = torch.randn(4096, 512, generator=torch.Generator().manual_seed(0))
        self._ready = torch.nn.functional.normalize(made, dim=-1)
        self.pictures = 0

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, s, s) to the first n vectors."""
        self.pictures += len(batch)
        return self._ready[: len(batch)]

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to a vector each, by a checksum."""
        return self._ready[[sum(text.encode()) % len(self._ready) for text in texts]]


@dataclass(frozen=True)
class Again:
    """A data set's photographs as many times as wanted, under other names; see `Dataset`."""

    data: Dataset
    count: int
    turn: str = ""
    name: str = "again"
    fingerprint: str = "again"
    licence: str = ""

    @property
    def task(self) -> Task:
        """The data set's."""
        return self.data.task

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        sample = self.data[index % len(self.data)]
        return replace(sample, id=f"{self.turn}{index}/{sample.id}")


@dataclass
class Stopwatch:
    """CPU seconds by stage; what one stage calls of another counts for the other alone."""

    seconds: Counter[str] = field(default_factory=Counter)
    _open: list[tuple[str, float]] = field(default_factory=list)

    def _turn(self) -> None:
        if self._open:
            name, since = self._open[-1]
            self.seconds[name] += time.process_time() - since

    def timed(self, stage: str, called: Callable[..., Any]) -> Callable[..., Any]:
        """`called`, its time taken; a generator's while it makes each item."""

        def start() -> None:
            self._turn()
            self._open.append((stage, time.process_time()))

        def stop() -> None:
            self._turn()
            self._open.pop()
            if self._open:
                self._open[-1] = (self._open[-1][0], time.process_time())

        def run(*args: Any, **kwargs: Any) -> Any:
            start()
            try:
                made = called(*args, **kwargs)
            finally:
                stop()
            return each(made) if isinstance(made, Iterator) else made

        def each(items: Iterator[Any]) -> Iterator[Any]:
            while True:
                start()
                try:
                    item = next(items)
                except StopIteration:
                    return
                finally:
                    stop()
                yield item

        return run


@contextmanager
def watched() -> Iterator[Stopwatch]:
    """A stopwatch on every stage."""
    watch = Stopwatch()
    with ExitStack() as stack:
        for stage, places in STAGES.items():
            for place in places:
                timed = watch.timed(stage, pkgutil.resolve_name(place))
                stack.enter_context(mock.patch(place, timed))
        yield watch


def suite_of(recipes: str) -> Suite:
    """The suite of `overhead.py`, or its printed recipes alone."""
    text = SUITE if recipes == "all" else SUITE.replace("  - handwritten-note\n", "")
    return parse_suite(text, "picture", {"models": ["free"], "templates": TEMPLATES})


def run(suite: Suite, photographs: Dataset, cache: TextCache) -> float:
    """CPU milliseconds a picture of one run, from the open model to the predictions on disk."""
    model = FreeModel()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        execute(suite, [model], photographs, folder, Machine("cpu", workers=0), cache=cache)
        return 1000 * (time.process_time() - began) / model.pictures


def first(recipes: str) -> float:
    """CPU milliseconds a picture of the first run of a process, text encoded beforehand."""
    data = Again(open_dataset(DatasetSpec("bundled")), PHOTOGRAPHS)
    suite = suite_of(recipes)
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        task = replace(data.task, templates=("a photo of a {}.",))
        FreeModel().classifier(task, cache)
        return run(suite, data, cache)


def by_peers(model: ZeroShotModel, data: Dataset, count: int, recipes: int) -> int:
    """The peers' way: every picture stored as JPEG, then read, transformed and asked about."""
    transform = open_clip.image_transform(model.image_size, is_train=False)
    names = data.task.class_names
    weights = model.encode_text([f"a photo of a {name}." for name in names])
    right = pictures = 0
    for index in range(count):
        sample = data[index]
        clean = sample.image.resize((_SIDE, _SIDE))
        inputs = []
        for number in range(recipes + 1):
            rng = stream(index, number)
            word = names[int(rng.integers(len(names)))]
            stored = io.BytesIO()
            made = by_description(clean, word, rng) if number else clean
            made.save(stored, "JPEG", quality=100)
            stored.seek(0)
            inputs.append(transform(Image.open(stored)))
        rows = model.encode_image(torch.stack(inputs))
        scores = (model.logit_scale * rows @ weights.T).softmax(dim=-1)
        right += int((scores.argmax(dim=-1) == sample.label).sum())
        pictures += len(inputs)
    return pictures


def measure(recipes: str) -> list[dict[str, object]]:
    """A row for each stage of a suite, and for all of it."""
    suite, data = suite_of(recipes), open_dataset(DatasetSpec("bundled"))
    taken: list[tuple[float, float, Counter[str]]] = []
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(Path(folder))
        run(suite, Again(data, PHOTOGRAPHS, "warm-up "), cache)
        for turn in range(_ROUNDS):
            whole = run(suite, Again(data, _STEADY, f"{turn} "), cache)
            with watched() as watch:
                run(suite, Again(data, _STEADY, f"watched {turn} "), cache)
            began = time.process_time()
            pictures = by_peers(FreeModel(), data, len(data), len(suite.attacks))
            peers = 1000 * (time.process_time() - began) / pictures
            taken.append((whole, peers, watch.seconds))
    whole, peers, seconds = min(taken, key=lambda one: one[0])
    pictures = _STEADY * suite.passes
    stages = {stage: 1000 * seconds[stage] / pictures for stage in STAGES}
    told = {**stages, "the rest": max(whole - sum(stages.values()), 0.0), "all": whole}
    begun = float(
        subprocess.run(
            [sys.executable, __file__, recipes], check=True, text=True, capture_output=True
        ).stdout
    )
    rows = [{"recipes": recipes, "what": what, "ms": round(ms, 3)} for what, ms in told.items()]
    rows.append({"recipes": recipes, "what": "first run of a process", "ms": round(begun, 3)})
    rows.append({"recipes": recipes, "what": "peers' way", "ms": round(peers, 3)})
    return [row | {"of_all": round(float(str(row["ms"])) / whole, 3)} for row in rows]


def main() -> None:
    """Measure the suite, and its printed recipes alone."""
    torch.set_num_threads(1)
    keep("picture", [row for recipes in ("all", "printed") for row in measure(recipes)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        torch.set_num_threads(1)
        print(first(sys.argv[1]))
    else:
        main()
