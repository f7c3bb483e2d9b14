"""A run's folder: manifest, prediction parts, and the promise that nothing in it is half.

```
runs/quick-mini/
  manifest.json          what was run, with what, on what
  predictions.parquet/   one part a finished chunk, few large ones in the end; pandas reads the
                         folder as one table
  embeddings.parquet/    the pictures' embeddings, a part a chunk, if kept
  found/                 pictures that searches found, by the fingerprint of their pixels
```
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock, Timeout
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.drawing.canvas import decode
from typoattack.results.embeddings import EMBEDDINGS, Embedded, write_embeddings
from typoattack.results.frame import sorted_frame
from typoattack.results.manifest_file import read_manifest
from typoattack.results.parts import (
    Notes,
    Skipped,
    chunks_of,
    count_rows,
    part_path,
    read_notes,
    read_part,
    standing,
    write_part,
)
from typoattack.results.schema import AS_PUBLISHED, KEY, SCHEMA

T = TypeVar("T")

MANIFEST = "manifest.json"
PREDICTIONS = "predictions.parquet"
FOUND = "found"


_LARGE, _FEW = 50_000, 16
"""Rows of a part that others were put together in, and parts of a run that needs none."""


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
        """What was run; see `typoattack.results.manifest`.

        Raises:
            UserError: if there is no run here, or its manifest is damaged, foreign, or of a later
                version.
        """
        try:
            return read_manifest(self.path / MANIFEST)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{str(self.path)!r} holds no run (no {MANIFEST})") from None

    def start(self, manifest: Mapping[str, Any]) -> bool:
        """Begin a run, or take up the one that stands here; True if it is taken up.

        Another run that never got an answer, and left nothing else, makes room.

        Raises:
            UserError: if the folder holds another run (the difference is shown), holds other
                things, or cannot be written.
        """
        taken_up = self.exists()
        if taken_up:
            here = self.manifest()
            difference = describe_difference(here["identity"], manifest["identity"])
            if difference and self._is_bare():
                taken_up = False
            elif difference:
                difference = _asked_elsewhere(here, manifest) or difference
                raise UserError(
                    f"{str(self.path)!r} holds another run; {difference}; "
                    "choose another folder with --out, or delete this one"
                )
        with self._usable():
            if not taken_up:
                if not self._is_bare():
                    self._refuse_strangers()
                self.write_manifest(manifest)
            (self.path / PREDICTIONS).mkdir(exist_ok=True)
            for rest in (self.path / PREDICTIONS).glob(".part-*.tmp"):
                rest.unlink(missing_ok=True)  # of a run that was killed while it wrote
        return taken_up

    def _is_bare(self) -> bool:
        """Whether nothing was answered in a run that was started here, and nothing else lies here.

        Damaged or half deleted folders have other files; those are nobody's to replace.
        """
        if not (self.path / PREDICTIONS).is_dir():
            return False
        visible = {p.name for p in self.path.iterdir() if not p.name.startswith(".")}
        left = visible <= {MANIFEST, PREDICTIONS}
        return left and all(p.name.startswith(".") for p in (self.path / PREDICTIONS).iterdir())

    def _refuse_strangers(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        strangers = [p.name for p in self.path.iterdir() if not p.name.startswith(".")]
        if strangers:
            raise UserError(
                f"{str(self.path)!r} is not empty and holds no run (there is "
                f"{strangers[0]!r}); choose another folder with --out"
            )

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(f"cannot use {str(self.path)!r}: {error.strerror or error}") from None

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        # A file name that is no UTF-8 may stand in the command; JSON can say it with a backslash.
        write_whole(self.path / MANIFEST, text.encode("utf-8", "backslashreplace"))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against a second run.

        Raises:
            UserError: if another process holds it.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        with self._usable():
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:
                told = f"another run is writing {str(self.path)!r}; wait for it"
                raise UserError(told) from None
        try:
            yield
        finally:
            lock.release()

    def parts(self) -> list[Path]:
        """The files of finished chunks, in the order they were written."""
        return standing(self.path / PREDICTIONS)[0]

    def write_part(
        self,
        table: pa.Table,
        samples: list[str],
        skipped: list[Skipped],
        embedded: Sequence[Embedded] = (),
    ) -> Path:
        """Add a finished chunk.

        Args:
            table: its predictions, by `SCHEMA`.
            samples: ids of all its samples, the skipped ones included.
            skipped: those that could not be used.
            embedded: the embeddings of its pictures, where they are kept; written before it.
        """
        parts = self.parts()
        number = chunks_of(parts[-1])[1] + 1 if parts else 0
        if embedded:
            with self._usable():
                (self.path / EMBEDDINGS).mkdir(exist_ok=True)
            write_embeddings(self.path, embedded)
        notes = Notes(samples, skipped)
        return write_part(self.path / PREDICTIONS, (number, number), table, notes)

    def part_path(self, number: int) -> Path:
        """Where the chunk with this number lies."""
        return part_path(self.path / PREDICTIONS, number)

    def compact(self, rows: int = _LARGE, few: int = _FEW) -> None:
        """Put the many small parts of a finished run together, in the order of their chunks.

        A kill at any moment leaves every row to be read exactly once: the chunks of a part that is
        there whole are leftovers, left out by who reads and deleted the next time.

        Args:
            rows: a part takes chunks in until it has so many.
            few: so many parts are left as they are.

        Raises:
            UserError: if a part is damaged, or the disk refuses; nothing is lost by either.
        """
        parts, left = standing(self.path / PREDICTIONS)
        if len(parts) > few:
            for group in _groups(parts, rows):
                left += self._joined(group)
        with self._usable():
            for part in left:
                part.unlink(missing_ok=True)

    def _joined(self, group: Sequence[Path]) -> Sequence[Path]:
        """Write several parts as one; those that it replaces."""
        if len(group) == 1:
            return ()
        notes = [read_notes(part) for part in group]
        table = pa.concat_tables(read_part(part) for part in group).combine_chunks()
        whole = Notes(
            [sample for one in notes for sample in one.samples],
            [skip for one in notes for skip in one.skipped],
        )
        chunks = chunks_of(group[0])[0], chunks_of(group[-1])[1]
        write_part(self.path / PREDICTIONS, chunks, table, whole)
        return group

    def keep_picture(self, pixels: str, png: bytes) -> None:
        """Keep a picture (see `as_png`) that cannot be drawn again, under its fingerprint."""
        path = self.path / FOUND / f"{pixels}.png"
        if not path.exists():
            with self._usable():
                path.parent.mkdir(exist_ok=True)
            write_whole(path, png)

    def kept_picture(self, pixels: str) -> Image.Image | None:
        """A picture that `keep_picture` kept, if it did."""
        path = self.path / FOUND / f"{pixels}.png"
        return decode(path) if path.is_file() else None

    def done(self) -> set[str]:
        """The ids of the samples that are finished, the skipped ones included.

        Raises:
            UserError: if a part is damaged, or two hold the same sample.
        """
        found: dict[str, Path] = {}
        for part, samples in self._of_parts(lambda part: (part, read_notes(part).samples)):
            for sample in samples:
                before = found.setdefault(sample, part)
                if before != part:
                    raise UserError(
                        f"{str(part)!r} holds the photograph {sample!r} of {before.name} again; "
                        "delete one of the two and run again"
                    )
        return set(found)

    def skipped(self) -> list[Skipped]:
        """The samples that could not be used, by id."""
        found = [skip for one in self._of_parts(read_notes) for skip in one.skipped]
        return sorted(found, key=lambda skip: skip.sample)

    def predictions(
        self, columns: Sequence[str] | None = None, *, compact: bool = False
    ) -> pd.DataFrame:
        """All predictions so far, sorted by `KEY`, so that the order of the work is not seen.

        Args:
            columns: of `SCHEMA`; all if None.
            compact: whether cells that hold lists stay in Arrow's memory; see
                `typoattack.results.frame.sorted_frame`.

        Raises:
            UserError: if a part is damaged, two hold the same sample, or the rows are not of the
                models and classes that the manifest names.
        """
        return self._rows(pc.field("recipe") != AS_PUBLISHED, columns or SCHEMA.names, compact)

    def as_published(self) -> pd.DataFrame:
        """The clean photographs that were classified without a canvas, sorted alike.

        Raises:
            UserError: as `predictions`.
        """
        return self._rows(pc.field("recipe") == AS_PUBLISHED, SCHEMA.names, compact=False)

    def _rows(self, wanted: pc.Expression, columns: Sequence[str], compact: bool) -> pd.DataFrame:
        self.done()
        kept = [name for name in SCHEMA.names if name in {*KEY, *columns}]
        manifest = self.manifest()

        def rows(part: Path) -> pa.Table:
            rows = read_part(part).filter(wanted)
            self._refuse_strange_rows(rows, manifest)
            return rows.select(kept)

        tables = [SCHEMA.empty_table().select(kept), *self._of_parts(rows)]
        return sorted_frame(tables, columns, compact)

    def _of_parts(self, read: Callable[[Path], T]) -> list[T]:
        """What each part gives; read anew where a run that ends meanwhile puts them together."""
        while True:
            parts = self.parts()
            try:
                return [read(part) for part in parts]
            except UserError:
                now = self.parts()
                if now == parts or not _chunks(parts) <= _chunks(now):
                    raise

    def _refuse_strange_rows(self, table: pa.Table, manifest: Mapping[str, Any]) -> None:
        """Refuse rows that the manifest does not explain: of other models, or classes it lacks."""
        models = {model["name"] for model in manifest["models"]}
        questions = {q["name"]: q for q in (*manifest["second_tasks"], manifest["task"])}
        for column, known in (("model", models), ("task", set(questions))):
            for found in pc.unique(table[column]).to_pylist():
                if found not in known:
                    raise UserError(self._strange(f"predictions of {column} {found!r:.80}"))
        for name, question in questions.items():
            rows = table.select(_CLASSES).filter(pc.equal(table["task"], name))
            if _highest_class(rows) >= len(question["class_names"]):
                told = f"answers beyond the {len(question['class_names'])} classes of task {name!r}"
                raise UserError(self._strange(told))

    def _strange(self, what: str) -> str:
        return (
            f"{str(self.path)!r} holds {what}, which its {MANIFEST} does not name: the two are not "
            "of one run; take a copy that is whole"
        )


def _chunks(parts: Sequence[Path]) -> set[int]:
    """The numbers of the chunks that parts hold."""
    return {n for part in parts for n in range(chunks_of(part)[0], chunks_of(part)[1] + 1)}


def _groups(parts: Sequence[Path], rows: int) -> Iterator[Sequence[Path]]:
    """Neighbours that have about `rows` rows together."""
    group: list[Path] = []
    held = 0
    for part in parts:
        group.append(part)
        held += count_rows(part)
        if held >= rows:
            yield group
            group, held = [], 0
    if group:
        yield group


_CLASSES = ["label", "target", "predicted", "clean_predicted", "top"]
"""The columns whose numbers are places in the class names."""


def _highest_class(rows: pa.Table) -> int:
    flat = (pc.list_flatten(c) if pa.types.is_list(c.type) else c for c in rows.columns)
    return max((pc.max(column).as_py() or 0 for column in flat), default=0)


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


def _asked_elsewhere(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """That two chat runs ask the same models at another endpoint, or with other options.

    The models' names are the same then, and their fingerprints are hashes of these.
    """
    rest = [
        (run["identity"] | {"models": [name for name, _ in run["identity"].get("models", ())]})
        for run in (here, wanted)
    ]
    if rest[0] != rest[1]:
        return ""
    settings = [run.get("settings", {}) for run in (here, wanted)]
    told = []
    for key in ("endpoint", "options"):
        old, new = (one.get(key) for one in settings)
        if old != new:
            told.append(f"{key}: {_shown(old, new)}")
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
