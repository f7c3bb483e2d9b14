"""Contact sheets: what recipes draw, side by side, for `typoattack show` and the README."""

import io
import itertools
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from typoattack.core.call import parse_values
from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.drawing.fonts import families
from typoattack.recipes import parse_recipe
from typoattack.recipes.base import Recipe
from typoattack.recipes.registry import build_recipe
from typoattack.runner.draw import draw_word
from typoattack.runner.photographs import Photograph, photograph
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.choose import first, spread

_PAPER, _TEXT = (255, 255, 255), (40, 40, 44)
_KINDS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP"}


def write_sheet(
    recipes: Sequence[str],
    out: str | Path,
    *,
    words: Sequence[str] = ("pizza",),
    sweeps: Sequence[str] = (),
    dataset: str = "bundled",
    photographs: int = 4,
    clean: bool = False,
    seed: int = 0,
    cell: int = 224,
    canvas: int = 448,
    across: int = 1,
    in_order: bool = False,
) -> None:
    """Write a contact sheet of recipes on some of a data set's photographs.

    Args:
        recipes: recipe strings, a row each.
        out: the file: PNG, or JPEG or WebP by its ending.
        words: target words, in turn over the photographs.
        sweeps: `PARAM=VALUE,VALUE,…`: each recipe once for every value.
        dataset: a data set's spec.
        photographs: how many columns.
        clean: begin with a row of the photographs as they are.
        seed: as a suite's.
        cell: side of each picture in pixels.
        canvas: side of the canvas that is drawn on.
        across: how many recipes stand beside one another.
        in_order: the first photographs, in place of some that are spread over the classes.

    Raises:
        UserError: for an unknown recipe, parameter or data set, a photograph that cannot be
            decoded, or another ending.
    """
    kind = _KINDS.get(Path(out).suffix.lower())
    if kind is None:
        raise UserError(f"contact sheet {str(out)!r}: end its name in {', '.join(_KINDS)}")
    swept = parse_sweeps(sweeps)
    rows = [made for text in recipes for made in variants(parse_recipe(text), swept)]
    data = open_dataset(DatasetSpec(dataset))
    chosen = first(data, photographs) if in_order else spread(data, photographs, seed)
    columns = [photograph(data, index, canvas) for index in chosen]
    sheet = contact_sheet(rows, columns, words, seed=seed, cell=cell, clean=clean, across=across)
    encoded = io.BytesIO()
    sheet.save(encoded, kind, quality=88)
    write_whole(Path(out), encoded.getvalue())


def variants(recipe: Recipe, sweep: Mapping[str, Sequence[Any]]) -> list[Recipe]:
    """The recipe with every combination of the values of some parameters.

    >>> from typoattack.recipes import parse_recipe
    >>> variants(parse_recipe("printed-label"), {"size": [0.2, 0.4]})
    [printed-label(size=0.2), printed-label(size=0.4)]

    Raises:
        UserError: for an unknown parameter or a wrong value.
    """
    given = {name: value for name, value in recipe.params.items() if name not in sweep}
    return [
        build_recipe(type(recipe), [], {**given, **dict(zip(sweep, values, strict=True))})
        for values in itertools.product(*sweep.values())
    ]


def parse_sweeps(texts: Sequence[str]) -> dict[str, list[Any]]:
    """The parameters and values of texts such as `size=0.1,0.2` or `ink="red","blue"`.

    Raises:
        UserError: for a text without `=` or values.
    """
    made = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (equals and name.strip() and values.strip()):
            raise UserError(f"sweep {text!r} is written PARAM=VALUE,VALUE,…")
        made[name.strip()] = list(parse_values(values, "sweep"))
    return made


def contact_sheet(
    rows: Sequence[Recipe],
    photographs: Sequence[Photograph],
    words: Sequence[str],
    *,
    seed: int = 0,
    cell: int = 224,
    clean: bool = False,
    across: int = 1,
) -> Image.Image:
    """A picture with a row a recipe and a column a photograph, each row under its recipe string.

    Args:
        rows: recipes, or `variants` of one.
        photographs: what is drawn on.
        words: target words, in turn over the columns; a recipe bound to a word writes its own.
        seed: as the suite's.
        cell: side of each picture in pixels.
        clean: begin with a row of the photographs as they are.
        across: how many recipes stand beside one another.

    Raises:
        UserError: without rows, photographs or words, or for a word that cannot be drawn.
    """
    if not (rows and photographs and words):
        raise UserError("a contact sheet needs at least one recipe, photograph and word")
    pictures = [(str(recipe), _drawn(recipe, photographs, words, seed)) for recipe in rows]
    if clean:
        pictures.insert(0, ("clean", [p.canvas for p in photographs]))
    return _laid_out(pictures, cell, across)


Strip = tuple[str, list[Image.Image]]
"""A caption and the pictures under it."""


def _laid_out(strips: Sequence[Strip], cell: int, across: int) -> Image.Image:
    """The strips on one sheet, `across` of them beside one another."""
    gap, font = max(cell // 40, 3), families()["roboto"].face(bold=False).at(max(cell // 15, 10))
    wide = len(strips[0][1]) * (cell + gap)
    letters = max(int((wide - gap) / font.getlength("n")), 10)
    captions = [textwrap.wrap(caption, letters) for caption, _ in strips]
    line = round(font.size * 1.3)
    lines = [captions[i : i + across] for i in range(0, len(captions), across)]
    deep = [max(map(len, these)) * line for these in lines]
    tall = gap + sum(depth + cell + 2 * gap for depth in deep)
    sheet = Image.new("RGB", (min(across, len(strips)) * wide + gap, tall), _PAPER)
    draw, top = ImageDraw.Draw(sheet), gap
    for row, depth in enumerate(deep):
        for place, (_, pictures) in enumerate(strips[row * across : (row + 1) * across]):
            left = gap + place * wide
            for number, text in enumerate(lines[row][place]):
                draw.text((left, top + number * line), text, _TEXT, font)
            for column, picture in enumerate(pictures):
                small = picture.resize((cell, cell), Image.Resampling.LANCZOS)
                sheet.paste(small, (left + column * (cell + gap), top + depth))
        top += depth + cell + 2 * gap
    return sheet


def _drawn(
    recipe: Recipe, photographs: Sequence[Photograph], words: Sequence[str], seed: int
) -> list[Image.Image]:
    """One row: each photograph as a run with this seed would draw it."""
    kind, _, bound = recipe.words.partition(":")
    own = {"fixed": [bound], "list": bound.split(",")}.get(kind, words)
    row = []
    for i, shown in enumerate(photographs):
        word = (shown.name or own[0]) if kind == "true" else own[i % len(own)]
        row.append(draw_word(seed, shown.id, shown.canvas, recipe, word, 0, shown.load).image)
    return row
