"""Pictures on their way to a GPU: full batches, the next ones there before the last one's answer.

```
drawn inputs ──▶ pinned buffer ──▶ device (a stream of its own) ──▶ forward pass ──▶ pinned rows
 (8 bit)          (full batches)    (8 bit, then floats there)       (up to three under way)
```

The device always has work: a batch is sent and its forward pass begun before the answer of the
one before is waited for, and rows are made of an answer while the next is computed.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from typoattack.models.ahead import Answer, begun
from typoattack.models.base import Model
from typoattack.models.pixels import model_input
from typoattack.models.text_cache import Features
from typoattack.runner.worker import Drawing

UNDER_WAY = 2
"""Batches whose answers are not waited for: one is computed, one waits behind it."""


class Encoder(Protocol):
    """A model, and which of a drawing's inputs it takes."""

    @property
    def model(self) -> Model:
        """The dual encoder."""
        ...

    @property
    def input_index(self) -> int:
        """The place of its input among a drawing's."""
        ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch under way: the buffers it was sent from, and an answer for each model."""

    buffers: list[torch.Tensor]
    answers: list[Answer]


def embedded_ahead(
    drawings: Iterable[Drawing], encoders: Sequence[Encoder], batch_size: int, device: str
) -> Iterator[tuple[Drawing, list[Features]]]:
    """Each drawing with its embeddings (n_pictures, d) by each encoder, in the order they come.

    Batches are full but for the last, whatever the drawings hold. One without pictures has
    empty embeddings: none by no encoder.

    Args:
        drawings: with their inputs.
        encoders: the models.
        batch_size: pictures a forward pass.
        device: where the models run.
    """
    feeder = _Feeder(encoders, batch_size, device)
    waiting: deque[Drawing] = deque()
    for drawing in drawings:
        waiting.append(drawing)
        feeder.add(drawing)
        yield from _answered(waiting, feeder)
    feeder.end()
    yield from _answered(waiting, feeder)


def _answered(
    waiting: deque[Drawing], feeder: "_Feeder"
) -> Iterator[tuple[Drawing, list[Features]]]:
    while waiting and len(waiting[0].pictures) <= feeder.answered:
        drawing = waiting.popleft()
        yield drawing, feeder.take(len(drawing.pictures)) if drawing.pictures else []


class _Feeder:
    """Fills buffers with inputs, sends each full one, and keeps the rows that come back."""

    def __init__(self, encoders: Sequence[Encoder], batch_size: int, device: str) -> None:
        self._encoders = encoders
        self._size = batch_size
        self._device = device
        cuda = torch.device(device).type == "cuda"
        self._stream: Any = torch.cuda.Stream(device) if cuda else None  # type: ignore[no-untyped-call]
        self._free: list[list[torch.Tensor]] = []
        self._filling: list[torch.Tensor] = []
        self._filled = 0
        self._under_way: deque[_Batch] = deque()
        self._rows: list[list[Features]] = [[] for _ in encoders]
        self.answered = 0
        """How many pictures' rows are there and not taken."""

    def add(self, drawing: Drawing) -> None:
        """Put a drawing's inputs into the buffer, and send it on whenever it is full."""
        begin, count = 0, len(drawing.pictures)
        while begin < count:
            if not self._filling:
                self._filling = self._free.pop() if self._free else self._buffers(drawing)
            end = min(begin + self._size - self._filled, count)
            filled = self._filled + end - begin
            for buffer, inputs in zip(self._filling, drawing.inputs, strict=True):
                buffer[self._filled : filled].copy_(inputs[begin:end])
            begin, self._filled = end, filled
            if self._filled == self._size:
                self._send()

    def end(self) -> None:
        """Send what is left, and wait for all answers."""
        if self._filled:
            self._send()
        while self._under_way:
            self._wait()

    def take(self, count: int) -> list[Features]:
        """The next `count` pictures' rows, by encoder."""
        taken = []
        for number, parts in enumerate(self._rows):
            rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
            taken.append(rows[:count])
            self._rows[number] = [rows[count:]]
        self.answered -= count
        return taken

    def _buffers(self, drawing: Drawing) -> list[torch.Tensor]:
        """A buffer for each preprocessing, pinned where a GPU takes from it."""
        pinned = self._stream is not None
        return [
            torch.empty((self._size, *one.shape[1:]), dtype=one.dtype, pin_memory=pinned)
            for one in drawing.inputs
        ]

    def _send(self) -> None:
        """Begin the forward passes of the buffer; wait for an answer if too many are under way."""
        sent = [self._sent(buffer[: self._filled]) for buffer in self._filling]
        answers = [
            begun(e.model, model_input(e.model.preprocess, sent[e.input_index], self._device))
            for e in self._encoders
        ]
        self._under_way.append(_Batch(self._filling, answers))
        self._filling, self._filled = [], 0
        while len(self._under_way) > UNDER_WAY:
            self._wait()

    def _sent(self, buffer: torch.Tensor) -> torch.Tensor:
        """A buffer's content on the device."""
        if self._stream is None:
            return buffer.to(self._device)
        with torch.cuda.stream(self._stream):
            moved = buffer.to(self._device, non_blocking=True)
        computing = torch.cuda.current_stream(self._device)
        computing.wait_stream(self._stream)
        moved.record_stream(computing)
        return moved

    def _wait(self) -> None:
        """Keep the oldest batch's rows; its buffers are free again."""
        batch = self._under_way.popleft()
        for parts, answer in zip(self._rows, batch.answers, strict=True):
            parts.append(np.asarray(answer().numpy(), dtype=np.float32))
        self.answered += len(self._rows[0][-1])
        self._free.append(batch.buffers)
