"""Drawing a run's pictures again: nothing but the predictions and the photographs is needed."""

import functools
from collections.abc import Mapping
from typing import Any

from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.drawing.canvas import square_canvas
from typoattack.results.folder import RunFolder
from typoattack.results.schema import CLEAN
from typoattack.runner.draw import draw_given, draw_word, pixel_fingerprint
from typoattack.samples import DatasetSpec, Sample, open_dataset
from typoattack.suite import make_attack, split_label

_KEPT_CANVASES = 64


class RunPainter:
    """Draws the canvas-sized picture of a prediction again, as a report's gallery asks for it.

    A picture whose pixels are not those that were classified (another version draws, the
    photographs changed) is not shown: None.

    Args:
        folder: the run.

    Raises:
        UserError: if the photographs cannot be found any more.
    """

    def __init__(self, folder: RunFolder) -> None:
        manifest = folder.manifest()
        identity = manifest["identity"]
        if "dataset" not in identity:
            raise UserError("the answers were given; there are no photographs to draw on")
        self._folder = folder
        self._seed = int(identity["seed"])
        self._side = int(identity["canvas"])
        self._dataset = open_dataset(DatasetSpec(**identity["dataset"]))
        self._index = {self._dataset[i].id: i for i in range(len(self._dataset))}
        self._canvas = functools.lru_cache(maxsize=_KEPT_CANVASES)(self._clean_canvas)

    def __call__(self, row: Mapping[str, Any]) -> Image.Image | None:
        """The picture of one row of the predictions table, or None if it cannot be had."""
        try:
            image = self._draw(row)
        except (UserError, RunFailure, BrokenImage, KeyError, OSError):
            return None
        same = image is not None and pixel_fingerprint(image) == row["pixels"]
        return image if same else None

    def _draw(self, row: Mapping[str, Any]) -> Image.Image | None:
        canvas = self._canvas(row["sample"])
        if row["recipe"] == CLEAN:
            return canvas
        sample, replicate = self._sample(row["sample"]), int(row["replicate"])
        attack = make_attack(*split_label(row["recipe"]), default="random")
        if attack.search is not None:
            return self._folder.kept_picture(row["pixels"])
        if attack.given:
            given = draw_given(sample, canvas, attack.given, replicate)
            return given.image if given else None
        if attack.drawn is None:
            return None
        return draw_word(
            self._seed, sample.id, canvas, attack.drawn, row["word"], replicate, sample.load
        ).image

    def _sample(self, sample_id: str) -> Sample:
        return self._dataset[self._index[sample_id]]

    def _clean_canvas(self, sample_id: str) -> Image.Image:
        return square_canvas(self._sample(sample_id).image, self._side)
