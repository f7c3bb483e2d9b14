"""What a recipe is, what it returns, and the registry that every command reads."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, TypeVar, cast

from PIL import Image
from pydantic import Field
from typing_extensions import dataclass_transform

from typoattack.core.errors import UserError
from typoattack.core.part import Part
from typoattack.core.randomness import Rng, digest
from typoattack.core.registry import Registry
from typoattack.drawing.changes import difference
from typoattack.drawing.geometry import Box

NOWHERE: Box = (0, 0, 0, 0)

Share = Annotated[float, Field(gt=0, le=1)]
"""A parameter in (0, 1]: a size as a share of the canvas, an opacity and the like."""


@dataclass(frozen=True, slots=True)
class Attacked:
    """An attacked picture and what was done to it.

    Attributes:
        image: RGB, the size of the canvas.
        word: the target word the recipe was asked to write.
        written: the text really drawn; differs from `word` in a misspelling, empty in a blank.
        box: encloses every pixel that differs from the canvas.
        coverage: share of the canvas's pixels that differ from it, 0 to 1.
        size: the letters' em (the font size) really used, as a share of the canvas's side; 0 where
            nothing is written.
        facts: anything else worth a column in the predictions (font, place, queries, ...).
    """

    image: Image.Image
    word: str
    written: str
    box: Box
    coverage: float
    size: float
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def attacked(
    canvas: Image.Image,
    image: Image.Image,
    *,
    word: str,
    written: str,
    size: float,
    region: Box | None = None,
    facts: Mapping[str, str | int | float | bool] | None = None,
) -> Attacked:
    """An `Attacked` with box and coverage measured from the pixels themselves.

    Args:
        canvas: before.
        image: after, of the same size.
        word: see `Attacked`, as are `written`, `size` and `facts`.
        written: the text really drawn.
        size: the em used, as a share of the canvas's side.
        region: where anything may have been drawn; only there the pictures are compared, which
            saves most of the time. None compares all; it may reach over the canvas's edge.
        facts: columns of the recipe's own.
    """
    box, pixels = difference(canvas, image, region or (0, 0, *canvas.size))
    share = pixels / (canvas.width * canvas.height)
    return Attacked(image, word, written, box, share, size, facts or {})


def checked(made: object, canvas: Image.Image) -> Attacked:
    """What a recipe gave back, if it is what every recipe must give back.

    Cheap enough to be asked of every picture; `typoattack check` asks more.

    Args:
        made: from the recipe.
        canvas: what it was asked to draw on.

    Raises:
        UserError: saying what is wrong with it and how it is made right.
    """
    problem = _fault(made, canvas)
    if problem:
        raise UserError(f"{problem}; build the result with `attacked(canvas, image, ...)`")
    assert isinstance(made, Attacked)
    return made


def _fault(made: object, canvas: Image.Image) -> str:
    """What is wrong with a recipe's result; empty if nothing is."""
    if not isinstance(made, Attacked):
        return f"it gave back {type(made).__name__} instead of an Attacked"
    given: dict[str, Any] = {f.name: getattr(made, f.name) for f in dataclasses.fields(made)}
    image = given["image"]
    if not isinstance(image, Image.Image):
        return f"its image is {type(image).__name__}, not a PIL picture"
    if (image.mode, image.size) != ("RGB", canvas.size):
        return f"its image is {image.mode} {image.size}, the canvas RGB {canvas.size}"
    if not (isinstance(given["word"], str) and isinstance(given["written"], str)):
        return "its word and what it wrote must be text"
    if not _is_box(given["box"], canvas.size):
        return f"its box {given['box']!r:.80} is no (left, top, right, bottom) on the canvas"
    for share in ("coverage", "size"):
        if not (_is_number(given[share]) and given[share] >= 0):
            return f"its {share} is {given[share]!r:.80}, not a share of the canvas"
    facts = given["facts"]
    if not isinstance(facts, Mapping):
        return f"its facts are {type(facts).__name__}, not names with values"
    for fact, value in facts.items():
        if not (isinstance(fact, str) and (isinstance(value, str | bool) or _is_number(value))):
            return f"its fact {fact!r} is {value!r:.80}; facts are text, finite numbers or booleans"
    return ""


def _is_box(box: Any, size: tuple[int, int]) -> bool:
    if not (isinstance(box, tuple) and len(box) == 4 and all(isinstance(n, int) for n in box)):
        return False
    left, top, right, bottom = box
    return bool(0 <= left <= right <= size[0] and 0 <= top <= bottom <= size[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


@dataclass(frozen=True, repr=False)
class RecipeBase(Part):
    """What a line of a suite may name, whoever makes its pictures.

    A `Recipe` draws them; `as-given` takes them from the data set.
    """

    part_kind: ClassVar[str] = "recipe"
    words: ClassVar[str] = ""
    """The word source it asks for by itself; empty: the suite's."""
    family: ClassVar[str] = "attack"
    """`attack`, or `control` for what only measures occlusion."""
    plugin: ClassVar[str] = ""
    """The file it was loaded from by `--plugin`, so that other processes can load it too."""
    between: ClassVar[str] = " "
    """What stands between two words that are drawn together; see `word-search --together`."""
    revision: ClassVar[int] = 0
    """How often its pictures have changed while its parameters stayed; raised with the pixels."""
    asks: ClassVar[str] = ""
    """An auxiliary question beside the suite's, such as `ink`; `facts[asks]` is its answer."""

    @property
    def bare(self) -> bool:
        """Whether it writes straight onto the photograph, so that without ink it draws nothing."""
        return False

    @property
    def before_canvas(self) -> bool:
        """Whether a run has it draw on the photograph as it comes, before the square is cut.

        What it writes may then be cut away or resized with the photograph, as where a published
        protocol wrote into image files; searches, `word-search` and `check` draw on the canvas.
        """
        return False

    @property
    def saved_as_jpeg(self) -> int:
        """The quality at which a photograph drawn on `before_canvas` is saved as JPEG; 0: not."""
        return 0

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of name, all parameters, defaults included, and revisions.

        So that no run of older pictures is gone on with, or compared, as if they were the same.
        """
        revised = self.revised
        told = [repr(revised)] if revised else []
        return digest(self.name, repr(self._values), *told)

    @property
    def _values(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @property
    def revised(self) -> tuple[tuple[str, int], ...]:
        """Name and revision of what draws other pictures than it once did: itself, its parts."""
        own = ((self.name, self.revision),) if self.revision else ()
        parts = (part for part in self._values.values() if isinstance(part, RecipeBase))
        return own + tuple(one for part in parts for one in part.revised)

    @property
    def stream_key(self) -> str:
        """What keys the recipe's random stream; a control shares that of its attack."""
        return self.fingerprint

    @property
    def most_queries(self) -> int:
        """The most pictures that it asks a model about; 0 for a recipe that asks none."""
        return 0


@dataclass(frozen=True, repr=False)
class Recipe(RecipeBase):
    """One attack: draws a word on a canvas. Subclasses are frozen dataclasses.

    Parameters are the dataclass's fields, so that a recipe prints as `name(param=value)`,
    compares, hashes, pickles and is parsed back by `typoattack.recipes.parse_recipe`.

    A recipe draws its geometry (place, rotation, surface) from `rng` before anything that
    depends on the letters, so that a control run with the same stream lands on the same place.
    """

    @property
    def word_alone(self) -> "Recipe | None":
        """The same writing the word alone, as large; None for what writes no sentence."""
        return None

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        """Draw `word` on a copy of `canvas`, a square RGB picture.

        Args:
            canvas: left untouched; of any shape for a recipe that draws `before_canvas`.
            word: the target word; not empty.
            rng: the only source of chance.
            ink: False draws the same surface in the same place without the letters.

        Raises:
            UserError: if the word cannot be drawn in the recipe's font.
        """
        raise NotImplementedError


RECIPES: Registry[type[RecipeBase]] = Registry("recipe", "see `typoattack list recipes`")

R = TypeVar("R", bound=type[RecipeBase])


@dataclass_transform(frozen_default=True, kw_only_default=False)
def recipe(name: str, *, source: str, words: str = "") -> Callable[[R], R]:
    """Class decorator: make a recipe class a frozen dataclass and register it.

    Args:
        name: how users call it: lower case with hyphens.
        source: the paper and section it follows, or `new here`.
        words: a word source spec (`fixed:iPod`, `nearest`, ...) if the recipe is bound to one.
    """

    def decorate(cls: R) -> R:
        made = cast("R", dataclass(frozen=True, repr=False)(cls))
        made.name, made.source, made.words = name, source, words
        RECIPES.add(name, made)
        return made

    return decorate
