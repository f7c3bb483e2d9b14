"""A walk through an image–text set: what is written in each picture, and does its caption say it?

Rows are kept in parts as they come, each written whole, so that a walk that was stopped goes on.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.files import make_folder, write_whole
from typoattack.core.progress import Progress, silent
from typoattack.core.version import __version__
from typoattack.defences.mask_text import TextRegion, detector_version, fill_in, find_text
from typoattack.drawing.canvas import CANVAS, square_canvas
from typoattack.metrics.audit import overlap
from typoattack.models.base import Model
from typoattack.models.pixels import drawn_input
from typoattack.models.text_cache import Features
from typoattack.report.explain import elsewhere
from typoattack.runner.classify import embed_drawn
from typoattack.samples.base import Dataset
from typoattack.samples.captions import Captioned
from typoattack.samples.choose import first, spread

MANIFEST, PARTS = "audit.json", "rows"

_AT_ONCE = 128
"""Pictures a part: a minute or two of work."""

_LEAST = 2

COLUMNS = (
    *("sample", "label", "broken", "lines", "area", "found", "repeated", "rate", "loose_rate"),
    *("similarity", "similarity_masked", "similarity_elsewhere"),
)


@dataclass(frozen=True, slots=True)
class Looking:
    """How a set is looked through.

    Attributes:
        limit: only so many pictures, spread over the classes; 0 for all.
        first: only the first so many; 0 for all.
        seed: of the choice.
        workers: processes that look; 0 looks in this one.
        device: where the model is.
    """

    limit: int = 0
    first: int = 0
    seed: int = 0
    workers: int = 0
    device: str = "cpu"


def captions_of(data: Dataset, index: int) -> tuple[str, ...]:
    """The captions at a position of a data set; the class's name where it has none."""
    if isinstance(data, Captioned):
        return data.captions[index]
    return (data.task.class_names[data[index].label],)


def chosen(data: Dataset, how: Looking) -> Sequence[int]:
    """Places of the pictures that are looked at, in order.

    Raises:
        UserError: for a limit and a first at once.
    """
    if how.first and how.limit:
        raise UserError("give --limit (spread over the classes) or --first, not both")
    return first(data, how.first) if how.first else spread(data, how.limit, how.seed)


def look_through(
    data: Dataset,
    indices: Sequence[int],
    how: Looking,
    model: Model | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """A row a picture, of `COLUMNS`; a broken one has why in `broken`, and no figures.

    With several captions the rates are their means. With a model: the cosine of picture and first
    caption as it is, with its text filled in, and with as much filled in elsewhere.

    Args:
        data: pictures with captions or classes.
        indices: places of those looked at, of `chosen`.
        how: how these were chosen, and by how many processes they are looked at.
        model: asked how alike picture and caption are; nobody if None.
        folder: keeps the rows, and has those of an earlier walk; nowhere if None.
        progress: told how far it is.

    Raises:
        UserError: if `folder` holds another audit, or the extra `ocr` is not installed.
    """
    detector_version()
    if folder is not None:
        _begin(folder, _identity(data, how, model, len(indices)))
    done: list[pd.DataFrame] = []
    for number, start in enumerate(range(0, len(indices), _AT_ONCE)):
        some = indices[start : start + _AT_ONCE]
        kept = None if folder is None else folder / PARTS / f"part-{number:06d}.json"
        if kept is not None and kept.is_file():
            done.append(_read(kept))
        else:
            done.append(_look(data, some, how, model, (progress, start, len(indices))))
            if kept is not None:
                write_whole(kept, _part(done[-1]))
        progress("pictures", start + len(some), len(indices))
    whole: pd.DataFrame = pd.concat(done, ignore_index=True)
    return whole


def _identity(data: Dataset, how: Looking, model: Model | None, planned: int) -> dict[str, Any]:
    return {
        "dataset": data.name,
        "fingerprint": data.fingerprint,
        "licence": data.licence,
        "pictures": planned,
        "limit": how.limit,
        "first": how.first,
        "seed": how.seed,
        "model": model.name if model else "",
        "model_fingerprint": model.fingerprint if model else "",
        "canvas": CANVAS,
        "detector": f"rapidocr {detector_version()}",
        "typoattack": __version__,
    }


def _begin(folder: Path, identity: dict[str, Any]) -> None:
    """Begin an audit in a folder, or go on with the one that stands there."""
    manifest = folder / MANIFEST
    if manifest.is_file():
        try:
            before = json.loads(manifest.read_text("utf-8"))
        except (OSError, ValueError):
            before = {}
        different = [key for key, value in identity.items() if before.get(key) != value]
        if different:
            raise UserError(
                f"{str(folder)!r} holds another audit ({', '.join(different)} differ); choose "
                "another folder with --out, or delete this one"
            )
    make_folder(folder / PARTS)
    write_whole(manifest, (json.dumps(identity, indent=2) + "\n").encode())


def _part(table: pd.DataFrame) -> bytes:
    """Rows as JSON that has every digit; `DataFrame.to_json` keeps ten."""
    return json.dumps(table.to_dict("records")).encode()


def _read(part: Path) -> pd.DataFrame:
    try:
        return _table(json.loads(part.read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{str(part)!r} is damaged ({error}); delete it and run again") from None


_NUMBERS = dict.fromkeys(COLUMNS[-3:], "float64")


def _look(
    data: Dataset,
    indices: Sequence[int],
    how: Looking,
    model: Model | None,
    told: tuple[Progress, int, int],
) -> pd.DataFrame:
    progress, before, total = told
    looked = _Looked(data, indices, model.preprocess if model else None)
    loader: Any = (looked[n] for n in range(len(looked)))
    if how.workers:
        loader = DataLoader(looked, batch_size=None, num_workers=how.workers)
    rows = []
    for number, (row, inputs) in enumerate(loader, start=1):
        if model is not None and inputs is not None:
            row |= _similarities(model, row["caption"], inputs, how.device)
        rows.append(row)
        progress("pictures", before + number, total)
    return _table(rows)


def _table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(_NUMBERS)
    return table


def _similarities(
    model: Model, caption: str, inputs: torch.Tensor, device: str
) -> dict[str, float]:
    text: Features = model.encode_text([caption]).numpy()[0]
    cosines = embed_drawn(model, inputs, len(inputs), device) @ text
    return dict(zip(COLUMNS[-3:], map(float, cosines), strict=False))


class _Looked(TorchDataset[tuple[dict[str, Any], torch.Tensor | None]]):
    """Pictures looked at; the inputs are the picture, the filled-in one and, if there is a place,
    the one filled in elsewhere."""

    def __init__(self, data: Dataset, indices: Sequence[int], preprocess: Any) -> None:
        self._data, self._indices, self._preprocess = data, indices, preprocess

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> tuple[dict[str, Any], torch.Tensor | None]:
        index = self._indices[position]
        sample, captions = self._data[index], captions_of(self._data, index)
        empty = {"sample": sample.id, "label": sample.label, "caption": captions[0]}
        try:
            canvas = square_canvas(sample.image, CANVAS)
        except BrokenImage as error:
            return empty | {"broken": str(error) or "cannot be decoded"}, None
        regions = readable(find_text(canvas, recognise=True))
        found = [region.text for region in regions]
        each = [overlap(caption, found) for caption in captions]
        row = empty | {
            "broken": "",
            "lines": len(found),
            "area": covered(regions, canvas.size),
            "found": " / ".join(found),
            "repeated": " ".join(sorted({word for one in each for word in one.repeated})),
            "rate": float(np.mean([one.rate for one in each])),
            "loose_rate": float(np.mean([one.loose_rate for one in each])),
        }
        return row, self._inputs(canvas, regions)

    def _inputs(self, canvas: Image.Image, regions: Sequence[TextRegion]) -> torch.Tensor | None:
        if self._preprocess is None:
            return None
        boxes = [region.corners for region in regions]
        other = elsewhere(canvas, boxes)
        pictures = [canvas, fill_in(canvas, boxes), *([other] if other is not None else [])]
        return torch.stack([drawn_input(self._preprocess, picture) for picture in pictures])


def readable(regions: Sequence[TextRegion]) -> list[TextRegion]:
    """The regions of which two letters or digits were read; the detector errs on textures."""
    return [one for one in regions if sum(map(str.isalnum, one.text)) >= _LEAST]


def covered(regions: Sequence[TextRegion], size: tuple[int, int]) -> float:
    """The share of a picture that regions of text cover together; `size` is (width, height)."""
    import cv2

    mask = np.zeros((size[1], size[0]), np.uint8)
    for region in regions:
        cv2.fillPoly(mask, [np.rint(region.corners).astype(np.int32)], 1)
    return float(mask.mean())


def repeating(
    data: Dataset, indices: Sequence[int], rows: pd.DataFrame, most: int
) -> Iterator[tuple[Any, Image.Image]]:
    """The rows whose captions repeat most, and their pictures with the text outlined.

    Args:
        data: what was looked through.
        indices: at which places.
        rows: all of `look_through`.
        most: how many.
    """
    import cv2

    placed = rows.assign(place=list(indices))
    order = placed[placed["rate"] > 0].sort_values(["rate", "sample"], ascending=[False, True])
    for row in order.head(most).to_dict("records"):
        place = int(row["place"])
        canvas = square_canvas(data[place].image, CANVAS)
        pixels = np.asarray(canvas).copy()
        found = readable(find_text(canvas, recognise=True))
        corners = [np.rint(region.corners).astype(np.int32) for region in found]
        cv2.polylines(pixels, corners, True, (213, 94, 0), 3)
        yield row | {"caption": captions_of(data, place)[0]}, Image.fromarray(pixels)
