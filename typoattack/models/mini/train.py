"""Train the reader: `python -m typoattack.models.mini.train`.

Deterministic on one machine from a seed: window `i` depends on seed and `i` alone, the order is
0, 1, 2, …, and the schedule is a function of the step. A run killed at any moment goes on from
its last checkpoint to the same weights.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
import typer
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from typoattack.core.errors import UserError
from typoattack.models.mini import corpus
from typoattack.models.mini.reader import ReaderNet, split_heads
from typoattack.models.mini.spelling import rarity
from typoattack.models.mini.windows import IGNORED, Window, Windows

WEIGHTS_NAME = "reader.safetensors"

_BACKGROUND_WEIGHT = 0.15
_WARM_UP = 100
_COOLING = 0.4


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How the reader is trained.

    Attributes:
        steps: number of updates.
        batch: windows an update.
        rate: the largest learning rate; warmed up to over 100 steps, held, then brought down to
            zero over the last 40 % of the steps.
        decay: AdamW's weight decay.
        seed: of the windows and the first weights.
        bfloat16: whether convolutions run in half precision.
    """

    steps: int = 1400
    batch: int = 24
    rate: float = 3e-3
    decay: float = 0.02
    seed: int = 0
    bfloat16: bool = True

    @property
    def cooling_from(self) -> int:
        """The first step of the ramp to zero."""
        return round(self.steps * (1 - _COOLING))


def learning_rate(plan: TrainingPlan, step: int) -> float:
    """The learning rate of update `step`, counted from 0: a ramp up, a plateau, a ramp to 0."""
    if step < plan.cooling_from:
        return plan.rate * min(1.0, (step + 1) / (_WARM_UP + 1))
    return plan.rate * (plan.steps - step) / (plan.steps - plan.cooling_from + 1)


def loss(logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy over the three heads; cells without a letter count for less.

    Args:
        logits: (n, 83, 24, 96).
        answers: (n, 3, 24, 96) classes, -1 where no answer is asked.
    """
    total = logits.new_zeros(())
    for head, wanted in zip(split_heads(logits), answers.unbind(1), strict=True):
        each = F.cross_entropy(head, wanted, reduction="none", ignore_index=IGNORED)
        weight = (wanted > 0).float() + _BACKGROUND_WEIGHT * (wanted == 0).float()
        total = total + (each * weight).sum() / weight.sum().clamp(min=1.0)
    return total / 3


def as_tensors(windows: list[Window]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (n, 3, 96, 192) uint8 and answers (n, 3, 24, 96) of some windows."""
    pixels = torch.from_numpy(np.stack([w.pixels for w in windows])).permute(0, 3, 1, 2)
    answers = np.stack([np.stack([w.letter, w.left, w.right]) for w in windows])
    return pixels, torch.from_numpy(answers)


class Trainer:
    """The network, its optimiser and the step it stands at; saved and restored as one."""

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan = plan
        self.step = 0
        torch.manual_seed(plan.seed)
        self.net = ReaderNet().to(memory_format=torch.channels_last)
        self._optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=plan.rate, weight_decay=plan.decay
        )

    def update(self, pixels: torch.Tensor, answers: torch.Tensor) -> float:
        """One step on a batch; returns its loss."""
        self.net.train()
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.plan, self.step)
        inputs = pixels.float().div(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.plan.bfloat16):
            logits = self.net(inputs)
        value = loss(logits.float(), answers)
        self._optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self._optimiser.step()
        self.step += 1
        return float(value.detach())

    def save(self, path: Path) -> None:
        """Write everything that is needed to go on, whole or not at all."""
        state = {
            "plan": asdict(self.plan),
            "step": self.step,
            "net": self.net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        temporary = path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from `path`. The number of steps may differ as long as neither run is cooling.

        Raises:
            UserError: if it was written under another plan.
        """
        state: dict[str, Any] = torch.load(path, weights_only=True)
        theirs, ours = TrainingPlan(**state["plan"]), self.plan
        early = state["step"] <= min(theirs.cooling_from, ours.cooling_from)
        if replace(theirs, steps=ours.steps if early else theirs.steps) != ours:
            raise UserError(
                f"{path} belongs to another plan ({state['plan']}); choose another --out"
            )
        self.step = state["step"]
        self.net.load_state_dict(state["net"])
        self._optimiser.load_state_dict(state["optimiser"])


def batches(windows: Windows, plan: TrainingPlan, first: int, workers: int) -> Iterator[Any]:
    """The batches from step `first` on, drawn by `workers` further processes (0: by this one)."""
    ahead = range(first * plan.batch, plan.steps * plan.batch)
    loader: Iterator[Any] = iter(
        torch.utils.data.DataLoader(
            windows,  # type: ignore[arg-type]
            batch_size=plan.batch,
            sampler=ahead,
            num_workers=workers,
            collate_fn=as_tensors,
            prefetch_factor=4 if workers else None,
        )
    )
    return loader


def write_weights(net: ReaderNet, words: Sequence[str], path: Path) -> None:
    """Save the network and the rarity of letter pairs in `words` as half-precision safetensors."""
    tensors = {
        name: value.detach().half().contiguous()
        for name, value in net.state_dict().items()
        if value.is_floating_point()
    }
    tensors["rarity"] = rarity(words).half()
    temporary = path.with_suffix(".tmp")
    safetensors.torch.save_file(tensors, temporary)
    temporary.replace(path)


def train(
    plan: TrainingPlan, windows: Windows, out: Path, *, workers: int = 0, save_every: int = 200
) -> ReaderNet:
    """Run `plan` to its end, from the last checkpoint in `out` if there is one."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    trainer = Trainer(plan)
    if checkpoint.exists():
        trainer.restore(checkpoint)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("loss {task.fields[loss]:.3f}")) as progress:
        bar = progress.add_task("steps", total=plan.steps, completed=trainer.step, loss=0.0)
        average, started, begun = 0.0, time.monotonic(), trainer.step
        for pixels, answers in batches(windows, plan, trainer.step, workers):
            value = trainer.update(pixels, answers)
            average = value if not average else 0.98 * average + 0.02 * value
            progress.update(bar, completed=trainer.step, loss=average)
            if trainer.step % 25 == 0 and not progress.console.is_terminal:
                rate = (trainer.step - begun) * plan.batch / (time.monotonic() - started)
                print(
                    f"step {trainer.step}/{plan.steps} loss {average:.3f} {rate:.1f} windows/s",
                    flush=True,
                )
            if trainer.step % save_every == 0 or trainer.step == plan.steps:
                trainer.save(checkpoint)
    return trainer.net


def main(
    out: Annotated[Path, typer.Option(help="Folder for checkpoints and weights.")] = Path(
        "runs/mini-reader"
    ),
    steps: int = 1400,
    batch: int = 24,
    rate: float = 3e-3,
    seed: int = 0,
    threads: int = 1,
    workers: int = 1,
    bfloat16: bool = True,
) -> None:
    """Train the reader and write OUT/reader.safetensors."""
    torch.set_num_threads(threads)
    plan = TrainingPlan(steps=steps, batch=batch, rate=rate, seed=seed, bfloat16=bfloat16)
    folder = corpus.default_folder()
    corpus.fetch(folder)
    material = corpus.load(folder)
    net = train(plan, Windows(material, seed, steps * batch), out, workers=workers)
    write_weights(net, material.words, out / WEIGHTS_NAME)
    print(f"weights in {out / WEIGHTS_NAME}")


if __name__ == "__main__":
    typer.run(main)
