"""One picture explained: what the model says, what is written there, and how much that weighs.

An accidental word in a photograph may decide its answer. The text is found and filled in, line by
line and altogether; beside that stands what filling in as much elsewhere does, since that disturbs
too; and a map says which part of the picture the answer hangs on, text or not (occlusion, Zeiler
and Fergus 2014, section 4.2).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.core.files import write_whole
from typoattack.defences.mask_text import Corners, TextRegion, fill_in, find_text
from typoattack.drawing.canvas import decode, square_canvas
from typoattack.models.base import Model
from typoattack.models.pixels import drawn_input
from typoattack.models.text_cache import TextCache
from typoattack.report.gallery import data_uri
from typoattack.report.html import render_template
from typoattack.runner.classify import embed_drawn
from typoattack.task import Task

GRID = 7
"""Patches a side of the map."""

TOP = 5
_BATCH = 32
_SHOWN = 448


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of a picture.

    Attributes:
        top: the likeliest classes with their probability, best first.
        probability: of the class that it says of the picture as it is.
    """

    top: tuple[tuple[str, float], ...]
    probability: float

    @property
    def name(self) -> str:
        """The class answered."""
        return self.top[0][0]


@dataclass(frozen=True, slots=True)
class WithoutLine:
    """A line of text, and the answer without it."""

    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Explanation:
    """One picture explained.

    Attributes:
        model: whose answers.
        clean: the picture on its canvas.
        masked: the same with all text filled in.
        answer: to the picture as it is.
        without: to `masked`.
        elsewhere: with as much filled in where no text is; None where there is no such place.
        lines: each line by itself.
        patches: (GRID, GRID) how much the answer's probability falls where a patch is grey.
        on_text: (GRID, GRID) whether text stands on the patch.
    """

    model: str
    clean: Image.Image = field(repr=False)
    masked: Image.Image = field(repr=False)
    answer: Answer
    without: Answer
    elsewhere: Answer | None
    lines: tuple[WithoutLine, ...]
    patches: NDArray[np.float64] = field(repr=False)
    on_text: NDArray[np.bool_] = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether the answer is another without the text."""
        return self.answer.name != self.without.name


def explain(
    picture: str | Path | Image.Image,
    model: Model,
    task: Task,
    *,
    canvas: int = 448,
    device: str = "cpu",
    cache: TextCache | None = None,
) -> Explanation:
    """How much the text in a picture weighs in a model's answer.

    Args:
        picture: a picture or its file.
        model: who is asked.
        task: class names and templates.
        canvas: side of the square canvas in pixels.
        device: where the model runs.
        cache: where text features are kept; nowhere if None.

    Raises:
        UserError: if the picture cannot be decoded, or the extra `ocr` is not installed.
    """
    try:
        clean = square_canvas(decode(picture), canvas)
    except (BrokenImage, RunFailure) as error:
        raise UserError(f"picture {str(picture)[:200]!r}: {error}") from None
    found = find_text(clean, recognise=True)
    boxes = [region.corners for region in found]
    masked, other = fill_in(clean, boxes), elsewhere(clean, boxes)
    asked = [clean, masked, *(fill_in(clean, [box]) for box in boxes)]
    asked += [other] if other is not None else []
    asked += _grey_patches(clean)
    classifier = model.classifier(task, cache or TextCache(None))
    inputs = torch.stack([drawn_input(model.preprocess, image) for image in asked])
    probability = classifier.scores(embed_drawn(model, inputs, _BATCH, device)).probability
    first = int(probability[0].argmax())
    answers = [_answer(row, first, task) for row in probability[: len(asked) - GRID**2]]
    lines = answers[2 : 2 + len(found)]
    fall = probability[0, first] - probability[-(GRID**2) :, first]
    return Explanation(
        model.name,
        clean,
        masked,
        answers[0],
        answers[1],
        answers[-1] if other is not None else None,
        tuple(WithoutLine(r.text, one) for r, one in zip(found, lines, strict=True)),
        fall.reshape(GRID, GRID).astype(np.float64),
        _covered(found, canvas),
    )


def _answer(probability: NDArray[np.float32], first: int, task: Task) -> Answer:
    order = np.argsort(-probability, kind="stable")[:TOP]
    top = tuple((task.class_names[i], float(probability[i])) for i in order.tolist())
    return Answer(top, float(probability[first]))


def elsewhere(canvas: Image.Image, boxes: Sequence[Corners]) -> Image.Image | None:
    """The picture with regions of the same shape filled in where no text stands.

    All are moved by the one step, of a few, that keeps them in the picture and off all text and
    goes farthest.
    """
    if not boxes:
        return None
    side = float(canvas.width)
    steps = np.linspace(-0.75, 0.75, 13) * side
    best: tuple[float, list[Corners]] | None = None
    for across in steps:
        for down in steps:
            moved = [box + np.array([across, down], np.float32) for box in boxes]
            inside = all(box.min() >= 0 and box.max() <= side for box in moved)
            far = float(np.hypot(across, down))
            if inside and not _overlap(moved, boxes) and (best is None or far > best[0]):
                best = far, moved
    return None if best is None else fill_in(canvas, best[1])


def _overlap(some: Sequence[Corners], others: Sequence[Corners]) -> bool:
    """Whether the upright boxes around any two of them meet."""
    return any(
        bool(np.all(a.min(axis=0) <= b.max(axis=0)) and np.all(b.min(axis=0) <= a.max(axis=0)))
        for a in some
        for b in others
    )


def _grey_patches(canvas: Image.Image) -> list[Image.Image]:
    """The picture with one patch grey, patch by patch, row by row."""
    made = []
    edges = [round(canvas.width * n / GRID) for n in range(GRID + 1)]
    for top, bottom in itertools.pairwise(edges):
        for left, right in itertools.pairwise(edges):
            image = canvas.copy()
            image.paste((128, 128, 128), (left, top, right, bottom))
            made.append(image)
    return made


def _covered(found: Sequence[TextRegion], side: int) -> NDArray[np.bool_]:
    """Which patches text stands on."""
    covered = np.zeros((GRID, GRID), bool)
    for region in found:
        low = np.clip(region.corners.min(axis=0) / side * GRID, 0, GRID - 1e-3).astype(int)
        high = np.clip(region.corners.max(axis=0) / side * GRID, 0, GRID - 1e-3).astype(int)
        covered[low[1] : high[1] + 1, low[0] : high[0] + 1] = True
    return covered


def tell_explanation(one: Explanation) -> list[str]:
    """The explanation in sentences."""
    told = [f"{one.model} calls it “{one.answer.name}” ({_percent(one.answer.probability)})."]
    if not one.lines:
        return [*told, f"No text was found in it. {_hangs_on(one)}"]
    read = ", ".join(f"“{line.text}”" for line in one.lines[:5])
    told.append(f"Written on it: {read}.")
    if one.changed:
        now = _percent(one.without.top[0][1])
        told.append(f"Without that it is called “{one.without.name}” ({now}).")
    else:
        now = _percent(one.without.probability)
        told.append(f"Without that the answer stays, now with {now}.")
    if one.elsewhere is None:
        told.append("As much could not be filled in elsewhere, so part of this may be the filling.")
    else:
        stays = one.elsewhere.name == one.answer.name
        what = "stays" if stays else f"becomes “{one.elsewhere.name}”"
        told.append(
            f"Where as much is filled in beside the text, the answer {what} "
            f"({_percent(one.elsewhere.probability)} for “{one.answer.name}”)."
        )
    return [*told, _verdict(one), _hangs_on(one)]


def _verdict(one: Explanation) -> str:
    if not one.changed:
        return "The text does not decide the answer."
    if one.elsewhere is not None and one.elsewhere.name != one.answer.name:
        return "The answer changes either way: it is as likely the filling as the text."
    if one.elsewhere is None:
        return "Whether the text or the filling changes the answer cannot be told."
    return "The text decides the answer."


def _hangs_on(one: Explanation) -> str:
    """Where the patch is that the answer hangs on most."""
    row, column = np.unravel_index(int(one.patches.argmax()), one.patches.shape)
    fall = 100 * one.patches[row, column]
    if fall < 1:
        return "No single part of the picture carries the answer."
    where = "with text on it" if one.on_text[row, column] else "without text"
    return (
        f"It hangs most on the part in row {row + 1}, column {column + 1} of {GRID} by {GRID}, "
        f"{where}: covered, the answer loses {fall:.0f} points."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def write_explanation(one: Explanation, path: Path) -> None:
    """Write the page of one picture, whole or not at all.

    Raises:
        UserError: if the file cannot be written.
    """
    most = max(float(one.patches.max()), 1e-9)
    shades = [
        [
            (max(float(fall), 0.0) / most, 100 * float(fall), bool(text))
            for fall, text in zip(falls, texts, strict=True)
        ]
        for falls, texts in zip(one.patches, one.on_text, strict=True)
    ]
    page = render_template(
        "explain.html",
        one=one,
        story=tell_explanation(one),
        clean=data_uri(one.clean, _SHOWN),
        masked=data_uri(one.masked, _SHOWN),
        shades=shades,
        grid=GRID,
    )
    write_whole(path, page.encode("utf-8", "replace"))
