"""Drawing a run's pictures again: nothing but the predictions and the photographs is needed."""

import functools
from collections.abc import Callable, Mapping
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


class Redrawer:
    """Draws the canvas-sized picture of a prediction again.

    Args:
        identity: of the run's manifest.
        kept: gives a picture that a search found, by its fingerprint, where it was kept.

    Raises:
        UserError: if the photographs cannot be found any more.

    Attributes:
        dataset: the run's photographs, as they are now.
    """

    def __init__(
        self, identity: Mapping[str, Any], kept: Callable[[str], Image.Image | None]
    ) -> None:
        if "dataset" not in identity:
            raise UserError("the answers were given; there are no photographs to draw on")
        self._kept = kept
        labels, prints = identity.get("recipes", ()), identity.get("recipe_fingerprints", ())
        self._then = dict(zip(labels, prints, strict=False))
        self._seed = int(identity["seed"])
        self._side = int(identity["canvas"])
        self.dataset = open_dataset(DatasetSpec(**identity["dataset"]))
        self._index = {self.dataset[i].id: i for i in range(len(self.dataset))}
        self._canvas = functools.lru_cache(maxsize=_KEPT_CANVASES)(self._clean_canvas)

    def draw(self, row: Mapping[str, Any]) -> Image.Image | None:
        """The picture of a row of the predictions table; None if nothing draws it again.

        Raises:
            UserError: if a recipe is not known here or cannot draw the word.
            KeyError: if there is no such photograph any more.
            RunFailure, BrokenImage, OSError: if it cannot be read any more.
        """
        canvas = self._canvas(row["sample"])
        if row["recipe"] == CLEAN:
            return canvas
        sample, replicate = self._sample(row["sample"]), int(row["replicate"])
        attack = make_attack(*split_label(row["recipe"]), default="random")
        if attack.search is not None:
            return self._kept(row["pixels"])
        if attack.given:
            given = draw_given(sample, canvas, attack.given, replicate)
            return given.image if given else None
        if attack.drawn is None:
            return None
        return draw_word(
            self._seed, sample.id, canvas, attack.drawn, row["word"], replicate, sample.load
        ).image

    def draws_otherwise(self, label: str) -> bool:
        """Whether an attack of the run is drawn by another version of its recipe here."""
        then = self._then.get(label)
        recipe = make_attack(*split_label(label), default="random").recipe
        return then is not None and recipe.fingerprint != then

    def _sample(self, sample_id: str) -> Sample:
        return self.dataset[self._index[sample_id]]

    def _clean_canvas(self, sample_id: str) -> Image.Image:
        return square_canvas(self._sample(sample_id).image, self._side)


class RunPainter:
    """Draws a run's pictures again, as a report's gallery asks for them.

    A picture whose pixels are not those that were classified (another version draws, the
    photographs changed) is not shown: None.

    Args:
        folder: the run.

    Raises:
        UserError: if the photographs cannot be found any more.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._redrawer = Redrawer(folder.manifest()["identity"], folder.kept_picture)

    def __call__(self, row: Mapping[str, Any]) -> Image.Image | None:
        """The picture of one row of the predictions table, or None if it cannot be had."""
        try:
            image = self._redrawer.draw(row)
        except (UserError, RunFailure, BrokenImage, KeyError, OSError):
            return None
        same = image is not None and pixel_fingerprint(image) == row["pixels"]
        return image if same else None
