"""The synthetic attack of *Less is More* (Cao et al. 2023), ImageNet-Atr."""

from typing import Annotated

from PIL import Image, ImageDraw
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.colours import Colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.recipes.base import NOWHERE, Attacked, Recipe, attacked, recipe

_RED: Colour = (255, 0, 0)


@recipe(
    "cao2023",
    source="Cao et al., Less is More: Removing Text-regions Improves CLIP Training Efficiency "
    "and Robustness, 2023, ImageNet-Atr; axlearn/vision/imagenet_adversarial_text of apple/axlearn",
    words="nearest",
)
class Cao2023(Recipe):
    """A similar class's name in red, sans-serif, 50 pixels, at (50, 50) of the photograph.

    It is drawn on the photograph as it comes, before the square is cut from it and resized: the
    text begins at the ascender, a long name runs off, a part of it may be cut away. The photograph
    is then saved as JPEG of Pillow's default quality, which changes it everywhere; box and
    coverage tell of the letters alone.

    The authors write the class that a reference model most often took the photograph's class for.
    That is a table: `typoattack words RUN --confused` makes one from a run's clean answers, and
    `cao2023 @ table:FILE` writes by it. Their second choice, for a class that was never taken for
    another, is the default here: the class most similar in the text space of the model.

    Differs from the paper: Roboto stands for Arial Unicode; their table of confusions is a pickle,
    which is not read.

    Attributes:
        em: the font size in pixels.
        left: where the text starts, in pixels from the left.
        top: where its ascender lies, in pixels from above.
        jpeg: the quality of the JPEG file, 1 to 100; 0 for none.
    """

    em: Annotated[int, Field(ge=1, le=2000)] = 50
    left: Annotated[int, Field(ge=0, le=4000)] = 50
    top: Annotated[int, Field(ge=0, le=4000)] = 50
    jpeg: Annotated[int, Field(ge=0, le=100)] = 75

    @property
    def bare(self) -> bool:
        """Always: there is no surface."""
        return True

    @property
    def before_canvas(self) -> bool:
        """Always: sizes are pixels of the photograph."""
        return True

    @property
    def saved_as_jpeg(self) -> int:
        """As its parameter says."""
        return self.jpeg

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text = tidy(word)
        face = find_face("roboto", text, rng)
        image, region = canvas.copy(), NOWHERE
        if ink:
            font = face.at(self.em)
            ImageDraw.Draw(image).text((self.left, self.top), text, fill=_RED, font=font)
            x0, y0, x1, y1 = (int(edge) for edge in font.getbbox(text))
            region = (self.left + x0 - 1, self.top + y0 - 1, self.left + x1 + 1, self.top + y1 + 1)
        return attacked(
            canvas,
            image,
            word=word,
            written=text if ink else "",
            size=self.em / canvas.width if ink else 0.0,
            region=region,
            facts={"font": face.family},
        )
