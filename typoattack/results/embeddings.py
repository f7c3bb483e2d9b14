"""Image embeddings beside a run's predictions, so that it can be scored by other rules.

Each chunk of the predictions has a part of embeddings, written before it: a run that was killed has
the embeddings of every prediction. Rows are 16-bit whole numbers with a scale each: as small as
float16, whose rounding moves a cosine by more than 1e-5 (tests/results/test_embeddings.py).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole

EMBEDDINGS = "embeddings.parquet"
"""A folder of parts, as the predictions are."""

_LARGEST = 32_767

Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture's embedding by one model.

    Attributes:
        model: its name.
        pixels: the picture's fingerprint, as in the predictions.
        values: (d,) float32.
    """

    model: str
    pixels: str
    values: Row


def write_embeddings(folder: Path, rows: Sequence[Embedded]) -> None:
    """Add a part of embeddings, whole or not at all; each picture once.

    Raises:
        UserError: if the disk refuses.
    """
    once = {(row.model, row.pixels): row.values for row in rows}
    scales = [float(np.abs(values).max()) / _LARGEST or 1.0 for values in once.values()]
    whole = [
        np.rint(values / scale).astype(np.int16).tobytes()
        for values, scale in zip(once.values(), scales, strict=True)
    ]
    table = pa.table(
        {
            "model": pa.array([model for model, _ in once], pa.string()),
            "pixels": pa.array([pixels for _, pixels in once], pa.string()),
            "scale": pa.array(scales, pa.float64()),
            "values": pa.array(whole, pa.binary()),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    parts = parts_of(folder)
    number = int(parts[-1].stem.removeprefix("part-")) + 1 if parts else 0
    write_whole(part_path(folder, number), sink.getvalue())


def parts_of(folder: Path) -> list[Path]:
    """The parts of embeddings in a run's folder, in the order they were written."""
    return sorted((folder / EMBEDDINGS).glob("part-*.parquet"))


def part_path(folder: Path, number: int) -> Path:
    """Where the part with this number lies in a run's folder."""
    return folder / EMBEDDINGS / f"part-{number:06d}.parquet"


def read_embeddings(folder: Path, model: str) -> tuple[Mapping[str, int], Row]:
    """A model's embeddings.

    Args:
        folder: the run's.
        model: its name.

    Returns:
        For each picture's fingerprint its row, and the rows (n, d), float32.

    Raises:
        UserError: if the run kept none of this model, or a part is damaged.
    """
    parts = parts_of(folder)
    place: dict[str, int] = {}
    rows: list[Row] = []
    for part in parts:
        try:
            table = pq.read_table(
                part, filters=[("model", "==", model)], page_checksum_verification=True
            )
            columns = (table[name].to_pylist() for name in ("pixels", "scale", "values"))
            for pixels, scale, values in zip(*columns, strict=True):
                if pixels not in place:
                    place[pixels] = len(rows)
                    rows.append((np.frombuffer(values, np.int16) * scale).astype(np.float32))
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            told = " ".join(str(error).split())[:200]
            raise UserError(
                f"{str(part)!r} is damaged ({told}); delete the run's {EMBEDDINGS} and "
                "run again with --keep-embeddings in another folder"
            ) from None
    if not rows:
        raise UserError(
            f"{str(folder)!r} holds no embeddings of {model!r}; run with --keep-embeddings"
        )
    return place, np.stack(rows)
