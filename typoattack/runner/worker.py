"""Drawing samples in worker processes: decode once, draw every recipe, preprocess for models."""

import dataclasses
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from typoattack.core.errors import RunFailure, UserError
from typoattack.models.base import Preprocess
from typoattack.models.pixels import drawn_input
from typoattack.runner.draw import Drawn, Generator, draw_sample, pixel_fingerprint
from typoattack.samples.base import Dataset


@dataclass(frozen=True, slots=True)
class Picture:
    """What was drawn, without its pixels: all that the predictions tell of it.

    Attributes:
        drawn: None for the clean picture.
        pixels: fingerprint of the canvas-sized picture.
    """

    drawn: Drawn | None
    pixels: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One sample, drawn and preprocessed.

    Attributes:
        index: its position in the data set.
        sample: its id.
        label: its class.
        broken: why it cannot be used; empty if it can.
        failure: what ends the run, such as a word that a font lacks.
        pictures: the clean one first.
        inputs: one tensor (n_pictures, 3, s, s) for each distinct preprocessing, as
            `models.pixels.drawn_input` leaves it.
        canvas: the clean canvas, where searches will draw on it.
        has_clean: see `Sample`.
    """

    index: int
    sample: str
    label: int
    broken: str = ""
    failure: UserError | RunFailure | None = None
    pictures: tuple[Picture, ...] = ()
    inputs: tuple[torch.Tensor, ...] = ()
    canvas: Image.Image | None = None
    has_clean: bool = True


class Worker:
    """Draws samples; pickles, and is what other processes run.

    Args:
        dataset: the photographs.
        generator: draws the suite.
        preprocesses: distinct preprocessings of the models.
    """

    def __init__(
        self, dataset: Dataset, generator: Generator, preprocesses: Sequence[Preprocess]
    ) -> None:
        self._dataset = dataset
        self._generator = generator
        self._preprocesses = preprocesses
        self._searches = any(attack.search is not None for attack in generator.suite.attacks)

    def draw(self, index: int) -> Drawing:
        """The sample at `index` of the data set, drawn; what is wrong with it is said in it."""
        sample = self._dataset[index]
        try:
            made = draw_sample(self._generator, sample)
        except (UserError, RunFailure) as error:
            return Drawing(index, sample.id, sample.label, failure=error)
        if made.canvas is None:
            return Drawing(index, sample.id, sample.label, broken=made.broken)
        images = [made.canvas, *(d.attacked.image for d in made.drawn)]
        noted = zip([None, *map(_without_pixels, made.drawn)], images, strict=True)
        return Drawing(
            index,
            sample.id,
            sample.label,
            pictures=tuple(Picture(drawn, pixel_fingerprint(image)) for drawn, image in noted),
            inputs=tuple(
                torch.stack([drawn_input(f, image) for image in images]) for f in self._preprocesses
            ),
            canvas=made.canvas if self._searches else None,
            has_clean=sample.has_clean,
        )


_NO_PIXELS = Image.new("RGB", (1, 1))


def _without_pixels(drawn: Drawn) -> Drawn:
    """The same, light enough to cross between processes."""
    light = dataclasses.replace(drawn.attacked, image=_NO_PIXELS)
    return dataclasses.replace(drawn, attacked=light)


class _Draws(TorchDataset[Drawing]):
    """The chosen samples of a worker, as a loader takes them."""

    def __init__(self, worker: Worker, indices: Sequence[int]) -> None:
        self._worker = worker
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> Drawing:
        return self._worker.draw(self._indices[position])


def draw_samples(
    dataset: Dataset,
    indices: Sequence[int],
    generator: Generator,
    preprocesses: Sequence[Preprocess],
    *,
    workers: int,
) -> Iterator[Drawing]:
    """The chosen samples, drawn, in the order of `indices`.

    Args:
        dataset: the photographs.
        indices: positions in `dataset`.
        generator: draws the suite.
        preprocesses: distinct preprocessings of the models.
        workers: processes that draw; 0 draws in this one.

    Raises:
        UserError: if a recipe cannot draw its word.
        RunFailure: if a worker process dies, or a photograph cannot be read any more.
    """
    warnings.filterwarnings("ignore", "This DataLoader will create")  # the user chose the number
    loader = DataLoader(
        _Draws(Worker(dataset, generator, preprocesses), indices),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    try:
        for drawing in loader:
            if drawing.failure is not None:
                raise drawing.failure
            yield drawing
    except RuntimeError as error:
        if "worker" not in str(error):
            raise
        raise RunFailure(
            f"a drawing process died ({str(error).splitlines()[0]}); what is finished is kept: "
            "run the same command again, with --workers 0 if it happens again"
        ) from error
