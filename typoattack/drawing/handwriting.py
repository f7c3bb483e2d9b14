"""Handwritten letters: no two alike, on a wandering line, with a pen that presses unevenly."""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from typoattack.core.randomness import Rng
from typoattack.drawing.changes import Bytes
from typoattack.drawing.fonts import Face, families
from typoattack.drawing.glyphs import glyph, outlined
from typoattack.drawing.lettering import LEAST_EM, Lettering
from typoattack.drawing.lines import advance, fit, ink_box, metrics, pieces, width
from typoattack.drawing.texture import blotches, clouds

_Four = tuple[float, float, float, float]

_CUT = 8
"""Glyphs are kept at sizes this far apart, in pixels, and scaled down to the size between."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """Where one letter goes, in ems: a 2 × 2 matrix and the pen's place on the baseline."""

    character: str
    matrix: _Four
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Pen:
    """How a writer brings a long word onto a small note.

    Attributes:
        width: the least width of a stroke in pixels, as a pen writes one however small the
            letters are; 0: what the font has.
        most: the most, which a broader font's strokes are thinned to; 0: what the font has.
        narrow: how narrow letters may become where the word would else be low, as a share of
            their width.
        hyphens: whether a line may end behind a hyphen.
        sharp: how sharp the edges of its strokes are, times what they usually are.
        streaks: how much paler, at most, a stroke is in streaks, as of a dry felt tip; most
            have much less, by lot.
    """

    width: float = 0.0
    most: float = 0.0
    narrow: float = 1.0
    hyphens: bool = False
    sharp: float = 1.0
    streaks: float = 0.0


FONT = Pen()
"""Letters as the font has them, smaller where they do not fit."""


def handwritten(
    text: str,
    face: Face,
    room: tuple[int, int],
    rng: Rng,
    *,
    wobble: float = 1.0,
    angle: float = 0.0,
    pen: Pen = FONT,
) -> Lettering:
    """`text` as if by hand, as large as `room` = (width, height) in pixels allows.

    Each letter has its own baseline, slant, size, turn and spacing; the line drifts; the whole
    is warped a little, so that equal letters differ in shape too; the stroke swells and pales
    with the pressure of the pen, and its edges are soft.

    Args:
        text: tidy text, see `fonts.tidy`.
        face: covers the text.
        room: what the mask must fit in, in pixels.
        rng: the source of every irregularity.
        wobble: how irregular the hand is; 0 draws the bare font.
        angle: degrees, counter-clockwise, that the whole is turned by after it was fitted.
        pen: how long words are brought into the room.
    """
    lines, _ = fit(face, text, room, hyphens=pen.hyphens)
    # Too much jitter would tear letters apart that hold hands.
    strength = wobble * (0.35 if families()[face.family].joined else 1.0)
    letters = _write(face, lines, rng, strength)
    left, top, right, bottom = _extent(face, letters)
    em = min(room[0] / (right - left), room[1] / (bottom - top))
    own = stroke_width(face, _typical(face, text)) * em
    more = (_pen_on(own, em, pen) - own) / 2 if pen.width else 0.0
    if 2 * math.ceil(more) >= min(room):
        more = 0.0
    clear = 2 * max(math.ceil(more), 0)
    room = room[0] - clear, room[1] - clear
    narrow = max(room[0] / (right - left) * (bottom - top) / room[1], pen.narrow)
    if narrow < 1:
        letters = [_narrowed(letter, narrow) for letter in letters]
        left, top, right, bottom = _extent(face, letters)
    if more or narrow < 1:
        em = min(room[0] / (right - left), room[1] / (bottom - top))
    size = max(int(em), LEAST_EM)
    mask = Image.new(
        "L", (math.ceil((right - left) * size) + 2, math.ceil((bottom - top) * size) + 2)
    )
    for letter in letters:
        _stamp(mask, face, letter, size, (1 - left * size, 1 - top * size))
    scale = min(1.0, room[0] / mask.width, room[1] / mask.height)
    if scale < 1:
        smaller = (max(int(mask.width * scale), 1), max(int(mask.height * scale), 1))
        mask = mask.resize(smaller, Image.Resampling.BILINEAR)
    if more:
        mask = _swollen(mask, more)
    ink = _press(_warp(mask, size * scale, angle, rng, wobble), size * scale, rng, wobble, pen)
    return Lettering(ink, None, size * scale, text)


_LATIN = "aeinotl"


def _typical(face: Face, text: str) -> str:
    """The letters whose strokes are measured for a text in this face.

    The word's own in Chinese, Japanese and Korean: the more strokes a letter has, the thinner
    they are, and all are thinner than those of the Latin letters beside them.
    """
    if face.shaped or families()[face.family].style != "fallback":
        return _LATIN
    return "".join(sorted({c for c in text if not c.isascii()})) or _LATIN


@functools.lru_cache(maxsize=1024)
def stroke_width(face: Face, letters: str = _LATIN) -> float:
    """How thick a font's strokes are, in ems: twice the area of some letters over their outline."""
    ink = rim = 0
    for character in letters:
        drawn = np.asarray(glyph(face, character, _PROBE)[0]) > 127
        ink += int(np.count_nonzero(drawn))
        rim += int(np.count_nonzero(drawn[1:] != drawn[:-1]))
        rim += int(np.count_nonzero(drawn[:, 1:] != drawn[:, :-1]))
    # An outline in every direction alike crosses 4/π as many pixel edges as it is long.
    return round(2 * ink / (rim * math.pi / 4) / _PROBE, 4)


_PROBE = 160


def _pen_on(own: float, em: float, pen: Pen) -> float:
    """The width in pixels of strokes `own` pixels wide at an em, when written with `pen`."""
    wanted = max(own, min(pen.width, _THICKEST * em))
    return max(min(wanted, pen.most), _THINNEST * own) if pen.most else wanted


_THINNEST = 0.5
"""A broad font's strokes are thinned to half at most, lest its fine ones break."""

_THICKEST = 0.085
"""A pen's stroke in ems at most: thicker ones close the letters' eyes."""


def _narrowed(letter: _Letter, share: float) -> _Letter:
    a, b, c, d = letter.matrix
    return replace(letter, matrix=(a * share, b * share, c, d), x=letter.x * share)


def _swollen(mask: Image.Image, by: float) -> Image.Image:
    """The mask with strokes thicker by `by` pixels on each side, thinner below 0.

    Thicker ones have as much more room around.
    """
    pixels = np.asarray(ImageOps.expand(mask, max(math.ceil(by), 0)))
    if by < 0:
        return Image.fromarray(255 - _grown(255 - pixels, -by))
    return Image.fromarray(_grown(pixels, by))


def _grown(pixels: Bytes, by: float) -> Bytes:
    """Strokes grown by whole pixels, nearly round, and by a part of the next."""
    whole = int(by)
    larger = np.asarray(outlined(Image.fromarray(pixels), whole)) if whole else pixels
    part = round(256 * (by - whole))
    if not part:
        return larger
    next_ = np.asarray(outlined(Image.fromarray(larger), 1)).astype(np.int32)
    mixed = larger + ((next_ - larger) * part >> 8)
    return mixed.astype(np.uint8)


def _write(face: Face, lines: tuple[str, ...], rng: Rng, strength: float) -> list[_Letter]:
    """Every letter's place, in ems, the first line's baseline at y = 0."""
    pitch = metrics(face, " ".join(lines)).pitch + 0.08
    widest = max(width(face, line) for line in lines)
    letters: list[_Letter] = []
    lean = float(rng.normal(0, 0.07)) * strength
    for number, line in enumerate(lines):
        climb, indent, phase = (float(v) for v in rng.normal(0, 1, 3))
        x = (widest - width(face, line)) / 2 + 0.12 * strength * indent
        swing = rng.normal(0, 1, (len(line), 5))
        for i, character in enumerate(pieces(face, line)):
            up, slant, turn, big, gap = (float(v) * strength for v in swing[i])
            drift = 0.018 * climb * x + 0.03 * math.sin(1.3 * x + phase)
            y = pitch * number + strength * drift + 0.022 * up
            if character.isspace():
                x += 0.1  # a hand leaves more room between words than a font does
            else:
                matrix = _matrix(lean + 0.05 * slant, 0.035 * turn, 1 + 0.045 * big)
                letters.append(_Letter(character, matrix, x, y))
            pair = line if face.shaped else line[i : i + 2]
            x += advance(face, pair) + 0.018 * gap + 0.015 * strength
    return letters


def _matrix(slant: float, turn: float, scale: float) -> _Four:
    """Slant, then turn (radians), then scale, as rows (a, b), (c, d) with y downwards."""
    cos, sin = math.cos(turn), math.sin(turn)
    return scale * cos, scale * (-slant * cos - sin), scale * sin, scale * (cos - slant * sin)


def _corners(matrix: _Four, box: _Four) -> list[tuple[float, float]]:
    a, b, c, d = matrix
    return [(a * x + b * y, c * x + d * y) for x in (box[0], box[2]) for y in (box[1], box[3])]


def _extent(face: Face, letters: list[_Letter]) -> _Four:
    """The box that encloses all letters, in ems, with a little air for the warp."""
    points = [
        (letter.x + x, letter.y + y)
        for letter in letters
        for x, y in _corners(letter.matrix, ink_box(face, letter.character))
    ]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    air = 0.04
    return min(xs) - air, min(ys) - air, max(xs) + air, max(ys) + air


def _stamp(
    mask: Image.Image, face: Face, letter: _Letter, size: int, origin: tuple[float, float]
) -> None:
    """Draw one letter on the mask."""
    cut = -(-size // _CUT) * _CUT
    drawn, left, top = glyph(face, letter.character, cut)
    box = (left, top, left + drawn.width, top + drawn.height)
    scale = size / cut
    a, b, c, d = (scale * value for value in letter.matrix)
    points = _corners((a, b, c, d), box)
    pen_x, pen_y = origin[0] + letter.x * size, origin[1] + letter.y * size
    x0 = math.floor(min(p[0] for p in points) + pen_x)
    y0 = math.floor(min(p[1] for p in points) + pen_y)
    x1 = math.ceil(max(p[0] for p in points) + pen_x)
    y1 = math.ceil(max(p[1] for p in points) + pen_y)
    area = a * d - b * c
    ia, ib, ic, id_ = d / area, -b / area, -c / area, a / area
    dx, dy = x0 - pen_x, y0 - pen_y
    inverse = (ia, ib, ia * dx + ib * dy - left, ic, id_, ic * dx + id_ * dy - top)
    stamp = drawn.transform(
        (x1 - x0, y1 - y0), Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR
    )
    mask.paste(255, (x0, y0), stamp)


def _warp(mask: Image.Image, em: float, angle: float, rng: Rng, wobble: float) -> Image.Image:
    """The mask turned and bent by a coarse mesh, so that equal letters come out unequal."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    wide = math.ceil(mask.width * abs(cos) + mask.height * abs(sin))
    tall = math.ceil(mask.width * abs(sin) + mask.height * abs(cos))
    columns = min(max(round(mask.width / (0.8 * em)), 2), 24, wide)
    rows = min(max(round(mask.height / (0.6 * em)), 2), 8, tall)
    bend = rng.normal(0, 0.022 * em * wobble, (rows + 1, columns + 1, 2)).round(3).tolist()
    xs = [round(wide * i / columns) for i in range(columns + 1)]
    ys = [round(tall * j / rows) for j in range(rows + 1)]

    def source(i: int, j: int) -> tuple[float, float]:
        x, y = xs[i] - wide / 2, ys[j] - tall / 2
        dx, dy = bend[j][i]
        return (
            cos * x - sin * y + mask.width / 2 + dx,
            sin * x + cos * y + mask.height / 2 + dy,
        )

    mesh = []
    for j in range(rows):
        for i in range(columns):
            corners = (source(i, j), source(i, j + 1), source(i + 1, j + 1), source(i + 1, j))
            target = (xs[i], ys[j], xs[i + 1], ys[j + 1])
            mesh.append((target, tuple(v for corner in corners for v in corner)))
    return mask.transform((wide, tall), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _press(mask: Image.Image, em: float, rng: Rng, wobble: float, pen: Pen) -> Image.Image:
    """Pressure: the stroke's width and its darkness follow two slow random fields."""
    wide, tall = mask.size
    cells = (min(2 + round(wide / em), 40), min(2 + round(tall / em), 40))
    width_field = clouds((wide, tall), cells, rng)
    dark_field = clouds((wide, tall), cells, rng)
    soft = mask.filter(ImageFilter.GaussianBlur(0.012 * em + 0.25 / pen.sharp)) if wobble else mask
    coverage = np.asarray(soft, np.float32)
    # The soft edge is cut at a level that moves with the pressure: low swells the stroke.
    steep = pen.sharp
    level = width_field * np.float32(0.26 * wobble * steep) + np.float32(0.5 - 0.88 * steep)
    stroke = np.clip(coverage * np.float32(2.2 * steep / 255) + level, 0, 1)
    stroke *= np.clip(dark_field * np.float32(28 * wobble) + np.float32(235), 180, 255)
    if pen.streaks:
        x, y, dry = rng.random(3).tolist()
        streaks = np.clip(np.abs(blotches(mask.size, (x, y))), 0, 2)
        stroke *= 1 - streaks * np.float32(pen.streaks * dry * dry / 2)
    stroke[coverage < 5] = 0
    return Image.fromarray(stroke.astype(np.uint8))
