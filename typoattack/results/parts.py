"""Part files: some finished samples each, with what must be known of them in the file's metadata.

`part-000007.parquet` is the eighth chunk; `part-000000-000311.parquet` holds the first 312, put
together once the run was finished. It is there whole before these are deleted, so that a part whose
chunks another holds too is a leftover: whoever lists the parts leaves it out.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.results.schema import SCHEMA

_META = b"typoattack"
_NAME = re.compile(r"part-(\d+)(?:-(\d+))?\.parquet")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A sample that could not be used, and why."""

    sample: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What a part says of itself.

    Attributes:
        samples: ids of all its samples, the skipped ones included.
        skipped: those that could not be used.
    """

    samples: Sequence[str]
    skipped: Sequence[Skipped]


def _name(chunks: tuple[int, int]) -> str:
    first, last = chunks
    return f"part-{first:06d}" + (f"-{last:06d}" if last > first else "") + ".parquet"


def part_path(folder: Path, number: int) -> Path:
    """Where the part of one chunk lies."""
    return folder / _name((number, number))


def chunks_of(part: Path) -> tuple[int, int]:
    """The numbers of the first and the last chunk that a part holds, by its name."""
    found = _NAME.fullmatch(part.name)
    if found is None:
        raise UserError(f"{str(part)!r} is no part of a run; move it away")
    return int(found[1]), int(found[2] or found[1])


def standing(folder: Path) -> tuple[list[Path], list[Path]]:
    """The parts in a folder in the order of their chunks, and the leftovers that others hold."""
    spans = sorted(
        ((chunks_of(part), part) for part in folder.glob("part-*.parquet")),
        key=lambda one: (one[0][0], -one[0][1]),
    )
    kept: list[Path] = []
    left: list[Path] = []
    held = -1
    for (_, last), part in spans:
        (kept if last > held else left).append(part)
        held = max(held, last)
    return kept, left


def write_part(folder: Path, chunks: tuple[int, int], table: pa.Table, notes: Notes) -> Path:
    """Write the part of some chunks, whole or not at all.

    Args:
        folder: of the parts.
        chunks: the numbers of the first and the last.
        table: their predictions, by `SCHEMA`.
        notes: what the file says of itself.

    Raises:
        UserError: if the disk refuses.
    """
    said = {
        "samples": list(notes.samples),
        "skipped": [[one.sample, one.reason] for one in notes.skipped],
        "content": _content(table),
    }
    table = table.replace_schema_metadata({_META: json.dumps(said).encode()})
    path = folder / _name(chunks)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    write_whole(path, sink.getvalue().to_pybytes())
    return path


def read_notes(part: Path) -> Notes:
    """What a part says of itself; `UserError` if it is damaged."""
    with _undamaged(part):
        notes = json.loads(pq.read_schema(part).metadata[_META])
        skipped = [Skipped(str(sample), str(reason)) for sample, reason in notes["skipped"]]
        return Notes([str(sample) for sample in notes["samples"]], skipped)


def count_rows(part: Path) -> int:
    """How many predictions a part has; `UserError` if it is damaged."""
    with _undamaged(part):
        return int(pq.read_metadata(part).num_rows)


def read_part(part: Path) -> pa.Table:
    """A part's predictions; `UserError` if they are not those that were written."""
    with _undamaged(part):
        table = pq.read_table(part, schema=SCHEMA, page_checksum_verification=True)
        expected = json.loads(pq.read_schema(part).metadata[_META])["content"]
        if _content(table) != expected:
            raise ValueError("its rows are not those that were written")
    return table


def _content(table: pa.Table) -> str:
    """A hash of a table's values; parquet's own checksums leave the headers of pages out."""
    hasher = xxhash.xxh3_128()
    for column in table.columns:
        _hash_values(hasher, pa.concat_arrays(column.chunks) if column.num_chunks else None)
    return hasher.hexdigest()


def _hash_values(hasher: Any, values: pa.Array | None) -> None:
    if values is None:
        return
    hasher.update(values.is_null().to_numpy(zero_copy_only=False).tobytes())
    if pa.types.is_list(values.type):
        hasher.update(values.value_lengths().fill_null(0).to_numpy().tobytes())
        _hash_values(hasher, values.flatten())
    elif pa.types.is_string(values.type):
        whole = pc.binary_join(pa.ListArray.from_arrays([0, len(values)], values.fill_null("")), "")
        hasher.update(pc.binary_length(values).fill_null(0).to_numpy().tobytes())
        hasher.update(whole[0].as_py().encode("utf-8", "surrogatepass"))
    else:
        zero = False if pa.types.is_boolean(values.type) else 0
        hasher.update(values.fill_null(zero).to_numpy(zero_copy_only=False).tobytes())


@contextlib.contextmanager
def _undamaged(part: Path) -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
        pa.ArrowException,
    ) as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"{str(part)!r} is damaged ({told}); delete it and run again") from None
