"""Text encoding: the product's rate over that of the bare text tower, templates by class names.

    .venv/bin/python benchmarks/speed/text.py [ARCHITECTURE [DEVICE]]

An open_clip model with random weights (ViT-B-32). The bare rate is the forward pass alone, on
sentences that are tokenized already, in batches of 256; the product's is from class names and
templates to features, tokenizer, means and files of the cache included. Both take the same
sentences, turn by turn. On the CPU a card is simulated besides, whose tower encodes as many a
second as an H200's did (`results/speed/text-h200.csv`), so that the rest is what it adds. Goal:
0.95. Sentences are not sorted by length: CLIP pads every one to its context of 77 tokens, so that a
short one costs as much as a long one.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import open_clip
import torch
from machine import keep
from open_clip import IMAGENET_CLASSNAMES

from typoattack.models.open_clip_backend import OpenClipModel
from typoattack.models.text_cache import TextCache
from typoattack.samples.labels import templates
from typoattack.task import Task

_BATCH = 256
_ROUNDS = 2
_PLAN = (("a photo of a {}.", 256), ("simple", 40), ("openai", 8))
"""Templates, and so many class names on a CPU; elsewhere all 1,000."""

RATE = 5800
"""Sentences a second of the simulated card."""


def bare_seconds(module: torch.nn.Module, tokens: torch.Tensor) -> float:
    """The forward pass alone."""
    begin = time.perf_counter()
    with torch.inference_mode():
        for batch in torch.split(tokens, _BATCH):
            module.encode_text(batch).cpu()
    return time.perf_counter() - begin


def product_seconds(model: OpenClipModel, task: Task) -> float:
    """From names and templates to the classifier."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        model.classifier(task, TextCache(Path(folder)))
        return time.perf_counter() - begin


class CardTower(OpenClipModel):
    """A tower on a card that is simulated: tokenized in truth, answered when its rate says."""

    done = 0.0

    def begin_text(self, texts: Sequence[str]) -> Callable[[], torch.Tensor]:
        """Queue sentences; the answer sleeps until the card is done with them."""
        self.tokens(texts)
        self.done = done = max(time.perf_counter(), self.done) + len(texts) / RATE
        rows = torch.ones(len(texts), 512)

        def answer() -> torch.Tensor:
            time.sleep(max(done - time.perf_counter(), 0.0))
            return rows

        return answer


def on_card(model: OpenClipModel, task: Task) -> dict[str, object]:
    """A row of the simulated card."""
    card = CardTower("card", model.module, model.preprocess, model.tokenizer)
    sentences = len(task.class_names) * len(task.templates)
    own = sum(product_seconds(card, task) for _ in range(_ROUNDS)) / _ROUNDS
    return {
        "model": "a card",
        "device": "simulated",
        "templates": len(task.templates),
        "names": len(task.class_names),
        "bare_rate": RATE,
        "rate": round(sentences / own, 1),
        "of_bare": round(sentences / own / RATE, 3),
    }


def main() -> None:
    """Measure and write results/speed/text.csv."""
    name, device = [*sys.argv[1:], *("ViT-B-32", "cpu")[len(sys.argv) - 1 :]]
    module, _, preprocess = open_clip.create_model_and_transforms(name)
    tokenizer = open_clip.get_tokenizer(name)
    module = module.to(device).eval()
    model = OpenClipModel(name, module, preprocess, tokenizer, device=device)
    rows = []
    for spec, count in _PLAN:
        task = Task(
            "object",
            tuple(IMAGENET_CLASSNAMES[: count if device == "cpu" else None]),
            templates(spec),
        )
        texts = [t.replace("{}", n) for n in task.class_names for t in task.templates]
        tokens = tokenizer(texts).to(device)
        bare_seconds(module, tokens[:_BATCH])
        turns = [(bare_seconds(module, tokens), product_seconds(model, task))
                 for _ in range(_ROUNDS)]  # fmt: skip
        bare, own = (sum(part) for part in zip(*turns, strict=True))
        rows.append(
            {
                "model": name,
                "device": device,
                "templates": len(task.templates),
                "names": len(task.class_names),
                "bare_rate": round(_ROUNDS * len(texts) / bare, 1),
                "rate": round(_ROUNDS * len(texts) / own, 1),
                "of_bare": round(bare / own, 3),
            }
        )
        if device == "cpu":
            rows.append(on_card(model, replace(task, class_names=tuple(IMAGENET_CLASSNAMES))))
    keep("text", rows)


if __name__ == "__main__":
    main()
