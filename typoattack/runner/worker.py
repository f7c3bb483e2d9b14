"""Drawing samples in worker processes: decode, draw every recipe part by part, preprocess."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from typoattack.core.errors import RunFailure, UserError
from typoattack.models.base import Preprocess
from typoattack.models.pixels import drawn_input
from typoattack.runner.draw import Drawn, Generator, OpenedSample, open_sample, pixel_fingerprint
from typoattack.samples.base import Dataset, Sample


@dataclass(frozen=True, slots=True)
class Picture:
    """What was drawn, without its pixels: all that the predictions tell of it.

    Attributes:
        drawn: None for the clean picture.
        pixels: fingerprint of the canvas-sized picture.
        as_published: whether it is the clean photograph itself, without a canvas.
    """

    drawn: Drawn | None
    pixels: str
    as_published: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A part of one sample, drawn and preprocessed.

    Attributes:
        index: its position in the data set.
        sample: its id.
        label: its class.
        broken: why it cannot be used; empty if it can.
        failure: what ends the run, such as a word that a font lacks.
        last: whether no part of the sample comes behind it.
        pictures: of the sample's first part, the clean one first.
        inputs: one tensor (n_pictures, 3, s, s) for each distinct preprocessing, as
            `models.pixels.drawn_input` leaves it.
        canvas: the clean canvas, in the last part and where searches will draw on it.
        has_clean: see `Sample`.
    """

    index: int
    sample: str
    label: int
    last: bool = True
    broken: str = ""
    failure: UserError | RunFailure | None = None
    pictures: tuple[Picture, ...] = ()
    inputs: tuple[torch.Tensor, ...] = ()
    canvas: Image.Image | None = None
    has_clean: bool = True


class Worker:
    """Draws samples part by part; pickles, and is what other processes run.

    Args:
        dataset: the photographs.
        generator: draws the suite.
        preprocesses: distinct preprocessings of the models.
        pictures: how many a part holds at most, so that memory does not grow with the recipes.
    """

    def __init__(
        self,
        dataset: Dataset,
        generator: Generator,
        preprocesses: Sequence[Preprocess],
        pictures: int,
    ) -> None:
        self._dataset = dataset
        self._generator = generator
        self._preprocesses = preprocesses
        self._pictures = pictures
        self._opened: tuple[int, OpenedSample] | None = None
        suite = generator.suite
        most = 1 + len(suite.attacks) * suite.replicates
        self.parts = -(-most // pictures)
        """How many parts a sample has at most; the last ones may be empty."""

    def draw(self, index: int, part: int) -> Drawing:
        """A part of the sample at `index` of the data set; what is wrong with it is said in it."""
        sample = self._dataset[index]
        drawing = Drawing(index, sample.id, sample.label, last=part + 1 == self.parts)
        try:
            opened = self._open(index, sample)
            if opened.canvas is None:
                return replace(drawing, broken=opened.broken)
            return self._drawn(drawing, opened, part)
        except (UserError, RunFailure) as error:
            return replace(drawing, failure=error)

    def _open(self, index: int, sample: Sample) -> OpenedSample:
        """The sample, decoded once for all its parts that this process draws one after another."""
        if self._opened is None or self._opened[0] != index:
            self._opened = index, open_sample(self._generator, sample)
        return self._opened[1]

    def _drawn(self, drawing: Drawing, opened: OpenedSample, part: int) -> Drawing:
        """The pictures of a part, the first of which begins with the clean one."""
        assert opened.canvas is not None
        begin, end = part * self._pictures - 1, (part + 1) * self._pictures - 1
        wanted = opened.wanted[max(begin, 0) : end]
        pictures, inputs = [], []
        if part == 0:
            pictures.append(Picture(None, pixel_fingerprint(opened.canvas)))
            inputs.append(self._inputs(opened.canvas))
            if self._generator.suite.clean_as_published and opened.sample.has_clean:
                whole = opened.sample.image
                pictures.append(Picture(None, pixel_fingerprint(whole), as_published=True))
                inputs.append(self._whole_inputs(whole, inputs[0]))
        for made in self._generator.draw_each(opened.sample, opened.canvas, wanted):
            image = made.attacked.image
            pictures.append(Picture(_without_pixels(made), pixel_fingerprint(image)))
            inputs.append(self._inputs(image))
        return replace(
            drawing,
            pictures=tuple(pictures),
            inputs=tuple(torch.stack(rows) for rows in zip(*inputs, strict=True)),
            canvas=opened.canvas if drawing.last and self._searches else None,
            has_clean=opened.sample.has_clean,
        )

    def _inputs(self, image: Image.Image) -> list[torch.Tensor]:
        return [drawn_input(preprocess, image) for preprocess in self._preprocesses]

    def _whole_inputs(
        self, photograph: Image.Image, of_canvas: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        """The inputs of a photograph without a canvas; refused where a model needs a square."""
        made = self._inputs(photograph)
        for one, square in zip(made, of_canvas, strict=True):
            if one.shape != square.shape:
                raise UserError(
                    f"clean_as_published: a model's preprocessing makes {tuple(one.shape)} of a "
                    f"photograph of {photograph.size} and {tuple(square.shape)} of a square; "
                    "leave that key out"
                )
        return made

    @property
    def _searches(self) -> bool:
        return any(attack.search is not None for attack in self._generator.suite.attacks)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": None}  # a decoded photograph stays where it is


_NO_PIXELS = Image.new("RGB", (1, 1))


def _without_pixels(drawn: Drawn) -> Drawn:
    """The same, light enough to cross between processes."""
    return replace(drawn, attacked=replace(drawn.attacked, image=_NO_PIXELS))


class _Parts(TorchDataset[Drawing]):
    """The parts of the chosen samples, as a loader takes them: all of one, then of the next."""

    def __init__(self, worker: Worker, indices: Sequence[int]) -> None:
        self._worker = worker
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices) * self._worker.parts

    def __getitem__(self, position: int) -> Drawing:
        sample, part = divmod(position, self._worker.parts)
        return self._worker.draw(self._indices[sample], part)


def draw_samples(worker: Worker, indices: Sequence[int], *, processes: int) -> Iterator[Drawing]:
    """The parts of the chosen samples, drawn, in the order of `indices`.

    Args:
        worker: draws them.
        indices: positions in its data set.
        processes: how many draw; 0 draws in this one.

    Raises:
        UserError: if a recipe cannot draw its word.
        RunFailure: if a worker process dies, or a photograph cannot be read any more.
    """
    warnings.filterwarnings("ignore", "This DataLoader will create")  # the user chose the number
    loader = DataLoader(
        _Parts(worker, indices),
        batch_size=None,
        num_workers=processes,
        prefetch_factor=4 if processes else None,
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
