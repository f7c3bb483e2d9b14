"""Handwritten notes stuck on the photograph."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from PIL import Image
from pydantic import Field

from typoattack.core.randomness import Rng
from typoattack.drawing.handwriting import Pen
from typoattack.drawing.placement import Place
from typoattack.drawing.surfaces import SHEET, STICKY_NOTE, Surface
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.label import Finish, Hand, OnSurface
from typoattack.recipes.parts import Aspect, ColourName, Degrees, FontName, Wobble

_PEN = Pen(width=0.04, narrow=0.7, hyphens=True)
"""How a word too long for its note is written on it."""

_INK = replace(_PEN, width=0.03, most=0.034, sharp=2.3, streaks=1.0)
"""The same, as photographs show it."""

_NOTES = ("yellow", "pink", "orange", "green", "blue")
"""The usual colours of sticky notes."""

_PAPERS = (*_NOTES, "white")

Vary = Annotated[float, Field(ge=0, le=0.5)]


def seen(surface: Surface, finish: Finish) -> Surface:
    """A surface as photographs show it: hardly a shadow, no grain but the camera's."""
    if finish == "drawn":
        return surface
    fibre = 0.8 if surface.curl else 2.2
    curl = 0.3 * surface.curl
    return replace(surface, grain=0.0, fibre=fibre, curl=curl, shadow=0.15, lift=0.03, bend=0.05)


@recipe("handwritten-note", source="new here; after the notes of Goh et al. 2021")
class HandwrittenNote(Recipe):
    """A sticky note with the word written by hand: turned, shadowed, in the scene's light.

    Attributes:
        size: the note's width as a share of the canvas; the word fills the note.
        aspect: the note's height over its width.
        font: a font family, or a style.
        ink: the pen's colour.
        paper: the note's colour; `any` draws one of six by lot.
        place: where it goes.
        tilt: the most degrees it is turned either way.
        wobble: how irregular the hand is.
        vary: how far width and height differ by chance from `size` and `aspect`, as a share.
        finish: `photographed` has the photograph's own blur, noise and JPEG, and comes nearer to
            photographed notes in pen and shape (`results/pictures/realism.md`); `drawn` is clean.
    """

    size: Share = 0.5
    aspect: Aspect = 0.72
    font: FontName = "handwriting"
    ink: ColourName = "black"
    paper: ColourName | Literal["any"] = "any"
    place: Place = "avoid-centre"
    tilt: Degrees = 8.0
    wobble: Wobble = 1.0
    vary: Vary = 0.15
    finish: Finish = "photographed"

    revision: ClassVar[int] = 3

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        lot = _PAPERS[int(rng.integers(len(_PAPERS)))]
        wide, tall = (1 + self.vary * rng.uniform(-1, 1, 2)).tolist()
        return OnSurface(
            surface=seen(STICKY_NOTE, self.finish),
            size=self.size * wide,
            aspect=self.aspect * tall / wide,
            paper=lot if self.paper == "any" else self.paper,
            ink=self.ink,
            place=self.place,
            hand="handwritten",
            font=self.font,
            tilt=self.tilt,
            skew=0.025 if self.finish == "drawn" else 0.05,
            wobble=self.wobble,
            scene=0.6 if self.finish == "drawn" else 0.3,
            pen=_PEN if self.finish == "drawn" else _INK,
            finish=self.finish,
        ).draw(canvas, word, rng, ink=ink)


@recipe(
    "materzynska2022",
    source="after Materzyńska et al., Disentangling visual and written concepts in CLIP, CVPR 2022",
)
class Materzynska2022(Recipe):
    """A plain paper note with a handwritten word in front of the object, after the photographs.

    The paper's typographic attack set shows everyday objects with a white note in front; its
    photographs themselves can be had as a data set. What is drawn here imitates them.

    Attributes:
        size: the note's width as a share of the canvas.
        aspect: the note's height over its width.
        font: a font family, or a style.
        place: in front of the object by default: the lower middle.
        tilt: the most degrees it is turned either way.
    """

    size: Share = 0.45
    aspect: Aspect = 0.55
    font: FontName = "handwriting"
    place: Place = "bottom"
    tilt: Degrees = 5.0

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnSurface(
            surface=SHEET,
            size=self.size,
            aspect=self.aspect,
            paper="white",
            ink="black",
            place=self.place,
            hand="handwritten",
            font=self.font,
            tilt=self.tilt,
            skew=0.02,
            scene=0.6,
        ).draw(canvas, word, rng, ink=ink)


@recipe(
    "westerhoff2025",
    source="after Westerhoff et al., SCAM: A Real-World Typographic Robustness Evaluation, 2025",
)
class Westerhoff2025(Recipe):
    """A coloured sticky note with an unrelated handwritten word; printed, it is SynthSCAM's.

    SCAM's photographs show an object and a note with a word that has nothing to do with it;
    SynthSCAM takes the same note blank and writes the word digitally. The photographs can be had
    as a data set; what is drawn here imitates them.

    Attributes:
        hand: `handwritten` as in SCAM, `printed` as in SynthSCAM.
        size: the note's width as a share of the canvas.
        aspect: the note's height over its width; notes are square.
        font: a font family, or a style; `fitting` is any handwriting, or a plain sans in print.
        paper: the note's colour; `any` draws one of five by lot.
        place: where it goes.
        tilt: the most degrees it is turned either way.
    """

    hand: Hand = "handwritten"
    size: Share = 0.42
    aspect: Aspect = 1.0
    font: FontName | Literal["fitting"] = "fitting"
    paper: ColourName | Literal["any"] = "any"
    place: Place = "avoid-centre"
    tilt: Degrees = 10.0

    @property
    def font_used(self) -> str:
        """The font or style that `fitting` stands for."""
        if self.font != "fitting":
            return self.font
        return "handwriting" if self.hand == "handwritten" else "roboto"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        lot = _NOTES[int(rng.integers(len(_NOTES)))]
        return OnSurface(
            surface=STICKY_NOTE,
            size=self.size,
            aspect=self.aspect,
            paper=lot if self.paper == "any" else self.paper,
            ink="black",
            place=self.place,
            hand=self.hand,
            font=self.font_used,
            bold=self.hand == "handwritten",
            tilt=self.tilt,
            skew=0.025,
            scene=0.6,
        ).draw(canvas, word, rng, ink=ink)


@recipe(
    "apple-ipod",
    source="after the apple labelled iPod of Goh et al. 2021 (Multimodal Neurons, Distill)",
    words="fixed:iPod",
)
class AppleIpod(Recipe):
    """A paper note that says iPod on the object itself.

    Attributes:
        size: the note's width as a share of the canvas.
        font: a font family, or a style.
        finish: as of `handwritten-note`.
    """

    size: Share = 0.42
    font: FontName = "handwriting"
    finish: Finish = "photographed"

    revision: ClassVar[int] = 3

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return OnSurface(
            surface=seen(SHEET, self.finish),
            size=self.size,
            aspect=0.6,
            paper="white",
            ink="black",
            place="centre",
            hand="handwritten",
            font=self.font,
            tilt=4.0,
            skew=0.02 if self.finish == "drawn" else 0.05,
            scene=0.6 if self.finish == "drawn" else 0.3,
            pen=_PEN if self.finish == "drawn" else _INK,
            finish=self.finish,
        ).draw(canvas, word, rng, ink=ink)
