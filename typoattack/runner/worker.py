"""Drawing samples in worker processes: decode, draw every recipe part by part, preprocess."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch.multiprocessing import SimpleQueue
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from typoattack.core.errors import RunFailure, UserError
from typoattack.drawing.geometry import Box
from typoattack.models.base import Preprocess
from typoattack.models.pixels import drawn_input
from typoattack.recipes import Attacked
from typoattack.recipes.base import NOWHERE
from typoattack.runner.draw import (
    Drawn,
    Generator,
    OpenedSample,
    open_sample,
    pixel_fingerprint,
)
from typoattack.runner.on_canvas import OnCanvas
from typoattack.samples.base import Dataset, Sample
from typoattack.samples.likeness import likeness


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
        has_clean: see `Sample`.
        likeness: the hash of what the canvas looks like, in the first part.
    """

    index: int
    sample: str
    label: int
    last: bool = True
    broken: str = ""
    failure: UserError | RunFailure | None = None
    pictures: tuple[Picture, ...] = ()
    inputs: tuple[torch.Tensor, ...] = ()
    has_clean: bool = True
    likeness: str = ""


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
        self.pictures = pictures
        self._opened: tuple[int, OpenedSample, OnCanvas | None] | None = None
        suite = generator.suite
        self.attacks = suite.attacks
        self.most = 1 + suite.clean_as_published + len(suite.attacks) * suite.replicates
        """How many pictures a sample has at most."""
        self.parts = -(-self.most // pictures)
        """How many parts a sample has at most; the last ones may be empty."""

    def kinds(self) -> list[torch.Tensor]:
        """An input of each preprocessing, of an empty canvas: their sizes and types."""
        side = self._generator.suite.canvas
        empty = Image.new("RGB", (side, side))
        return [drawn_input(preprocess, empty) for preprocess in self._preprocesses]

    def draw(self, index: int, part: int) -> Drawing:
        """A part of the sample at `index` of the data set; what is wrong with it is said in it."""
        sample = self._dataset[index]
        drawing = Drawing(index, sample.id, sample.label, last=part + 1 == self.parts)
        try:
            opened, on_canvas = self._open(index, sample)
            if on_canvas is None:
                return replace(drawing, broken=opened.broken)
            return self._drawn(drawing, opened, on_canvas, part)
        except (UserError, RunFailure) as error:
            return replace(drawing, failure=error)

    def _open(self, index: int, sample: Sample) -> tuple[OpenedSample, OnCanvas | None]:
        """The sample, decoded once for all its parts that this process draws one after another."""
        if self._opened is None or self._opened[0] != index:
            opened = open_sample(self._generator, sample)
            canvas = opened.canvas
            on_canvas = None if canvas is None else OnCanvas(canvas, self._preprocesses)
            self._opened = index, opened, on_canvas
        return self._opened[1:]

    def _drawn(
        self, drawing: Drawing, opened: OpenedSample, on_canvas: OnCanvas, part: int
    ) -> Drawing:
        """The pictures of a part, the first of which begins with the clean one."""
        assert opened.canvas is not None
        begin, end = part * self.pictures - 1, (part + 1) * self.pictures - 1
        wanted = opened.wanted[max(begin, 0) : end]
        pictures, inputs = [], []
        if part == 0:
            fingerprint, rows = on_canvas.told(opened.canvas)
            pictures.append(Picture(None, fingerprint))
            inputs.append(rows)
            if self._generator.suite.clean_as_published and opened.sample.has_clean:
                whole = opened.sample.image
                pictures.append(Picture(None, pixel_fingerprint(whole), as_published=True))
                inputs.append(self._whole_inputs(whole, rows))
        for made in self._generator.draw_each(opened.sample, opened.canvas, wanted):
            fingerprint, rows = on_canvas.told(made.attacked.image)
            pictures.append(Picture(without_pixels(made), fingerprint))
            inputs.append(rows)
        return replace(
            drawing,
            pictures=tuple(pictures),
            inputs=tuple(torch.stack(rows) for rows in zip(*inputs, strict=True)),
            has_clean=opened.sample.has_clean,
            likeness=likeness(opened.canvas) if part == 0 else "",
        )

    def _whole_inputs(
        self, photograph: Image.Image, of_canvas: list[torch.Tensor]
    ) -> list[torch.Tensor]:
        """The inputs of a photograph without a canvas; refused where a model needs a square."""
        made = [drawn_input(preprocess, photograph) for preprocess in self._preprocesses]
        for one, square in zip(made, of_canvas, strict=True):
            if one.shape != square.shape:
                raise UserError(
                    f"clean_as_published: a model's preprocessing makes {tuple(one.shape)} of a "
                    f"photograph of {photograph.size} and {tuple(square.shape)} of a square; "
                    "leave that key out"
                )
        return made

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": None}  # a decoded photograph stays where it is


NO_PIXELS = Image.new("RGB", (1, 1))
"""Stands for a picture that does not cross between processes."""


def without_pixels(drawn: Drawn) -> Drawn:
    """The same, light enough to cross between processes."""
    return replace(drawn, attacked=replace(drawn.attacked, image=NO_PIXELS))


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


_PARCEL = 32
"""Pictures that cross between processes at once, or those of one part if they are more."""

_WAITING = 2
"""Parcels that each process makes before one of them is taken."""

_Row = tuple[str, int, int, str, str, Box, float, float, Mapping[str, str | int | float | bool]]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Some drawings as they cross between processes: plain values; their inputs lie in a slot.

    Attributes:
        drawings: without pictures and inputs.
        rows: each drawing's pictures.
        slot: where the inputs of all of them lie, one after the other.
    """

    drawings: list[Drawing]
    rows: list[list[_Row]]
    slot: int


_CLEAN, _AS_PUBLISHED = -1, -2
"""What stands for the place of an attack where nothing was drawn."""


class _Post:
    """Makes parcels in the processes that draw, and drawings of parcels in the one that asks.

    Inputs are written to shared memory that is there from the start and used again and again:
    memory that is new takes longer to be mapped than to be written.

    Args:
        worker: whose drawings are sent.
        photographs: parts a parcel.
        slots: parcels that may be under way.
    """

    def __init__(self, worker: Worker, photographs: int, slots: int) -> None:
        self._attacks = worker.attacks
        most = photographs * min(worker.most, worker.pictures + 1)
        kinds = worker.kinds()
        self._slots = [
            [_shared((most, *one.shape), one.dtype) for one in kinds] for _ in range(slots)
        ]
        self._free: Any = SimpleQueue()
        for slot in range(slots):
            self._free.put(slot)

    def packed(self, drawings: Sequence[Drawing]) -> _Parcel:
        """The drawings in one parcel."""
        places = {id(attack): place for place, attack in enumerate(self._attacks)}
        slot, begin = self._free.get(), 0
        for drawing in drawings:
            end = begin + len(drawing.pictures)
            for shared, inputs in zip(self._slots[slot], drawing.inputs, strict=False):
                shared[begin:end].copy_(inputs)
            begin = end
        return _Parcel(
            [replace(drawing, pictures=(), inputs=()) for drawing in drawings],
            [[_row(picture, places) for picture in drawing.pictures] for drawing in drawings],
            slot,
        )

    def opened(self, parcel: _Parcel) -> Iterator[Drawing]:
        """The drawings of a parcel; the inputs of each hold until the next parcel is opened."""
        begin, shared = 0, self._slots[parcel.slot]
        for drawing, rows in zip(parcel.drawings, parcel.rows, strict=True):
            end = begin + len(rows)
            inputs = tuple(one[begin:end] for one in shared) if rows else ()
            pictures = tuple(self._picture(row) for row in rows)
            yield replace(drawing, pictures=pictures, inputs=inputs)
            begin = end
        self._free.put(parcel.slot)

    def _picture(self, row: _Row) -> Picture:
        pixels, place, replicate, word, written, box, coverage, size, facts = row
        if place in (_CLEAN, _AS_PUBLISHED):
            return Picture(None, pixels, as_published=place == _AS_PUBLISHED)
        made = Attacked(NO_PIXELS, word, written, box, coverage, size, facts)
        return Picture(Drawn(self._attacks[place], replicate, made), pixels)


def _shared(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    made: torch.Tensor = torch.empty(shape, dtype=dtype).share_memory_()  # type: ignore[no-untyped-call]
    return made


def _row(picture: Picture, places: Mapping[int, int]) -> _Row:
    if picture.drawn is None:
        place = _AS_PUBLISHED if picture.as_published else _CLEAN
        return picture.pixels, place, 0, "", "", NOWHERE, 0.0, 0.0, {}
    made, place = picture.drawn.attacked, places[id(picture.drawn.attack)]
    told = made.word, made.written, made.box, made.coverage, made.size, made.facts
    return picture.pixels, place, picture.drawn.replicate, *told


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
    parts = _Parts(worker, indices)
    here = (parts[position] for position in range(len(parts)))
    for drawing in _from_processes(worker, parts, processes) if processes else here:
        if drawing.failure is not None:
            raise drawing.failure
        yield drawing


def _from_processes(worker: Worker, parts: _Parts, processes: int) -> Iterator[Drawing]:
    """The parts, drawn by other processes, parcel by parcel."""
    warnings.filterwarnings("ignore", "This DataLoader will create")  # the user chose the number
    photographs = 1 if worker.parts > 1 else max(_PARCEL // worker.most, 1)
    # Of each process some parcels wait; besides, one is open, and another process may be ahead.
    post = _Post(worker, photographs, processes * _WAITING + 2)
    loader: DataLoader[Any] = DataLoader(
        parts,
        batch_size=photographs,
        num_workers=processes,
        prefetch_factor=_WAITING,
        collate_fn=post.packed,
    )
    try:
        for parcel in loader:
            yield from post.opened(parcel)
    except RuntimeError as error:
        if "worker" not in str(error):
            raise
        raise RunFailure(
            f"a drawing process died ({str(error).splitlines()[0]}); what is finished is kept: "
            "run the same command again, with --workers 0 if it happens again"
        ) from error
