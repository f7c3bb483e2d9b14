"""Finding the text in a picture and painting it over before the model looks."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.defences.base import Defence, defence
from typoattack.models.base import Preprocess
from typoattack.models.wrappers import Wrapped

if TYPE_CHECKING:
    from typoattack.models.base import Model

_SIDE = 448
"""The detector's shorter side; its default, 736, takes three times as long and errs more often."""

_LACKING = "finding text needs rapidocr and onnxruntime; pip install 'typoattack[ocr]'"

_RADIUS = 3
"""Pixels around a point that the filling looks at."""


@defence("mask-text", source="new here")
class MaskText(Defence):
    """Fills in what the text detector of `rapidocr` finds, clean pictures' text included.

    The regions are grown and inpainted from their surroundings (Telea 2004, in OpenCV). It runs
    where pictures are drawn, so `--workers` spreads it over the cores.

    Attributes:
        threshold: how sure the detector must be of a region, 0 to 1. On twelve of the bundled
            photographs each, 0.6 still finds every note and label; 0.7 finds less that is no
            text in clean pictures, and misses a sixth of the handwritten notes.
        grow: how far a region is grown, as a share of its height.
    """

    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.6
    grow: Annotated[float, Field(ge=0, le=2)] = 0.3

    def wrap(self, model: "Model") -> "Model":
        """Wraps `preprocess`; fits every model. Needs the extra `ocr`."""
        _detector()
        return _Masked(model, self, digest(model.fingerprint, str(self), detector_version()))


@dataclass(frozen=True)
class _MaskThen:
    """Masks a canvas, then preprocesses it; the detector is opened in the process that calls."""

    threshold: float
    grow: float
    then: Preprocess

    def __call__(self, canvas: Image.Image) -> torch.Tensor:
        return self.then(mask_text(canvas, self.threshold, self.grow))


class _Masked(Wrapped):
    @property
    def preprocess(self) -> Preprocess:
        """Masks the canvas, then the inner model's."""
        assert isinstance(self.part, MaskText)
        return _MaskThen(self.part.threshold, self.part.grow, self.inner.preprocess)


Corners = NDArray[np.float32]
"""(4, 2): the corners of a region, in pixels, clockwise from its top left."""


@dataclass(frozen=True, slots=True)
class TextRegion:
    """A line of text found in a picture.

    Attributes:
        corners: where it stands.
        text: as recognised; empty where nobody asked.
    """

    corners: Corners
    text: str = ""


def find_text(
    canvas: Image.Image, threshold: float = 0.6, *, recognise: bool = False
) -> list[TextRegion]:
    """The lines of text in an RGB picture, from top to bottom.

    Args:
        canvas: the picture.
        threshold: how sure the detector must be of a region, 0 to 1.
        recognise: whether they are read, too.

    Raises:
        UserError: if `rapidocr` is not installed.
    """
    found = _detector()(
        np.asarray(canvas),
        use_det=True,
        use_cls=False,
        use_rec=recognise,
        box_thresh=threshold,
        text_score=0.0,
    )
    if found.boxes is None:
        return []
    texts = found.txts if recognise else [""] * len(found.boxes)
    boxes = np.asarray(found.boxes, dtype=np.float32)
    return [TextRegion(box, str(text)) for box, text in zip(boxes, texts, strict=True)]


def fill_in(canvas: Image.Image, regions: Sequence[Corners], grow: float = 0.3) -> Image.Image:
    """An RGB picture with regions filled from their surroundings; the same if there are none.

    Args:
        canvas: the picture.
        regions: their corners.
        grow: how far each is grown, as a share of its height.
    """
    import cv2

    if not len(regions):
        return canvas
    pixels = np.asarray(canvas)
    mask = np.zeros(pixels.shape[:2], dtype=np.uint8)
    for box in regions:
        centre = box.mean(axis=0)
        height = min(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[0] - box[1]))
        away = box - centre
        reach = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1.0)
        corners = box + away / reach * (grow * height)
        cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
    return Image.fromarray(cv2.inpaint(pixels, mask, _RADIUS, cv2.INPAINT_TELEA))


def mask_text(canvas: Image.Image, threshold: float = 0.6, grow: float = 0.3) -> Image.Image:
    """An RGB picture with the text in it filled from its surroundings; the same if none is found.

    Raises:
        UserError: if `rapidocr` is not installed.
    """
    return fill_in(canvas, [found.corners for found in find_text(canvas, threshold)], grow)


@functools.cache
def _detector() -> Any:
    """One detector a process, on one thread, since the drawing processes fill the cores."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise UserError(_LACKING) from None
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Det.limit_side_len": _SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def detector_version() -> str:
    """The version of what finds text; it is not opened.

    Raises:
        UserError: if it is not installed.
    """
    try:
        return version("rapidocr")
    except PackageNotFoundError:
        raise UserError(_LACKING) from None
