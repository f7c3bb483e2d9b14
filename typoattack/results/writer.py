"""Writes finished samples to a run's folder, chunk by chunk."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from typoattack.core.progress import Progress
from typoattack.results.embeddings import Embedded
from typoattack.results.folder import RunFolder
from typoattack.results.parts import Skipped
from typoattack.results.schema import SCHEMA
from typoattack.samples.base import Dataset

_MOST_ROWS = 8192
"""Rows that wait to be written at most, but for those of one sample."""

_MOST_SECONDS = 60.0
"""How long a finished sample waits to be written, so that a kill costs no more than that."""

Record = dict[str, Any]
"""One row of the predictions table, by column name."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One sample's part of the predictions.

    Attributes:
        sample: its id.
        records: none if it is broken.
        broken: why it could not be used; empty if it could.
        found: pictures that searches found, as PNG, by fingerprint; they cannot be drawn again.
        embeddings: of its pictures by each model, where they are kept.
    """

    sample: str
    records: list[Record]
    broken: str = ""
    found: dict[str, bytes] = field(default_factory=dict)
    embeddings: list[Embedded] = field(default_factory=list)


class ResultWriter:
    """Writes finished samples to a run's folder, chunk by chunk, and tells how far it is.

    Args:
        folder: started and locked.
        indices: positions of the samples that the run does.
        dataset: the photographs.
        chunk_size: samples a part file.
        progress: told how many photographs are finished.
        clock: seconds that pass.

    Attributes:
        left: positions of the samples that are not finished yet.
    """

    def __init__(
        self,
        folder: RunFolder,
        indices: Sequence[int],
        dataset: Dataset,
        *,
        chunk_size: int,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        finished = folder.done()
        self.left = [index for index in indices if dataset[index].id not in finished]
        self._folder = folder
        self._size = chunk_size
        self._told = progress
        self._clock = clock
        self._total = len(indices)
        self._done = len(indices) - len(self.left)
        self._clear()
        self._told("photographs", self._done, self._total)

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._embedded: list[Embedded] = []
        self._samples: list[str] = []
        self._skipped: list[Skipped] = []
        self._since = self._clock()

    def add(self, finished: Finished) -> None:
        """Take a finished sample; write when the chunk is full, or has waited for a minute."""
        for pixels, png in finished.found.items():
            self._folder.keep_picture(pixels, png)
        self._samples.append(finished.sample)
        self._records += finished.records
        self._embedded += finished.embeddings
        if finished.broken:
            self._skipped.append(Skipped(finished.sample, finished.broken))
        full = len(self._samples) >= self._size or len(self._records) >= _MOST_ROWS
        if full or self._clock() - self._since >= _MOST_SECONDS:
            self.flush()
        self._done += 1
        self._told("photographs", self._done, self._total)

    def flush(self) -> None:
        """Write what is not on disk yet."""
        if self._samples:
            table = pa.Table.from_pylist(self._records, schema=SCHEMA)
            self._folder.write_part(table, self._samples, self._skipped, self._embedded)
        self._clear()
