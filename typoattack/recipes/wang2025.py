"""A word eight times at random places of the photograph (Wang et al. 2025)."""

from typing import Annotated

from PIL import Image, ImageDraw
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import Colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.geometry import Box, joined
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, attacked, recipe

_YELLOW: Colour = (255, 255, 0)
_TRIES = 200
"""Places tried for a copy that lies on no other; theirs are tried for ever."""

_PAD = 5
"""Pixels by which the box that they keep apart is higher than the letters, scaled from theirs."""


@recipe(
    "wang2025",
    source="Wang et al., Typographic Attacks in a Multi-Image Setting, NAACL 2025; code/utils.py "
    "of XiaomengWang-AI/Typographic-Attacks-in-a-Multi-Image-Setting",
    words="once",
)
class Wang2025(Recipe):
    """A wrong class's name eight times in yellow, where no copy lies on another.

    It is drawn on the photograph as it comes, before the square is cut from it: thin letters, whose
    capitals are 17 pixels high whatever the photograph. Where a word is wider or higher than the
    photograph, nothing is written. Their figure counts a success where the answer is the word:
    *targeted success*.

    Differs from the paper: Roboto of 24 pixels stands for OpenCV's stroke font *Duplex* at scale
    0.8; their code hands the model pictures whose red and blue are exchanged, so that what it
    sees is cyan on a discoloured photograph, here colours are right; no word comes twice in a set
    here either, while there are as many classes as photographs, but it is drawn by lot from the
    task's, theirs is the most similar of 579 that is still free; an image on which a copy finds no
    free place gets it anywhere.

    Attributes:
        copies: how many times the word stands there.
        em: the font size in pixels.
    """

    copies: Annotated[int, Field(ge=1, le=32)] = 8
    em: Annotated[int, Field(ge=1, le=500)] = 24

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    @property
    def before_canvas(self) -> bool:
        """Always: sizes are pixels of the photograph."""
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text = tidy(word)
        face = find_face("roboto", text, rng)
        lots = rng.random((self.copies, _TRIES, 2)).tolist()
        font = face.at(self.em)
        left, top, right, bottom = font.getbbox(text, anchor="ls")
        wide, tall = int(right - left), int(self.em * 17 / 24) + _PAD
        image, boxes = canvas.copy(), list[Box]()
        if ink and wide < canvas.width and tall < canvas.height:
            draw = ImageDraw.Draw(image)
            for tries in lots:
                x, y = _free(
                    tries, (canvas.width - wide, canvas.height - tall), (wide, tall), boxes
                )
                boxes.append((x, y, x + wide, y + tall))
                draw.text((x, y + tall), text, fill=_YELLOW, font=font, anchor="ls")
        low = int(bottom) + 2
        grown = [(b[0] - 2, b[1] + int(top) - 2, b[2] + 2, b[3] + low) for b in boxes]
        return attacked(
            canvas,
            image,
            word=word,
            written=text if boxes else "",
            size=self.em / canvas.width if boxes else 0.0,
            region=joined(*grown) if grown else NOWHERE,
            facts={"font": face.family, "copies": len(boxes)},
        )


def _free(
    tries: list[list[float]], room: tuple[int, int], size: tuple[int, int], taken: list[Box]
) -> tuple[int, int]:
    """The first of the places tried where no corner lies in a box; the last if there is none."""
    x = y = 0
    for across, down in tries:
        x, y = int(across * room[0]), int(down * room[1])
        corners = [(x + dx, y + dy) for dx in (0, size[0]) for dy in (0, size[1])]
        if not any(b[0] < cx < b[2] and b[1] < cy < b[3] for b in taken for cx, cy in corners):
            break
    return x, y
