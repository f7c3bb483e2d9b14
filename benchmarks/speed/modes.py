"""What `channels_last`, `torch.compile` and bf16 do to the rate of a forward pass on a CPU.

    .venv/bin/python benchmarks/speed/modes.py

Random weights, batches of 9 of the bundled photographs, all modes of a model turn about; the
figure is the rate over that of plain float32 (2 is twice as fast), from the fastest rounds.
`cosine` is the least between a photograph's embedding and float32's, and `agree` the share of the
20 photographs that are nearest to the same of 1,000 random directions as in float32. Without fp16:
few CPUs compute in it, and where they do not it takes many times as long.
"""

import time
from collections.abc import Callable, Mapping

import open_clip
import torch
from machine import keep
from torch import nn
from torch.nn.functional import normalize

from typoattack.samples import DatasetSpec, open_dataset

ARCHITECTURES = ("ViT-B-32", "RN50")
_ROUNDS = 5
_PICTURES = 9

Forward = Callable[[torch.Tensor], torch.Tensor]


def modes(tower: nn.Module, last: nn.Module) -> Mapping[str, Forward]:
    """Every way to run an image tower; `last` is the same in `channels_last`."""
    compiled = torch.compile(tower, dynamic=True)  # as `run --compile` has it

    def bf16(batch: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return tower(batch)  # type: ignore[no-any-return]

    return {
        "float32": tower,
        "channels_last": lambda batch: last(batch.contiguous(memory_format=torch.channels_last)),
        "compile": compiled,
        "bf16": bf16,
    }


def tower(arch: str) -> nn.Module:
    """The image tower of an architecture of open_clip's with random weights."""
    torch.manual_seed(0)
    made: nn.Module = open_clip.create_model(arch).visual.eval()
    return made


@torch.inference_mode()
def measure(arch: str) -> list[dict[str, object]]:
    """A row for each mode of an architecture."""
    preprocess = open_clip.image_transform(224, is_train=False)
    data = open_dataset(DatasetSpec("bundled"))
    photographs = torch.stack([preprocess(data[index].image) for index in range(len(data))])
    batch = photographs[:_PICTURES]
    ways = modes(tower(arch), tower(arch).to(memory_format=torch.channels_last))
    first, seconds = {}, {name: list[float]() for name in ways}
    for number in range(_ROUNDS + 1):
        for name, forward in ways.items():
            began = time.perf_counter()
            forward(batch)
            took = time.perf_counter() - began
            if number:
                seconds[name].append(took)
            else:
                first[name] = took  # compiles, warms up
    plain = min(seconds["float32"])
    embedded = {
        name: normalize(forward(photographs).float(), dim=-1) for name, forward in ways.items()
    }
    exact = embedded["float32"]
    directions = normalize(torch.randn(exact.shape[1], 1000), dim=0)
    answers = {name: (rows @ directions).argmax(dim=-1) for name, rows in embedded.items()}
    return [
        {
            "model": arch,
            "mode": name,
            "ms_a_picture": round(1000 * min(taken) / _PICTURES, 1),
            "rate": round(plain / min(taken), 2),
            "first_pass_s": round(first[name], 1),
            "cosine": f"{(embedded[name] * exact).sum(dim=-1).min().item():.7f}",
            "agree": (answers[name] == answers["float32"]).float().mean().item(),
        }
        for name, taken in seconds.items()
    ]


if __name__ == "__main__":
    keep("modes", [row for arch in ARCHITECTURES for row in measure(arch)])
