"""A run's folder: manifest, prediction parts, and the promise that nothing in it is half.

```
runs/quick-mini/
  manifest.json          what was run, with what, on what
  predictions.parquet/   one part a finished chunk; pandas reads the folder as one table
  found/                 pictures that searches found, by the fingerprint of their pixels
```
"""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from PIL import Image

from typoattack.drawing.canvas import decode
from typoattack.errors import UserError
from typoattack.files import write_whole
from typoattack.predictions import KEY, SCHEMA

MANIFEST = "manifest.json"
PREDICTIONS = "predictions.parquet"
FOUND = "found"
_META = b"typoattack"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A sample that could not be used, and why."""

    sample: str
    reason: str


class RunFolder:
    """One run on disk.

    Args:
        path: the folder; made by `start` if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether a run was started here."""
        return (self.path / MANIFEST).is_file()

    def manifest(self) -> dict[str, Any]:
        """What was run; see `typoattack.manifest`.

        Raises:
            UserError: if there is no run here or its manifest is damaged.
        """
        try:
            read = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{str(self.path)!r} holds no run (no {MANIFEST})") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{str(self.path / MANIFEST)!r} cannot be read ({error})") from None
        if not isinstance(read, dict):
            raise UserError(f"{str(self.path / MANIFEST)!r} is no manifest")
        return read

    def start(self, manifest: Mapping[str, Any]) -> bool:
        """Begin a run, or take up the one that stands here; True if it is taken up.

        Raises:
            UserError: if the folder holds another run (the difference is shown), holds other
                things, or cannot be written.
        """
        if self.exists():
            difference = describe_difference(self.manifest()["identity"], manifest["identity"])
            if difference:
                raise UserError(
                    f"{str(self.path)!r} holds another run; {difference}; "
                    "choose another folder with --out, or delete this one"
                )
            (self.path / PREDICTIONS).mkdir(exist_ok=True)
            return True
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            strangers = [p.name for p in self.path.iterdir() if not p.name.startswith(".")]
            if strangers:
                raise UserError(
                    f"{str(self.path)!r} is not empty and holds no run (there is "
                    f"{strangers[0]!r}); choose another folder with --out"
                )
        except OSError as error:
            raise UserError(f"cannot use {str(self.path)!r}: {error.strerror}") from None
        self.write_manifest(manifest)
        (self.path / PREDICTIONS).mkdir()
        return False

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        write_whole(self.path / MANIFEST, text.encode())

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against a second run.

        Raises:
            UserError: if another process holds it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path / ".lock", timeout=0):
                yield
        except Timeout:
            raise UserError(f"another run is writing {str(self.path)!r}; wait for it") from None
        except PermissionError as error:
            raise UserError(f"cannot use {str(self.path)!r}: {error.strerror}") from None

    def parts(self) -> list[Path]:
        """The finished chunks, in the order they were written."""
        return sorted((self.path / PREDICTIONS).glob("part-*.parquet"))

    def write_part(self, table: pa.Table, samples: list[str], skipped: list[Skipped]) -> Path:
        """Add a finished chunk.

        Args:
            table: its predictions, by `SCHEMA`.
            samples: ids of all its samples, the skipped ones included.
            skipped: those that could not be used.
        """
        notes = {"samples": samples, "skipped": [[s.sample, s.reason] for s in skipped]}
        table = table.replace_schema_metadata({_META: json.dumps(notes).encode()})
        parts = self.parts()
        number = int(parts[-1].stem.removeprefix("part-")) + 1 if parts else 0
        path = self.path / PREDICTIONS / f"part-{number:06d}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_whole(path, sink.getvalue().to_pybytes())
        return path

    def keep_picture(self, pixels: str, image: Image.Image) -> None:
        """Keep a picture that cannot be drawn again, under its fingerprint."""
        path = self.path / FOUND / f"{pixels}.png"
        if not path.exists():
            data = io.BytesIO()
            image.save(data, "PNG")
            path.parent.mkdir(exist_ok=True)
            write_whole(path, data.getvalue())

    def kept_picture(self, pixels: str) -> Image.Image | None:
        """A picture that `keep_picture` kept, if it did."""
        path = self.path / FOUND / f"{pixels}.png"
        return decode(path) if path.is_file() else None

    def done(self) -> set[str]:
        """The ids of the samples that are finished, the skipped ones included."""
        return {sample for part in self.parts() for sample in _notes(part)["samples"]}

    def skipped(self) -> list[Skipped]:
        """The samples that could not be used, by id."""
        found = [Skipped(*entry) for part in self.parts() for entry in _notes(part)["skipped"]]
        return sorted(found, key=lambda skip: skip.sample)

    def predictions(self) -> pd.DataFrame:
        """All predictions so far, sorted by `KEY`, so that the order of the work is not seen."""
        tables = [pq.read_table(part, schema=SCHEMA) for part in self.parts()]
        table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
        frame: pd.DataFrame = table.sort_by([(name, "ascending") for name in KEY]).to_pandas()
        return frame


def _notes(part: Path) -> dict[str, Any]:
    try:
        metadata = pq.read_schema(part).metadata
        notes: dict[str, Any] = json.loads(metadata[_META])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise UserError(f"{str(part)!r} is damaged ({error}); delete it and run again") from None
    return notes


def describe_difference(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """In which keys two suite identities differ, in words; empty if they are the same."""
    told = []
    for key in [*wanted, *(k for k in here if k not in wanted)]:
        old, new = here.get(key), wanted.get(key)
        if old != new and not key.endswith("fingerprints"):
            told.append(f"{key}: {_shown(old, new)}")
    if not told:
        changed = [key for key in wanted if here.get(key) != wanted[key]]
        told = [f"{key} differ (another version drew it)" for key in changed]
    return "; ".join(told)


def _shown(old: Any, new: Any) -> str:
    if isinstance(old, list) and isinstance(new, list):
        gone = [str(v) for v in old if v not in new]
        come = [str(v) for v in new if v not in old]
        if gone or come:
            halves = [f"only there {', '.join(gone)}" if gone else ""]
            halves.append(f"only here {', '.join(come)}" if come else "")
            return "; ".join(half for half in halves if half)
        return "in another order"
    return f"{old!r} there, {new!r} here"
