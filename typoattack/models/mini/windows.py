"""Training windows: pictures with text whose every letter's place is known.

A window is 96 x 192 pixels. Some lines of words are drawn at twice that size on a sheet, glyph by
glyph, the sheet is turned, slanted and stretched into the window, inked, put on a surface or
straight on a background, blurred and made noisy. Because the renderer knows where each letter
stands, every cell of the reader's grid gets its own answer: which letter has its centre here, and
which two letters meet here.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

from typoattack.models.mini.corpus import ALPHABET, Corpus, TrainingFont
from typoattack.randomness import Rng, stream

HEIGHT, WIDTH = 96, 192
CELL_HEIGHT, CELL_WIDTH = 4, 2
"""A cell of the reader's grid in pixels."""

NOTHING, EDGE, FIRST_LETTER = 0, 1, 2
"""Classes of the two pair heads: no boundary here, a word's end, then a to z."""

IGNORED = -1

_SCALE = 2
_MARGIN = 40
_SHEET = (WIDTH * _SCALE + 2 * _MARGIN, HEIGHT * _SCALE + 2 * _MARGIN)

Colour = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """One training example.

    Attributes:
        pixels: (96, 192, 3) uint8.
        letter: (24, 96), 0 no letter, 1 to 26 a letter's centre, -1 not counted.
        left: (24, 96), what stands left of the boundary here: `NOTHING`, `EDGE`, a letter, or -1.
        right: (24, 96), what stands right of it.
    """

    pixels: npt.NDArray[np.uint8]
    letter: Classes
    left: Classes
    right: Classes


@dataclass(slots=True)
class _Sheet:
    """Drawn text before it is put into the window, in sheet pixels.

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


class Windows:
    """The endless series of training windows: window `index` depends on seed and index alone."""

    def __init__(self, corpus: Corpus, seed: int, length: int) -> None:
        self._corpus = corpus
        self._seed = seed
        self._length = length
        self._spelling = _Spelling(corpus.words)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Window:
        rng = stream("mini window", self._seed, index)
        background = _background(self._corpus.photos, rng)
        kind = rng.random()
        if kind < 0.12:
            return _without_text(background, rng)
        hand = rng.random() < 0.55
        faces = self._corpus.handwriting if hand else self._corpus.printed
        face = faces[int(rng.integers(len(faces)))]
        sheet = _write(face, self._spelling, hand, rng)
        return _into_window(sheet, background, hand, rng)


class _Spelling:
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


def _write(face: TrainingFont, spelling: _Spelling, hand: bool, rng: Rng) -> _Sheet:
    """Lines of words on a sheet, black or in upper or lower case, in one face."""
    width, height = _SHEET
    tall = math.exp(rng.uniform(math.log(8.5), math.log(31.0))) * _SCALE
    size = max(8, round(tall / face.height))
    font = ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
    sheet = _Sheet(Image.new("L", _SHEET, 0))
    spacing = tall * rng.uniform(1.45, 2.6)
    room = (height - 2 * _MARGIN) / spacing
    lines = int(rng.integers(1, max(2, min(4, int(room)) + 1)))
    top = _MARGIN + tall * 0.6 + max(0.0, height - 2 * _MARGIN - lines * spacing) * rng.random()
    jitter = rng.uniform(0.3, 1.0) if rng.random() < (0.7 if hand else 0.1) else 0.0
    tracking = tall * (rng.uniform(-0.04, 0.2) if rng.random() < 0.3 else 0.0)
    for line in range(lines):
        baseline = top + tall * 0.5 + line * spacing
        x = _MARGIN * rng.uniform(0.2, 1.6)
        while x < width - _MARGIN:
            x = _write_word(
                sheet, font, spelling.word(rng), x, baseline, tall, tracking, jitter, rng
            )
            x += tall * rng.uniform(0.35, 1.0)
            if rng.random() < 0.35:
                break
    return sheet


def _write_word(
    sheet: _Sheet,
    font: ImageFont.FreeTypeFont,
    word: str,
    x: float,
    baseline: float,
    tall: float,
    tracking: float,
    jitter: float,
    rng: Rng,
) -> float:
    """Draw `word` from `x` on `baseline`, note where its letters stand, return where it ends."""
    starts = [x + font.getlength(word[:i]) + i * tracking for i in range(len(word) + 1)]
    middle = baseline - tall * 0.5
    codes = [ALPHABET.find(c) + 1 for c in word.lower()]
    for i, glyph in enumerate(word):
        _draw_glyph(sheet.ink, font, glyph, starts[i], baseline, tall, jitter, rng)
        half = (starts[i + 1] - starts[i]) / 2
        sheet.letters.append((starts[i] + half, middle, half, tall, codes[i]))
    sides = [EDGE if c == 0 else c + FIRST_LETTER - 1 for c in codes]
    widths = [b - a for a, b in itertools.pairwise(starts)]
    for i in range(len(word) + 1):
        left = sides[i - 1] if i else EDGE
        right = sides[i] if i < len(word) else EDGE
        near = widths[max(0, i - 1) : i + 1]
        if left != EDGE or right != EDGE:
            half = sum(near) / len(near) / 2
            sheet.meetings.append((starts[i], middle, half, tall, left, right))
    box = sheet.box
    box[:2] = [min(box[0], x), min(box[1], baseline - tall * 1.15)]
    box[2:] = [max(box[2], starts[-1]), max(box[3], baseline + tall * 0.3)]
    return starts[-1]


def _draw_glyph(
    ink: Image.Image,
    font: ImageFont.FreeTypeFont,
    glyph: str,
    x: float,
    baseline: float,
    tall: float,
    jitter: float,
    rng: Rng,
) -> None:
    if not jitter:
        ImageDraw.Draw(ink).text((x, baseline), glyph, fill=255, font=font, anchor="ls")
        return
    side = int(font.size * 2.2) + 4
    patch = Image.new("L", (side, side), 0)
    centre = side / 2
    half = font.getlength(glyph) / 2
    ImageDraw.Draw(patch).text(
        (centre - half, centre + tall / 2), glyph, fill=255, font=font, anchor="ls"
    )
    turn, slant = rng.normal(0, 0.07 * jitter), rng.normal(0, 0.1 * jitter)
    grow = math.exp(rng.normal(0, 0.09 * jitter))
    patch = _warp(patch, _matrix(turn, slant, grow, grow), (centre, centre), (side, side))
    dx, dy = rng.normal(0, 0.03 * jitter * tall), rng.normal(0, 0.08 * jitter * tall)
    at = (round(x + half - centre + dx), round(baseline - tall / 2 - centre + dy))
    box = patch.getbbox()
    if box is None:
        return
    target = (at[0] + box[0], at[1] + box[1], at[0] + box[2], at[1] + box[3])
    ink.paste(ImageChops.lighter(ink.crop(target), patch.crop(box)), target[:2])


def _matrix(turn: float, slant: float, wide: float, high: float) -> Floats:
    """2 x 2: stretch, then slant, then turn (radians, counter-clockwise as seen)."""
    cos, sin = math.cos(turn), math.sin(turn)
    turned = np.array([[cos, sin], [-sin, cos]])
    made: Floats = turned @ np.array([[1, -slant], [0, 1]]) @ np.diag([wide, high])
    return made


def _warp(
    picture: Image.Image, matrix: Floats, centre: tuple[float, float], size: tuple[int, int]
) -> Image.Image:
    """`picture` moved by `matrix` about `centre`, which lands in the middle of `size`."""
    back = np.linalg.inv(matrix)
    offset = np.array(centre) - back @ (np.array(size) / 2)
    coefficients = (back[0, 0], back[0, 1], offset[0], back[1, 0], back[1, 1], offset[1])
    return picture.transform(
        size, Image.Transform.AFFINE, coefficients, resample=Image.Resampling.BILINEAR
    )


def _into_window(sheet: _Sheet, background: Floats, hand: bool, rng: Rng) -> Window:
    """Turn the sheet into the window, ink it, and write down what each cell shows."""
    degrees = rng.normal(0, 6) if rng.random() < 0.75 else rng.uniform(-17, 17)
    slant = rng.normal(0, 0.12) if rng.random() < 0.5 else 0.0
    stretch = math.exp(rng.normal(0, 0.1))
    matrix = _matrix(math.radians(degrees), slant, stretch, 1 / stretch)
    box = sheet.box
    spread = ((box[2] - box[0]) * 0.25, (box[3] - box[1]) * 0.2)
    centre = (
        (box[0] + box[2]) / 2 + rng.uniform(-1, 1) * spread[0],
        (box[1] + box[3]) / 2 + rng.uniform(-1, 1) * spread[1],
    )
    size = (WIDTH * _SCALE, HEIGHT * _SCALE)
    ink = _stroke(sheet.ink, rng)
    ink = _warp(ink, matrix, centre, size)
    pixels = _compose(ink, sheet.box, matrix, centre, background, hand, rng)
    cells = _cell_centres() * _SCALE
    back = np.linalg.inv(matrix)
    on_sheet = (cells - np.array(size) / 2) @ back.T + np.array(centre)
    return Window(_finish(pixels, rng), *_answers(sheet, on_sheet, matrix, centre))


def _stroke(ink: Image.Image, rng: Rng) -> Image.Image:
    """Thicker or thinner strokes now and then."""
    kind = rng.random()
    if kind < 0.12:
        return ink.filter(ImageFilter.MaxFilter(3))
    if kind < 0.2:
        thin = ink.filter(ImageFilter.MinFilter(3))
        return Image.blend(ink, thin, 0.6)
    return ink


def _compose(
    ink: Image.Image,
    box: list[float],
    matrix: Floats,
    centre: tuple[float, float],
    background: Floats,
    hand: bool,
    rng: Rng,
) -> Floats:
    """(96, 192, 3) in 0 to 1: background, perhaps a surface, perhaps an outline, then the ink."""
    picture = background
    surface = rng.random() < 0.55
    if surface:
        picture = _with_surface(picture, box, matrix, centre, rng)
    mask = _small(ink)
    behind = _mean_under(picture, mask)
    colour = _contrasting(behind, rng)
    if rng.random() < (0.12 if surface else 0.5):
        around = ink.filter(ImageFilter.MaxFilter(int(rng.choice([3, 5, 7]))))
        edge = _contrasting(colour, rng)
        picture = _mix(picture, edge, _small(around))
    strength = rng.uniform(0.75, 1.0) if rng.random() < 0.4 else 1.0
    if hand and rng.random() < 0.5:
        mask = mask * _smooth_noise(rng, 6, 0.55, 1.0)
    return _mix(picture, colour, mask * np.float32(strength))


def _with_surface(
    picture: Floats,
    box: list[float],
    matrix: Floats,
    centre: tuple[float, float],
    rng: Rng,
) -> Floats:
    """A label or a note under the text, with a shadow or a border now and then."""
    high = box[3] - box[1]
    pad = high * rng.uniform(0.05, 0.6, size=4)
    corners = np.array(
        [
            [box[0] - pad[0], box[1] - pad[1]],
            [box[2] + pad[2], box[1] - pad[1]],
            [box[2] + pad[2], box[3] + pad[3]],
            [box[0] - pad[0], box[3] + pad[3]],
        ]
    )
    middle = np.array([WIDTH, HEIGHT]) * _SCALE / 2
    polygon = (corners - np.array(centre)) @ matrix.T + middle
    points = [(float(x), float(y)) for x, y in polygon]
    shape = Image.new("L", (WIDTH * _SCALE, HEIGHT * _SCALE), 0)
    ImageDraw.Draw(shape).polygon(points, fill=255)
    if rng.random() < 0.4:
        shadow = ImageChops.offset(shape, int(rng.integers(-4, 9)), int(rng.integers(0, 9)))
        soft = shadow.filter(ImageFilter.GaussianBlur(rng.uniform(1, 6)))
        picture = _mix(picture, np.zeros(3, np.float32), _small(soft) * np.float32(0.5))
    colour = _surface_colour(rng)
    shade = _smooth_noise(rng, 2, rng.uniform(0.75, 1.0), 1.0)[:, :, None]
    surface = np.clip(colour * shade, 0, 1).astype(np.float32)
    picture = _mix(picture, surface, _small(shape))
    if rng.random() < 0.25:
        line = Image.new("L", shape.size, 0)
        ImageDraw.Draw(line).line([*points, points[0]], fill=255, width=int(rng.integers(1, 6)))
        picture = _mix(picture, _contrasting(colour, rng), _small(line))
    return picture


def _surface_colour(rng: Rng) -> Colour:
    kind = rng.random()
    if kind < 0.4:
        made = np.full(3, rng.uniform(0.85, 1.0)) - rng.uniform(0, 0.06, size=3)
    elif kind < 0.7:
        made = np.array([rng.uniform(0.9, 1), rng.uniform(0.8, 0.97), rng.uniform(0.3, 0.75)])
    else:
        made = rng.random(3)
    return np.clip(made, 0, 1).astype(np.float32)


def _mix(picture: Floats, colour: Floats, mask: Floats) -> Floats:
    cover = mask[:, :, None]
    mixed: Floats = picture * (1 - cover) + colour * cover
    return mixed


def _small(mask: Image.Image) -> Floats:
    """A mask at twice the window's size to (96, 192) in 0 to 1."""
    reduced: Floats = np.asarray(mask.reduce(_SCALE), dtype=np.float32) / np.float32(255)
    return reduced


def _mean_under(picture: Floats, mask: Floats) -> Colour:
    weight = mask + np.float32(1e-4)
    mean: Colour = (picture * weight[:, :, None]).sum((0, 1)) / weight.sum()
    return mean


def _contrasting(behind: Colour, rng: Rng) -> Colour:
    """An ink that can be told from `behind`: mostly black, white or dark blue, else any colour."""
    least = rng.uniform(0.25, 0.6)
    for _ in range(20):
        kind = rng.random()
        if kind < 0.35:
            made = np.full(3, rng.uniform(0, 0.2))
        elif kind < 0.55:
            made = np.full(3, rng.uniform(0.85, 1.0))
        elif kind < 0.7:
            made = np.array([rng.uniform(0, 0.25), rng.uniform(0, 0.3), rng.uniform(0.3, 0.8)])
        else:
            made = rng.random(3)
        if np.abs(made - behind).max() > least:
            return made.astype(np.float32)
    return np.float32(0) * behind if behind.mean() > 0.5 else np.ones(3, np.float32)


def _smooth_noise(rng: Rng, cells: int, low: float, high: float) -> Floats:
    """(96, 192) that varies slowly between about `low` and `high`."""
    coarse = rng.random((cells, cells * 2)).astype(np.float32)
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    made: Floats = low + (high - low) * np.clip(np.asarray(image), 0, 1)
    return made


def _finish(picture: Floats, rng: Rng) -> npt.NDArray[np.uint8]:
    """Light, blur and noise, as a camera or a resize leaves them."""
    gamma = math.exp(rng.normal(0, 0.2))
    lit = np.clip(picture, 0, 1) ** gamma * rng.uniform(0.75, 1.1) + rng.uniform(-0.05, 0.08)
    image = Image.fromarray((np.clip(lit, 0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.6:
        image = image.filter(ImageFilter.GaussianBlur(abs(rng.normal(0, 0.7))))
    if rng.random() < 0.15:
        share = rng.uniform(0.5, 0.9)
        small = image.resize((int(WIDTH * share), int(HEIGHT * share)), Image.Resampling.BILINEAR)
        image = small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    pixels = np.asarray(image, dtype=np.float32)
    if rng.random() < 0.5:
        spread = abs(rng.normal(0, 6))
        pixels = pixels + rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(spread)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _cell_centres() -> Floats:
    """(24, 96, 2): x and y in window pixels of each cell's centre."""
    x = (np.arange(WIDTH // CELL_WIDTH) + 0.5) * CELL_WIDTH
    y = (np.arange(HEIGHT // CELL_HEIGHT) + 0.5) * CELL_HEIGHT
    return np.stack(np.meshgrid(x, y), axis=-1)


def _answers(
    sheet: _Sheet, cells: Floats, matrix: Floats, centre: tuple[float, float]
) -> tuple[Classes, Classes, Classes]:
    """The letter, left and right classes of every cell; `cells` in sheet coordinates."""
    shape = cells.shape[:2]
    letter, left, right = (np.zeros(shape, np.int64) for _ in range(3))
    for x, y, half, tall, code in sheet.letters:
        near, core = _near_and_core(cells, x, y, half, tall, 0.5)
        if not _inside(x, y, half, tall, matrix, centre):
            letter[near] = IGNORED
        elif code:
            letter[near & (letter == 0)] = IGNORED
            letter[core] = int(code)
    for x, y, half, tall, before, after in sheet.meetings:
        near, core = _near_and_core(cells, x, y, half, tall, 0.45)
        if _inside(x, y, half * 1.6, tall, matrix, centre):
            for answers, code in ((left, before), (right, after)):
                answers[near & (answers == 0)] = IGNORED
                answers[core] = int(code)
        else:
            left[near] = right[near] = IGNORED
    return letter, left, right


def _near_and_core(
    cells: Floats, x: float, y: float, half: float, tall: float, share: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cells that belong to a glyph, and those at its centre, where an answer is asked."""
    dx, dy = np.abs(cells[:, :, 0] - x), np.abs(cells[:, :, 1] - y)
    least_x, least_y = CELL_WIDTH * _SCALE * 0.55, CELL_HEIGHT * _SCALE * 0.55
    core = (dx <= max(least_x, half * share)) & (dy <= max(least_y, tall * 0.28))
    near = (dx <= max(least_x * 1.6, half * 0.95)) & (dy <= max(least_y, tall * 0.55))
    return near, core


def _inside(
    x: float, y: float, half: float, tall: float, matrix: Floats, centre: tuple[float, float]
) -> bool:
    """Whether all of a glyph lies on the sheet and most of it in the window."""
    if x - half < 0 or x + half > _SHEET[0] or y - tall < 0 or y + tall > _SHEET[1]:
        return False
    at = matrix @ (np.array([x, y]) - np.array(centre)) + np.array([WIDTH, HEIGHT]) * _SCALE / 2
    room_x = min(at[0], WIDTH * _SCALE - at[0]) - half * 0.8
    room_y = min(at[1], HEIGHT * _SCALE - at[1]) - tall * 0.4
    return bool(room_x > 0 and room_y > 0)


def _without_text(background: Floats, rng: Rng) -> Window:
    """A window with nothing to read: a background, perhaps with strokes that are no letters."""
    picture = background
    if rng.random() < 0.5:
        picture = _scribbled(picture, rng)
    nothing = np.zeros((HEIGHT // CELL_HEIGHT, WIDTH // CELL_WIDTH), np.int64)
    return Window(_finish(picture, rng), nothing, nothing, nothing)


def _scribbled(picture: Floats, rng: Rng) -> Floats:
    """Blank surfaces, lines, arcs and blots, alone or in rows like fences and blinds."""
    ink = Image.new("L", (WIDTH * _SCALE, HEIGHT * _SCALE), 0)
    draw = ImageDraw.Draw(ink)
    step = rng.uniform(14, 60)
    rows = rng.random() < 0.4
    for i in range(int(rng.integers(1, 25))):
        x, y = rng.uniform(0, WIDTH * _SCALE), rng.uniform(0, HEIGHT * _SCALE)
        if rows:
            x, y = i * step, HEIGHT * _SCALE / 2
        width, length = int(rng.integers(1, 12)), rng.uniform(10, 150)
        kind = rng.random()
        if rows or kind < 0.4:
            turn = rng.uniform(0, math.pi) if not rows else math.pi / 2 + rng.normal(0, 0.05)
            dx, dy = length * math.cos(turn), length * math.sin(turn)
            draw.line([x - dx, y - dy, x + dx, y + dy], fill=255, width=width)
        elif kind < 0.7:
            wide = length * rng.uniform(0.5, 2)
            start, end = rng.uniform(0, 360, size=2).tolist()
            draw.arc([x, y, x + wide, y + length], start, end, 255, width)
        elif kind < 0.85:
            draw.ellipse([x, y, x + length, y + length * rng.uniform(0.5, 2)], outline=255, width=3)
        else:
            draw.rectangle([x, y, x + length, y + length], fill=255)
    mask = _small(ink)
    return _mix(picture, _contrasting(_mean_under(picture, mask), rng), mask)


def _background(photos: Sequence[npt.NDArray[np.uint8]], rng: Rng) -> Floats:
    """(96, 192, 3) in 0 to 1: a piece of a photograph, a flat or shaded ground, or a texture."""
    kind = rng.random()
    if kind < 0.6:
        return _photo_piece(photos[int(rng.integers(len(photos)))], rng)
    ground = rng.random(3).astype(np.float32)
    if kind < 0.7:
        ground = np.full(3, rng.choice([0.0, 1.0, rng.random()]), np.float32)
    flat: Any = np.broadcast_to(ground, (HEIGHT, WIDTH, 3))
    if kind < 0.82:
        shaded: Floats = flat * _smooth_noise(rng, 2, rng.uniform(0.6, 1.0), 1.0)[:, :, None]
        return shaded
    if kind < 0.92:
        grain = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
        sigma = rng.uniform(0.6, 5, size=2)
        rough = ndimage.gaussian_filter(grain, sigma)
        rough *= rng.uniform(0.03, 0.25) / (rough.std() + 1e-6)
        grainy: Floats = np.clip(flat + rough[:, :, None], 0, 1)
        return grainy
    return _stripes(flat, rng)


def _stripes(flat: Floats, rng: Rng) -> Floats:
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    turn, wave = rng.uniform(0, math.pi), rng.uniform(4, 40)
    along = (x * math.cos(turn) + y * math.sin(turn)) / wave
    wobble = _smooth_noise(rng, 3, 0, rng.uniform(0, 2))
    bands = np.sin(2 * math.pi * (along + wobble)).astype(np.float32)
    if rng.random() < 0.5:
        bands = np.sign(bands)
    other = rng.random(3).astype(np.float32)
    return _mix(flat, other, (bands * np.float32(0.5) + np.float32(0.5)) * rng.uniform(0.2, 1.0))


def _photo_piece(photo: npt.NDArray[np.uint8], rng: Rng) -> Floats:
    """A random piece at a random scale, mirrored and recoloured now and then."""
    high, wide = photo.shape[:2]
    most = min(high / HEIGHT, wide / WIDTH)
    scale = math.exp(rng.uniform(math.log(0.4), math.log(max(most, 0.41))))
    height, width = int(HEIGHT * scale), int(WIDTH * scale)
    top, left = rng.integers(high - height + 1), rng.integers(wide - width + 1)
    piece = Image.fromarray(photo[top : top + height, left : left + width])
    resample = Image.Resampling.BILINEAR
    pixels = np.asarray(piece.resize((WIDTH, HEIGHT), resample), np.float32) / np.float32(255)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if rng.random() < 0.3:
        pixels = pixels[:, :, rng.permutation(3)]
    if rng.random() < 0.2:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
