"""A sign that stands in the scene: in perspective, in its light, with its grain."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from PIL import Image, ImageDraw
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import colour
from typoattack.drawing.finish import blurred, grown, noise_level, noisy
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import (
    Box,
    Quad,
    bounds,
    extent,
    homography,
    joined,
    moved,
    rectangle,
    turned,
)
from typoattack.drawing.lettering import Lettering, printed
from typoattack.drawing.placement import Place, place
from typoattack.drawing.posts import hold
from typoattack.drawing.surfaces import SIGN, lay, lit, scene_light
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.label import finished
from typoattack.recipes.parts import Aspect, FontName

_BOARDS = {
    "white": ("#eceae4", "#1c1c20"),
    "blue": ("#1f4f9c", "#f2f2f0"),
    "green": ("#146b3a", "#f2f2f0"),
    "yellow": ("#f2c21a", "#1c1c20"),
    "brown": ("#6b4426", "#f2efe6"),
    "red": ("#b3202a", "#f4f2ee"),
}
"""Board and letters of common signs."""

_BOARD = replace(SIGN, shadow=0.28, lift=0.05)
"""Away from what is behind it, so that its shadow there is softer than one that lies against it."""

_CLEAR = 6
"""From the board's edge to the letters, in widths of its painted frame; that begins at two."""


@recipe("scene-sign", source="new here; after typographic attacks staged in scenes and traffic")
class SceneSign(Recipe):
    """A painted board with the word, seen from a side, matched to the scene's light and noise.

    Attributes:
        board: the board's colour; `any` draws one by lot.
        size: the board's width, seen from the front, as a share of the canvas.
        aspect: its height over its width.
        slant: how far from the side it is seen: the most by which its edges differ in length.
        font: a font family, or a style.
        place: where it stands.
        post: whether it stands on posts, or in the picture's upper half hangs from rods.
    """

    board: Literal["any", "white", "blue", "green", "yellow", "brown", "red"] = "any"
    size: Share = 0.6
    aspect: Aspect = 0.4
    slant: Annotated[float, Field(ge=0, le=0.6)] = 0.35
    font: FontName = "roboto"
    place: Place = "avoid-centre"
    post: bool = True

    revision: ClassVar[int] = 1

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        lot = list(_BOARDS)[int(rng.integers(len(_BOARDS)))]
        size = rectangle(self.size, self.size * self.aspect, side)
        quad = _seen_from_a_side(turned(size, side, 2 * rng.uniform(-1, 1), rng), self.slant, rng)
        quad = moved(quad, place(self.place, extent(quad), side, rng, photograph=canvas))
        light = scene_light(canvas, quad, 0.9)
        paper, pen = (
            lit(colour(c), light) for c in _BOARDS[self.board if self.board != "any" else lot]
        )
        image = canvas.copy()
        held = hold(image, quad, light) if self.post else bounds(quad)
        region = joined(held, lay(image, _BOARD, quad, paper, rng))
        face = find_face(self.font, text, rng, bold=True)
        frame = max(round(0.035 * min(size)), 1)
        inset = _CLEAR * frame
        space = (max(size[0] - 2 * inset, 1), max(size[1] - 2 * inset, 1))
        letters = printed(text, face, space, hyphens=True)
        flat = _painted(size, frame, letters if ink else None)
        box = bounds(quad, 1)
        image.paste(pen, box[:2], _warped(flat, quad, box))
        region = _weathered(canvas, image, joined(box, held), region, rng)
        return finished(canvas, image, word, letters if ink else None, region, face.family)


def _seen_from_a_side(quad: Quad, slant: float, rng: Rng) -> Quad:
    """The board turned away: one upright edge shorter than the other, the whole narrower."""
    a, b, c, d = quad
    depth = slant * rng.uniform(-1, 1)
    rise = 0.25 * slant * rng.uniform(-1, 1) * (d[1] - a[1])
    far, wide = abs(depth) * (d[1] - a[1]) / 2, 1 - 0.45 * abs(depth)
    corners = [(x * wide, y) for x, y in (a, b, c, d)]
    near_left = depth > 0
    for i in (1, 2) if near_left else (0, 3):
        x, y = corners[i]
        corners[i] = (x, y + (far if i < 2 else -far) + rise)
    low = min(y for _, y in corners)
    left = min(x for x, _ in corners)
    p, q, r, s = ((round(x - left, 3), round(y - low, 3)) for x, y in corners)
    return p, q, r, s


def _painted(size: tuple[int, int], frame: int, letters: Lettering | None) -> Image.Image:
    """What is painted on the board, as a mask of its front: a frame, and the letters."""
    mask = Image.new("L", size)
    if min(size) > 12 * frame:
        corner = ((2 * frame, 2 * frame), (size[0] - 1 - 2 * frame, size[1] - 1 - 2 * frame))
        ImageDraw.Draw(mask).rounded_rectangle(corner, 2 * frame, outline=255, width=frame)
    if letters:
        x, y = (size[0] - letters.ink.width) // 2, (size[1] - letters.ink.height) // 2
        mask.paste(255, (x, y), letters.ink)
    return mask


def _warped(flat: Image.Image, quad: Quad, box: Box) -> Image.Image:
    """The board's front as it is seen, on the pixels of `box`."""
    numbers = homography(moved(quad, (-box[0], -box[1])), flat.size)
    return flat.transform(
        (box[2] - box[0], box[3] - box[1]),
        Image.Transform.PERSPECTIVE,
        numbers,
        Image.Resampling.BICUBIC,
    )


def _weathered(canvas: Image.Image, image: Image.Image, box: Box, region: Box, rng: Rng) -> Box:
    """Take the edge off and add the photograph's own grain to the board; where that was."""
    softened = blurred(canvas, image, grown(region, 0, image.size), 0.0012 * image.width)
    inside = grown(box, 0, image.size)
    sigma = min(noise_level(canvas.crop(grown(inside, 16, image.size))), 7.0)
    noisy(canvas, image, inside, sigma, rng)
    return softened
