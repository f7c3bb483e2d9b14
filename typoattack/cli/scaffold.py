"""What `typoattack new my-recipe` writes: a commented recipe that works, and its test."""

import re
from pathlib import Path
from typing import NamedTuple

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.recipes.base import RECIPES


class Scaffold(NamedTuple):
    """Two files to start from.

    Attributes:
        recipe_file: such as `my_recipe.py`.
        recipe: its text.
        test_file: such as `test_my_recipe.py`.
        test: its text.
    """

    recipe_file: str
    recipe: str
    test_file: str
    test: str


_RECIPE = '''"""{title}: say here what the attack looks like and where it was seen."""

from PIL import Image

from typoattack.drawing.colours import colour
from typoattack.drawing.fonts import find_face, tidy
from typoattack.drawing.lettering import printed
from typoattack.drawing.placement import Place, place
from typoattack.core.randomness import Rng
from typoattack.recipes.base import Attacked, Recipe, Share, attacked, recipe
from typoattack.recipes.parts import ColourName, FontName


# The name is what users write; the source is the paper and section, or "new here".
@recipe("{name}", source="new here")
class {class_name}(Recipe):
    """One line that `typoattack list recipes` shows.

    Attributes:
        size: width of the word as a share of the canvas.
        font: a font family of `typoattack list fonts`, or a style.
        ink: the letters' colour.
        place: where it goes.
    """

    # Every parameter is a field with a type and a default: it is checked when a user sets it,
    # printed in reports, and can be swept in a suite (`size: [0.2, 0.4]`).
    size: Share = 0.5
    font: FontName = "roboto"
    ink: ColourName = "red"
    place: Place = "avoid-centre"

    @property
    def bare(self) -> bool:
        # Letters without a surface: mirrored ones are the control then. Leave this out where
        # `ink=False` draws something, such as the label that the letters stand on.
        return True

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        text, side = tidy(word), canvas.width
        # All lengths scale with the canvas.
        room = (max(round(self.size * side), 1), max(round(0.3 * self.size * side), 1))
        # The place comes first and all chance from `rng`: so controls land on the same place.
        left, top = place(self.place, room, side, rng, photograph=canvas)
        face = find_face(self.font, text, rng, bold=True)
        letters = printed(text, face, room)
        # Never draw on the canvas itself.
        image = canvas.copy()
        if ink:  # `ink=False` asks for the same picture without the letters: the blank control
            image.paste(colour(self.ink), (round(left), round(top)), letters.ink)
        # `attacked` measures from the pixels where and how much was changed.
        return attacked(
            canvas,
            image,
            word=word,
            written=letters.written if ink else "",
            size=letters.em / side if ink else 0.0,
            facts={{"font": face.family}},
        )
'''

_TEST = '''"""The rules that every recipe keeps, as `typoattack check` asks for them."""

from pathlib import Path

import pytest

from typoattack.recipes.registry import load_plugin
from typoattack.testing import check_recipe

load_plugin(Path(__file__).with_name("{recipe_file}"))


@pytest.mark.parametrize("spec", ["{name}", "{name}(size=0.2)", '{name}(place="random")'])
def test_{module}_keeps_the_rules(spec: str) -> None:
    check_recipe(spec)
'''


def write_scaffold(name: str, folder: Path) -> tuple[Path, Path]:
    """Write the files for a new recipe into `folder`; their paths, the recipe first.

    Raises:
        UserError: as `scaffold`, and if a file stands there already or cannot be written.
    """
    made = scaffold(name)
    paths = folder / made.recipe_file, folder / made.test_file
    for path in paths:
        if path.exists():
            raise UserError(f"{str(path)!r} exists; move it away or choose another name")
    for path, text in zip(paths, (made.recipe, made.test), strict=True):
        write_whole(path, text.encode())
    return paths


def scaffold(name: str) -> Scaffold:
    """The files for a new recipe called `name`.

    Raises:
        UserError: if the name is taken, or not in lower case with hyphens.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 60:
        raise UserError(
            f"recipe name {name!r}: use lower case letters, digits and hyphens, such as my-recipe"
        )
    if name in RECIPES:
        raise UserError(f"recipe {name!r} exists already; choose another name")
    module = name.replace("-", "_")
    words = {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "module": module,
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "recipe_file": f"{module}.py",
    }
    return Scaffold(
        recipe_file=f"{module}.py",
        recipe=_RECIPE.format(**words),
        test_file=f"test_{module}.py",
        test=_TEST.format(**words),
    )
