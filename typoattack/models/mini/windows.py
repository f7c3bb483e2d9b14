"""Training windows: pictures with text whose every letter's place is known.

A window is 96 x 192 pixels. A written sheet is turned, slanted and stretched into it, inked, put
on a surface or straight on its ground, blurred and made noisy. Because the renderer knows where
each letter stands, every cell of the reader's grid gets its own answer: which letter has its
centre here, and which two letters meet here.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scipy import ndimage

from typoattack.core.randomness import Rng, stream
from typoattack.models.mini.corpus import Corpus
from typoattack.models.mini.grounds import (
    HEIGHT,
    SCALE,
    WIDTH,
    contrasting,
    ground,
    mean_under,
    mix,
    scribbled,
    small,
    smooth_noise,
)
from typoattack.models.mini.sheets import SIZE, Pose, Sheet, Words, moved, warp, write

CELL_HEIGHT, CELL_WIDTH = 4, 2
"""A cell of the reader's grid in pixels."""

IGNORED = -1

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


class Windows:
    """The endless series of training windows: window `index` depends on seed and index alone."""

    def __init__(self, corpus: Corpus, seed: int, length: int) -> None:
        self._corpus = corpus
        self._seed = seed
        self._length = length
        self._words = Words(corpus.words)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Window:
        rng = stream("mini window", self._seed, index)
        behind = ground(self._corpus.photos, rng)
        kind = rng.random()
        if kind < 0.12:
            return _without_text(behind, rng)
        hand = rng.random() < 0.55
        faces = self._corpus.handwriting if hand else self._corpus.printed
        face = faces[int(rng.integers(len(faces)))]
        sheet = write(face, self._words, hand, rng)
        return _into_window(sheet, behind, hand, rng)


def _into_window(sheet: Sheet, behind: Floats, hand: bool, rng: Rng) -> Window:
    """Turn the sheet into the window, ink it, and write down what each cell shows."""
    degrees = rng.normal(0, 6) if rng.random() < 0.75 else rng.uniform(-17, 17)
    slant = rng.normal(0, 0.12) if rng.random() < 0.5 else 0.0
    stretch = math.exp(rng.normal(0, 0.1))
    matrix = moved(math.radians(degrees), slant, stretch, 1 / stretch)
    box = sheet.box
    spread = ((box[2] - box[0]) * 0.25, (box[3] - box[1]) * 0.2)
    centre = (
        (box[0] + box[2]) / 2 + rng.uniform(-1, 1) * spread[0],
        (box[1] + box[3]) / 2 + rng.uniform(-1, 1) * spread[1],
    )
    size = (WIDTH * SCALE, HEIGHT * SCALE)
    ink = _stroke(sheet.ink, rng)
    pose = Pose(matrix, centre)
    ink = warp(ink, pose, size)
    pixels = _compose(ink, sheet.box, pose, behind, hand, rng)
    cells = _cell_centres() * SCALE
    back = np.linalg.inv(matrix)
    on_sheet = (cells - np.array(size) / 2) @ back.T + np.array(centre)
    return Window(_finish(pixels, rng), *_answers(sheet, on_sheet, pose))


def _stroke(ink: Image.Image, rng: Rng) -> Image.Image:
    """Thicker or thinner strokes now and then."""
    kind = rng.random()
    if kind < 0.12:
        return _thicker(ink, 3)
    if kind < 0.2:
        thin = ink.filter(ImageFilter.MinFilter(3))
        return Image.blend(ink, thin, 0.6)
    return ink


def _thicker(ink: Image.Image, width: int) -> Image.Image:
    return Image.fromarray(ndimage.maximum_filter(np.asarray(ink), width))


def _compose(
    ink: Image.Image,
    box: list[float],
    pose: Pose,
    picture: Floats,
    hand: bool,
    rng: Rng,
) -> Floats:
    """(96, 192, 3) in 0 to 1: background, perhaps a surface, perhaps an outline, then the ink."""
    surface = rng.random() < 0.55
    if surface:
        picture = _with_surface(picture, box, pose, rng)
    mask = small(ink)
    behind = mean_under(picture, mask)
    colour = contrasting(behind, rng)
    if rng.random() < (0.12 if surface else 0.5):
        around = _thicker(ink, int(rng.choice([3, 5, 7])))
        edge = contrasting(colour, rng)
        picture = mix(picture, edge, small(around))
    strength = rng.uniform(0.75, 1.0) if rng.random() < 0.4 else 1.0
    if hand and rng.random() < 0.5:
        mask = mask * smooth_noise(rng, 6, 0.55, 1.0)
    return mix(picture, colour, mask * np.float32(strength))


def _with_surface(
    picture: Floats,
    box: list[float],
    pose: Pose,
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
    middle = np.array([WIDTH, HEIGHT]) * SCALE / 2
    polygon = (corners - np.array(pose.centre)) @ pose.matrix.T + middle
    points = [(float(x), float(y)) for x, y in polygon]
    shape = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE), 0)
    ImageDraw.Draw(shape).polygon(points, fill=255)
    if rng.random() < 0.4:
        shadow = ImageChops.offset(shape, int(rng.integers(-4, 9)), int(rng.integers(0, 9)))
        soft = shadow.filter(ImageFilter.GaussianBlur(rng.uniform(1, 6)))
        picture = mix(picture, np.zeros(3, np.float32), small(soft) * np.float32(0.5))
    colour = _surface_colour(rng)
    shade = smooth_noise(rng, 2, rng.uniform(0.75, 1.0), 1.0)[:, :, None]
    surface = np.clip(colour * shade, 0, 1).astype(np.float32)
    picture = mix(picture, surface, small(shape))
    if rng.random() < 0.25:
        line = Image.new("L", shape.size, 0)
        ImageDraw.Draw(line).line([*points, points[0]], fill=255, width=int(rng.integers(1, 6)))
        picture = mix(picture, contrasting(colour, rng), small(line))
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


def _answers(sheet: Sheet, cells: Floats, pose: Pose) -> tuple[Classes, Classes, Classes]:
    """The letter, left and right classes of every cell; `cells` in sheet coordinates."""
    shape = cells.shape[:2]
    letter, left, right = (np.zeros(shape, np.int64) for _ in range(3))
    for x, y, half, tall, code in sheet.letters:
        near, core = _near_and_core(cells, x, y, half, tall, 0.5)
        if not _inside(x, y, half, tall, pose):
            letter[near] = IGNORED
        elif code:
            letter[near & (letter == 0)] = IGNORED
            letter[core] = int(code)
    for x, y, half, tall, before, after in sheet.meetings:
        near, core = _near_and_core(cells, x, y, half, tall, 0.45)
        if _inside(x, y, half * 1.6, tall, pose):
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
    least_x, least_y = CELL_WIDTH * SCALE * 0.55, CELL_HEIGHT * SCALE * 0.55
    core = (dx <= max(least_x, half * share)) & (dy <= max(least_y, tall * 0.28))
    near = (dx <= max(least_x * 1.6, half * 0.95)) & (dy <= max(least_y, tall * 0.55))
    return near, core


def _inside(x: float, y: float, half: float, tall: float, pose: Pose) -> bool:
    """Whether all of a glyph lies on the sheet and most of it in the window."""
    if x - half < 0 or x + half > SIZE[0] or y - tall < 0 or y + tall > SIZE[1]:
        return False
    at = (
        pose.matrix @ (np.array([x, y]) - np.array(pose.centre))
        + np.array([WIDTH, HEIGHT]) * SCALE / 2
    )
    room_x = min(at[0], WIDTH * SCALE - at[0]) - half * 0.8
    room_y = min(at[1], HEIGHT * SCALE - at[1]) - tall * 0.4
    return bool(room_x > 0 and room_y > 0)


def _without_text(behind: Floats, rng: Rng) -> Window:
    """A window with nothing to read: a background, perhaps with strokes that are no letters."""
    picture = behind
    if rng.random() < 0.5:
        picture = scribbled(picture, rng)
    nothing = np.zeros((HEIGHT // CELL_HEIGHT, WIDTH // CELL_WIDTH), np.int64)
    return Window(_finish(picture, rng), nothing, nothing, nothing)
