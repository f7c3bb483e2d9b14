"""The pictures of a report: which are shown, how small, and what the page knows of each."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from typoattack.core.randomness import digest, stream
from typoattack.results.pictures import Painter, Row, no_pictures
from typoattack.results.schema import CLEAN, KEY

SIDE = 256
"""Side of a gallery picture in pixels."""

BUDGET = 3_000_000
"""Bytes of pictures in a page, as base64; the page's limit of 5 MB leaves the rest to tables."""

MOST_ROWS = 2500
"""Rows in the gallery at most: several models share pictures, but each row has its answers."""

_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the page's script gets.

    Attributes:
        data: JSON-like; see `build_gallery`.
        shown: rows with a picture.
        total: attacked rows of the run.
        leading: photographs that were taken first, before chance chose the others.
    """

    data: dict[str, Any]
    shown: int
    total: int
    leading: int = 0


def picture_id(row: Row) -> str:
    """The name of a row in links to its picture; the same in every report of the run."""
    return digest(*(str(row[name]) for name in KEY))[:10]


def build_gallery(
    predictions: pd.DataFrame,
    class_names: Sequence[str],
    picture: Painter,
    *,
    seed: int = 0,
    budget: int = BUDGET,
    behind: Mapping[str, Any] | None = None,
    leading: Sequence[str] = (),
) -> Gallery:
    """Choose rows, draw them again, and describe them for the page.

    Photographs are taken in random order, each under every recipe with its first word, then
    with its second and so on, until the pictures fill `budget`; so all recipes are shown on the
    same photographs. Those in `leading` come before all others.

    Args:
        predictions: of one task and one or several models, with their clean rows if any.
        class_names: what labels index.
        picture: draws a row again.
        seed: of the choice.
        budget: bytes of pictures, base64 included.
        behind: by a row's `picture_id` what is known of the units behind its answer.
        leading: samples to begin with.
    """
    album = _Album(picture, budget)
    total = int((predictions["family"] != CLEAN).sum())
    samples = _samples(predictions, seed, leading)
    predictions = predictions[predictions["sample"].isin(samples)]
    clean = {
        # A photograph has several clean rows where each word is asked about by itself.
        (row["model"], row["sample"], row["predicted"]): row
        for row in predictions[predictions["family"] == CLEAN].to_dict("records")
    }
    entries: list[dict[str, Any]] = []
    for rows in _in_turn(predictions, samples):
        for row in rows.to_dict("records"):
            before = clean.get((row["model"], row["sample"], row["clean_predicted"]))
            images = album.put(before) if before else None, album.put(row)
            if images[1] is not None and (images[0] is not None or not before):
                entry = _entry(row, before, images)
                if behind and entry["id"] in behind:
                    entry["behind"] = behind[entry["id"]]
                entries.append(entry)
        if album.full or len(entries) >= MOST_ROWS or picture is no_pictures:
            break
    data = {
        "rows": entries,
        "pictures": album.pictures,
        "classes": _names_used(entries, class_names),
    }
    first = {e["sample"] for e in entries}.intersection(leading)
    return Gallery(data, len(entries), total, len(first))


def _samples(predictions: pd.DataFrame, seed: int, leading: Sequence[str]) -> list[str]:
    """As many photographs as there can be rows, those that lead before others at random."""
    attacked = predictions.loc[predictions["family"] != CLEAN, "sample"]
    samples = np.sort(attacked.unique().astype(str))
    chosen = stream("gallery", seed).permutation(samples).tolist()
    return list(dict.fromkeys([*leading, *chosen]))[:MOST_ROWS]


def _in_turn(predictions: pd.DataFrame, samples: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The attacked rows a photograph and replicate at a time, in the order of `samples`, attacks
    before controls."""
    order = {sample: place for place, sample in enumerate(samples)}
    attacked = predictions[predictions["family"] != CLEAN]
    keyed = attacked.assign(turn=attacked["sample"].map(order))
    keyed = keyed.sort_values(["family", "recipe", "model"])
    for _, rows in keyed.groupby(["replicate", "turn"], sort=True):
        yield rows


def _entry(row: Any, before: Any, images: tuple[int | None, ...]) -> dict[str, Any]:
    return {
        "id": picture_id(row),
        "model": row["model"],
        "recipe": row["recipe"],
        "family": row["family"],
        "sample": row["sample"],
        "replicate": int(row["replicate"]),
        "label": int(row["label"]),
        "word": row["word"],
        "written": row["written"],
        "target": int(row["target"]),
        "images": images,
        "before": _top(before) if before else [],
        "after": _top(row),
    }


def _top(row: Any) -> list[tuple[int, float | None]]:
    """(class, probability) of the most probable classes, best first; None where none was given."""
    pairs = zip(row["top"], row["top_prob"], strict=True)
    return [(int(index), None if pd.isna(p) else round(float(p), 4)) for index, p in pairs]


def _names_used(entries: Sequence[dict[str, Any]], class_names: Sequence[str]) -> dict[str, str]:
    used = {e["label"] for e in entries} | {e["target"] for e in entries if e["target"] >= 0}
    used |= {int(index) for e in entries for index, _ in e["before"] + e["after"]}
    return {str(index): class_names[index] for index in sorted(used)}


class _Album:
    """Pictures as data URIs, each once whatever number of rows show it."""

    def __init__(self, picture: Painter, budget: int) -> None:
        self.pictures: list[str] = []
        self._picture = picture
        self._left = budget
        self._places: dict[str, int | None] = {}

    @property
    def full(self) -> bool:
        return self._left <= 0

    def put(self, row: Any) -> int | None:
        """The index of the row's picture in `pictures`; None if there is none or no room."""
        fingerprint = str(row["pixels"])
        if fingerprint not in self._places:
            if self.full:
                return None
            self._places[fingerprint] = self._add(row)
        return self._places[fingerprint]

    def _add(self, row: Row) -> int | None:
        image = self._picture(row)
        if image is None:
            return None
        uri = data_uri(image)
        self._left -= len(uri)
        self.pictures.append(uri)
        return len(self.pictures) - 1


def data_uri(image: Image.Image, side: int = SIDE) -> str:
    """A picture scaled to at most `side` pixels, as the value of an `img` element's `src`."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
