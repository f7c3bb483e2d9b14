"""Written sheets: lines of words in one face, and where each of their letters stands."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFont

from typoattack.core.randomness import Rng
from typoattack.models.mini.corpus import ALPHABET, TrainingFont

NOTHING, EDGE, FIRST_LETTER = 0, 1, 2
"""Classes of the two pair heads: no boundary here, a word's end, then a to z."""

SIZE = (464, 272)
"""Width and height of a sheet: twice a window's, and a margin all around."""
_MARGIN = 40
_SMALLEST, _LARGEST = 15.0, 60.0
"""Letter height in sheet pixels, the mean of `x` and `H`."""

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Sheet:
    """Drawn text before it is put into a window, in sheet pixels.

    Attributes:
        ink: `L` picture, how much ink lies where.
        letters: rows of centre x, centre y, half width, height, class (1 to 26, or 0 for a
            glyph that is no letter).
        meetings: rows of centre x, centre y, half width, height, left class, right class.
        box: left, top, right, bottom of the text.
    """

    ink: Image.Image
    letters: list[tuple[float, ...]] = field(default_factory=list)
    meetings: list[tuple[float, ...]] = field(default_factory=list)
    box: list[float] = field(default_factory=lambda: [1e9, 1e9, -1e9, -1e9])


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sheet lies in a frame.

    Attributes:
        matrix: 2 x 2, see `moved`.
        centre: the point of the sheet that lies in the middle of the frame.
    """

    matrix: Floats
    centre: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Pen:
    """How a sheet is written.

    Attributes:
        font: the face at its size.
        tall: letter height in pixels.
        tracking: further pixels between letters.
        jitter: how unsteady the hand is, 0 to 1.
    """

    font: ImageFont.FreeTypeFont
    tall: float
    tracking: float
    jitter: float


class Words:
    """Makes words: real ones, ones that look English, and random strings of letters."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._follows: dict[str, str] = {}
        follows: dict[str, list[str]] = {}
        for word in words[:: max(1, len(words) // 20000)]:
            padded = f"  {word} "
            for start in range(len(padded) - 2):
                follows.setdefault(padded[start : start + 2], []).append(padded[start + 2])
        self._follows = {pair: "".join(letters) for pair, letters in follows.items()}

    def word(self, rng: Rng) -> str:
        kind = rng.random()
        if kind < 0.55:
            word = self._words[int(rng.integers(len(self._words)))]
        elif kind < 0.8:
            word = self._pseudoword(rng)
        elif kind < 0.95:
            length = rng.integers(2, 9)
            word = "".join(ALPHABET[i] for i in rng.integers(26, size=length))
        else:
            symbols = "2346789&#%+=?!.:/-()"
            length = rng.integers(1, 5)
            word = "".join(symbols[i] for i in rng.integers(len(symbols), size=length))
        case = rng.random()
        if case < 0.25:
            return word.upper()
        return word.capitalize() if case < 0.5 else word

    def _pseudoword(self, rng: Rng) -> str:
        word = "  "
        while len(word) < 14:
            letters = self._follows.get(word[-2:], " ")
            letter = letters[rng.integers(len(letters))]
            if letter == " ":
                break
            word += letter
        return word.strip() or "a"


def write(face: TrainingFont, words: Words, hand: bool, rng: Rng) -> Sheet:
    """Lines of words on a sheet in one face.

    Args:
        face: what to write with.
        words: where the words come from.
        hand: whether the letters are mostly unsteady.
        rng: the only source of chance.
    """
    width, height = SIZE
    tall = math.exp(rng.uniform(math.log(_SMALLEST / 2), math.log(_LARGEST / 2))) * 2
    size = max(8, round(tall / face.height))
    font = ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
    sheet = Sheet(Image.new("L", SIZE, 0))
    spacing = tall * rng.uniform(1.45, 2.6)
    room = (height - 2 * _MARGIN) / spacing
    lines = int(rng.integers(1, max(2, min(4, int(room)) + 1)))
    top = _MARGIN + tall * 0.6 + max(0.0, height - 2 * _MARGIN - lines * spacing) * rng.random()
    jitter = rng.uniform(0.3, 1.0) if rng.random() < (0.7 if hand else 0.1) else 0.0
    tracking = tall * (rng.uniform(-0.04, 0.2) if rng.random() < 0.3 else 0.0)
    pen = _Pen(font, tall, tracking, jitter)
    for line in range(lines):
        baseline = top + tall * 0.5 + line * spacing
        x = _MARGIN * rng.uniform(0.2, 1.6)
        while x < width - _MARGIN:
            x = _write_word(sheet, pen, words.word(rng), (x, baseline), rng)
            x += tall * rng.uniform(0.35, 1.0)
            if rng.random() < 0.35:
                break
    return sheet


def _write_word(sheet: Sheet, pen: _Pen, word: str, at: tuple[float, float], rng: Rng) -> float:
    """Draw `word`, its baseline from `at`; note where its letters stand; return where it ends."""
    x, baseline = at
    starts = [x + pen.font.getlength(word[:i]) + i * pen.tracking for i in range(len(word) + 1)]
    middle = baseline - pen.tall * 0.5
    codes = [ALPHABET.find(c) + 1 for c in word.lower()]
    for i, glyph in enumerate(word):
        _draw_glyph(sheet.ink, pen, glyph, (starts[i], baseline), rng)
        half = (starts[i + 1] - starts[i]) / 2
        sheet.letters.append((starts[i] + half, middle, half, pen.tall, codes[i]))
    sheet.meetings += _meetings(codes, starts, middle, pen.tall)
    box = sheet.box
    box[:2] = [min(box[0], x), min(box[1], baseline - pen.tall * 1.15)]
    box[2:] = [max(box[2], starts[-1]), max(box[3], baseline + pen.tall * 0.3)]
    return starts[-1]


def _meetings(
    codes: Sequence[int], starts: Sequence[float], middle: float, tall: float
) -> list[tuple[float, ...]]:
    """Where two letters of a word meet, or one meets the word's end."""
    sides = [EDGE if c == 0 else c + FIRST_LETTER - 1 for c in codes]
    widths = [b - a for a, b in itertools.pairwise(starts)]
    found: list[tuple[float, ...]] = []
    for i, (left, right) in enumerate(itertools.pairwise([EDGE, *sides, EDGE])):
        near = widths[max(0, i - 1) : i + 1]
        if left != EDGE or right != EDGE:
            half = sum(near) / len(near) / 2
            found.append((starts[i], middle, half, tall, left, right))
    return found


def _draw_glyph(ink: Image.Image, pen: _Pen, glyph: str, at: tuple[float, float], rng: Rng) -> None:
    """One letter on its baseline; turned, slanted, grown and moved if the hand is unsteady."""
    if not pen.jitter:
        ImageDraw.Draw(ink).text(at, glyph, fill=255, font=pen.font, anchor="ls")
        return
    side = int(pen.font.size * 1.9) + 4
    patch = Image.new("L", (side, side), 0)
    centre, half = side / 2, pen.font.getlength(glyph) / 2
    start = (centre - half, centre + pen.tall / 2)
    ImageDraw.Draw(patch).text(start, glyph, fill=255, font=pen.font, anchor="ls")
    turn, slant = rng.normal(0, 0.07 * pen.jitter), rng.normal(0, 0.1 * pen.jitter)
    grow = math.exp(rng.normal(0, 0.09 * pen.jitter))
    patch = warp(patch, Pose(moved(turn, slant, grow, grow), (centre, centre)), (side, side))
    dx = rng.normal(0, 0.03 * pen.jitter * pen.tall)
    dy = rng.normal(0, 0.08 * pen.jitter * pen.tall)
    left, top = round(at[0] + half - centre + dx), round(at[1] - pen.tall / 2 - centre + dy)
    box = patch.getbbox()
    if box is None:
        return
    target = (left + box[0], top + box[1], left + box[2], top + box[3])
    ink.paste(ImageChops.lighter(ink.crop(target), patch.crop(box)), target[:2])


def moved(turn: float, slant: float, wide: float, high: float) -> Floats:
    """2 x 2: stretch, then slant, then turn (radians, counter-clockwise as seen)."""
    cos, sin = math.cos(turn), math.sin(turn)
    turned = np.array([[cos, sin], [-sin, cos]])
    made: Floats = turned @ np.array([[1, -slant], [0, 1]]) @ np.diag([wide, high])
    return made


def warp(picture: Image.Image, pose: Pose, size: tuple[int, int]) -> Image.Image:
    """`picture` as it lies in a frame of `size` under `pose`."""
    back = np.linalg.inv(pose.matrix)
    offset = np.array(pose.centre) - back @ (np.array(size) / 2)
    coefficients = (back[0, 0], back[0, 1], offset[0], back[1, 0], back[1, 1], offset[1])
    return picture.transform(
        size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BILINEAR
    )
