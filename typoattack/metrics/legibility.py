"""Can the written word be read at all? Text recognition reads back every attacked picture.

An attack that a person cannot read is a different finding from one that they can. The reader is
`rapidocr` (extra `ocr`), whose package carries its PP-OCR models, so nothing is downloaded.

    with Reader(default_cache_dir() / "readings.sqlite") as reader:
        table = read_back(predictions, picture, reader)
    summarise(with_legibility(predictions, table))
"""

import contextlib
import functools
import io
import json
import math
import sqlite3
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.results.pictures import Painter
from typoattack.results.schema import CLEAN

LEGIBILITY = "legibility.parquet"
"""The table's file in a run's folder."""

COLUMNS = ["pixels", "readable", "text", "score"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text found in a picture.

    Attributes:
        text: as recognised.
        score: the recogniser's confidence, 0 to 1.
    """

    text: str
    score: float


class Reader:
    """Reads text off pictures, each picture once.

    Args:
        cache: a file that keeps what was read by the fingerprint of a picture's pixels, so that
            it is paid once for all models and runs; None keeps nothing. A file that cannot be
            used is done without.

    Raises:
        UserError: if the extra `ocr` is not installed.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._engine, version = _engine()
        self._version = f"{version}, both ways up"
        self._store = _Store(cache)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.close()

    def read(self, fingerprint: str, paint: Callable[[], Image.Image | None]) -> list[Line] | None:
        """The lines on a picture from top to bottom; None if it cannot be drawn.

        Args:
            fingerprint: of the picture's pixels, as in the predictions.
            paint: draws it; called only if it was not read before.
        """
        known = self._store.get(fingerprint, self._version)
        if known is not None:
            return known
        image = paint()
        if image is None:
            return None
        lines = self._recognise(image)
        self._store.put(fingerprint, self._version, lines)
        return lines

    def _recognise(self, image: Image.Image) -> list[Line]:
        blue_first = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        lines = []
        # Its guess which way up a line stands helps turned text and harms such words as `dogs`,
        # which it reads as `sbop`; a person would try both.
        for guess in (False, True):
            found: Any = self._engine(blue_first, use_cls=guess)
            pairs = zip(found.txts or (), found.scores or (), strict=True)
            lines += [Line(str(text), float(score)) for text, score in pairs]
        return list(dict.fromkeys(lines))


@functools.cache
def _engine() -> tuple[Any, str]:
    """The recogniser, loaded once a process, and its version."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise UserError(
            "legibility needs text recognition; install it with pip install 'typoattack[ocr]'"
        ) from None
    engine = RapidOCR(params={"Global.log_level": "critical"})
    return engine, f"rapidocr {metadata.version('rapidocr')}"


class _Store:
    """What was read, in an SQLite file, which survives a kill and two runs at once."""

    def __init__(self, path: Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS readings (pixels TEXT, reader TEXT, lines TEXT, "
                "PRIMARY KEY (pixels, reader)) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error):
            self.close()

    def get(self, pixels: str, reader: str) -> list[Line] | None:
        if self._db is None:
            return None
        query = "SELECT lines FROM readings WHERE pixels = ? AND reader = ?"
        try:
            row = self._db.execute(query, (pixels, reader)).fetchone()
            return [Line(str(t), float(s)) for t, s in json.loads(row[0])] if row else None
        except (sqlite3.Error, ValueError, TypeError):
            return None

    def put(self, pixels: str, reader: str, lines: Sequence[Line]) -> None:
        if self._db is None:
            return
        text = json.dumps([[line.text, line.score] for line in lines], ensure_ascii=False)
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("REPLACE INTO readings VALUES (?, ?, ?)", (pixels, reader, text))

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None


def match(written: str, lines: Sequence[Line]) -> float | None:
    """How surely `written` was read among `lines`; None if it was not.

    The word must appear as one or several neighbouring words of what was read, spaces and case
    aside, with at most one letter wrong, missing or too many; words of up to three letters must
    be right, since one letter makes another word of them (`cat`, `cap`).

    Returns:
        The least confidence among the lines it was read on, 0 to 1; of several places the best.
    """
    wanted = _plain(written)
    if not wanted:
        return None
    words = [(_plain(word), line.score) for line in lines for word in line.text.split()]
    longest = len(written.split()) + 1
    best: float | None = None
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            run = words[start:end]
            if _alike("".join(text for text, _ in run), wanted):
                best = max(best or 0.0, min(score for _, score in run))
    return best


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum()) or "".join(folded.split())


def _alike(read: str, wanted: str) -> bool:
    return read == wanted or (len(wanted) > 3 and within_one_edit(read, wanted))


def within_one_edit(a: str, b: str) -> bool:
    """Whether one letter inserted, left out or replaced, or none, makes `a` into `b`."""
    shorter, longer = sorted((a, b), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    start = 0
    while start < len(shorter) and shorter[start] == longer[start]:
        start += 1
    rest = len(longer) - start - 1
    return rest <= 0 or shorter[len(shorter) - rest :] == longer[start + 1 :]


def read_back(
    predictions: pd.DataFrame,
    picture: Painter,
    reader: Reader,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Read every attacked picture that bears text, once whatever number of models saw it.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`.
        picture: draws a row's picture again.
        reader: reads it.
        progress: called with (pictures done, pictures in all).

    Returns:
        One row a picture: `pixels` (its fingerprint), `readable`, `text` (all that was read,
        lines joined by ` / `) and `score` (see `match`; NaN where the word was not read).
        Pictures that cannot be drawn again are left out.
    """
    bearing = predictions[(predictions["family"] != CLEAN) & (predictions["written"] != "")]
    once = bearing.drop_duplicates("pixels")
    table = []
    for done, row in enumerate(once.to_dict("records"), start=1):
        lines = reader.read(str(row["pixels"]), lambda row=row: picture(row))  # type: ignore[misc]
        if lines is not None:
            score = match(str(row["written"]), lines)
            text = " / ".join(line.text for line in lines)
            table.append((row["pixels"], score is not None, text, _number(score)))
        if progress is not None:
            progress(done, len(once))
    made: pd.DataFrame = pd.DataFrame(table, columns=COLUMNS).astype(
        {"readable": bool, "score": float}
    )
    return made


def _number(score: float | None) -> float:
    return math.nan if score is None else score


def with_legibility(predictions: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """`predictions` with a column `readable`: True, False, or None where it was not measured."""
    known: dict[str, Any] = dict(zip(table["pixels"], table["readable"].astype(bool), strict=True))
    bearing = (predictions["family"] != CLEAN) & (predictions["written"] != "")
    readable = predictions["pixels"].map(known).astype("boolean").where(bearing)
    joined: pd.DataFrame = predictions.assign(readable=readable)
    return joined


def write_legibility(folder: Path, table: pd.DataFrame) -> Path:
    """Keep the table in a run's folder, whole or not at all."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    write_whole(folder / LEGIBILITY, buffer.getvalue())
    return folder / LEGIBILITY


def read_legibility(folder: Path) -> pd.DataFrame | None:
    """The table of a run's folder; None if legibility was not measured.

    Raises:
        UserError: if the file is damaged.
    """
    path = folder / LEGIBILITY
    if not path.is_file():
        return None
    try:
        table: pd.DataFrame = pd.read_parquet(path, columns=COLUMNS)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{str(path)!r} is damaged ({error}); delete it and measure again"
        ) from None
    return table
