"""What is done here, measured on pictures drawn for the purpose, where no constant says it."""

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from typoattack.core.randomness import stream
from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.fonts import families
from typoattack.drawing.geometry import Box
from typoattack.factory import load_model
from typoattack.recipes import Recipe, azuma2023, goh2021, parse_recipe
from typoattack.runner.draw import draw_word
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import templates
from typoattack.suite import load_suite

MEASURES: dict[str, Callable[[], Any]] = {}
"""Every measure by name."""


def measure(function: Callable[[], Any]) -> Callable[[], Any]:
    """Register a measure under its own name."""
    MEASURES[function.__name__] = function
    return function


def grain(width: int, height: int = 0) -> Image.Image:
    """A picture of which hardly a pixel has a pure colour, the same every time."""
    rng = stream("protocols", width, height or width)
    pixels = rng.integers(60, 196, (height or width, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def drawn(spec: str, word: str, side: int = 224, seed: int = 1) -> Image.Image:
    """What a recipe makes of `grain`."""
    return recipe(spec)(grain(side), word, stream(seed)).image


def recipe(spec: str) -> Recipe:
    """The recipe of a string."""
    return parse_recipe(spec)


def changed_box(before: Image.Image, after: Image.Image, window: Box | None = None) -> Box:
    """Where two pictures differ, in a window of them."""
    left, top, right, bottom = window or (0, 0, *before.size)
    differs = (np.asarray(before) != np.asarray(after)).any(axis=2)[top:bottom, left:right]
    rows, columns = np.where(differs)
    return (
        int(left + columns.min()),
        int(top + rows.min()),
        int(left + columns.max() + 1),
        int(top + rows.max() + 1),
    )


PALE = Image.new("RGB", (288, 288), (250, 250, 250))
"""A picture on which the faintest edge of an outline shows, and so does white."""


def goh_boxes() -> list[Box]:
    """The boxes of the eight copies of `pizza`, each in a window around its place."""
    after = recipe("goh2021")(PALE, "pizza", stream(1)).image
    return [
        changed_box(PALE, after, (left - 3, top - 2, left + 61, top + 25))
        for left, top in goh2021._PLACES
    ]


@measure
def goh_places() -> list[tuple[int, int]]:
    """Left and top of each copy."""
    return [box[:2] for box in goh_boxes()]


@measure
def goh_box() -> Box:
    """The first copy's box."""
    return goh_boxes()[0]


@measure
def goh_coverage() -> dict[str, float]:
    """Percent of the pixels that each of the nine words changes."""
    words = ("trash", "iPod", "rifle", "pizza", "radio", "shark", "library", "meow", "$$$")
    covers = {w: recipe("goh2021")(PALE, w, stream(1)).coverage for w in words}
    return {word: round(100 * share, 1) for word, share in covers.items()}


@measure
def goh_pairs() -> list[str]:
    """Which word is counted as which class, in the suite."""
    pairs = []
    for attack in load_suite("goh2021-imagenet").attacks:
        if not attack.control:
            target = attack.words.removeprefix("fixed:")
            pairs.append(f"{getattr(attack.recipe, 'text', '') or target} as {target}")
    return sorted(pairs)


@measure
def azuma_sizes() -> tuple[int, int]:
    """The smallest and the largest font size of a short word."""
    sizes = [recipe("azuma2023")(grain(224), "ox", stream(s)).size * 224 for s in range(300)]
    return round(min(sizes)), round(max(sizes))


@measure
def azuma_lines() -> dict[str, str]:
    """Where names of one to five words break."""
    names = ("ox", "tabby cat", "German shepherd dog", "a b c d", "a b c d e")
    return {name: " / ".join(azuma2023._broken(name)) for name in names}


@measure
def azuma_fits() -> str:
    """What a text may not reach, found by shrinking: the width at which a size is refused."""
    face = families()["tinos"].face(bold=False)
    widest = 0.0
    for length, size in itertools.product(range(1, 60), (20, 30, 40)):
        lines = ("m" * length,)
        wide, _ = azuma2023._extent(face, lines, azuma2023._fitting(face, lines, size), 4)
        widest = max(widest, wide)
    return "narrower than 224" if 200 < widest < 224 else f"up to {widest:.0f}"


@measure
def azuma_pitch() -> int:
    """Pixels between two lines beside the height of an `A`, the outline of 1 drawn."""
    face = families()["tinos"].face(bold=False)
    letters = azuma2023._set(face, ("HH", "HH"), 40, 1.0)
    rows = np.asarray(letters.ink).max(axis=1) > 128
    starts = np.flatnonzero(np.diff(rows.astype(int)) == 1)
    return int(starts[1] - starts[0]) - face.at(40).getbbox("A")[3]


@measure
def azuma_colours() -> list[str]:
    """The eight names."""
    return [name.capitalize() for name in PRIMARY]


@measure
def azuma_two_colours() -> bool:
    """Whether fill and outline always differ."""
    for seed in range(60):
        image = drawn("azuma2023(jpeg=0)", "HHHH", seed=seed)
        pixels = {tuple(p) for p in np.asarray(image).reshape(-1, 3).tolist()}
        if len(pixels & set(PRIMARY.values())) != 2:
            return False
    return True


@measure
def azuma_corners() -> list[str]:
    """Where the picture's edges a text may lie, over many draws: all of it, or how far in."""
    boxes = [recipe("azuma2023")(grain(224), "ox", stream(s)).box for s in range(300)]
    reach = [min(b[0] for b in boxes), min(b[1] for b in boxes)]
    reach += [224 - max(b[2] for b in boxes), 224 - max(b[3] for b in boxes)]
    return ["to every edge"] if max(reach) <= 24 else [str(reach)]


@measure
def cao_place() -> tuple[int, int]:
    """Left and top of the text's origin, from a letter drawn on a photograph of 500 × 375."""
    whole, face = grain(500, 375), families()["roboto"].face(bold=False).at(50)
    left, top, *_ = changed_box(whole, recipe("cao2023")(whole, "H", stream(1)).image)
    blank = Image.new("L", (99, 99))
    ImageDraw.Draw(blank).text((20, 20), "H", fill=255, font=face)
    ink = blank.getbbox() or (0, 0, 0, 0)
    return left - (ink[0] - 20), top - (ink[1] - 20)


@measure
def cao_long() -> str:
    """What becomes of a name that is too long."""
    whole = grain(300)
    made = recipe("cao2023")(whole, "black-and-tan coonhound puppies", stream(1))
    return "runs off" if made.box[2] == 300 and round(made.size * 300) == 50 else "set smaller"


@measure
def cao_stage() -> str:
    """On what it is drawn: whether a wide photograph's text begins outside of the square."""
    whole = grain(900, 300)
    canvas = square_canvas(whole, 300)
    made = draw_word(0, "a", canvas, recipe("cao2023"), "ox", 0, lambda: whole)
    return "the photograph at its own size" if made.coverage == 0 else "the square canvas"


@measure
def cao_file() -> str:
    """How the photograph passes through a file."""
    return f"JPEG, quality {recipe('cao2023').saved_as_jpeg}"


def _opened(kind: str, *names: str, as_published: bool = False) -> Any:
    """A data set of made pictures with these names."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            grain(16).save(Path(scratch) / name)
        return open_dataset(DatasetSpec(f"{kind}:{scratch}", as_published=as_published))


_TWO = ("label=dog_text=cat.jpeg", "label=cat_text=cow.png")


@measure
def rta_templates() -> list[str]:
    """The sentences of RTA-100 and PAINT."""
    return list(_opened("rta", *_TWO).task.templates)


@measure
def rta_classes() -> list[str]:
    """The answers among which RTA-100's and PAINT's pictures are classified."""
    return sorted(_opened("rta", *_TWO).task.class_names)


@measure
def rta_classes_as_published() -> list[str]:
    """The same with `--as-published`."""
    return sorted(_opened("rta", *_TWO, as_published=True).task.class_names)


@measure
def scam_templates() -> list[str]:
    """How many, the first and the last of SCAM's sentences."""
    told = templates("scam")
    return [str(len(told)), told[0], told[-1]]


@measure
def goh_is_bold() -> str:
    """The family and face of the letters."""
    return f"{recipe('goh2021').font}, bold"  # type: ignore[attr-defined]


@measure
def goh_copies() -> int:
    """How many copies there are."""
    return int(recipe("goh2021")(grain(288), "pizza", stream(1)).facts["copies"])


@measure
def cao_font() -> str:
    """The family that is drawn with."""
    return str(recipe("cao2023")(grain(300), "ox", stream(1)).facts["font"])


@measure
def azuma_fonts() -> list[str]:
    """The families that are drawn with."""
    made = (recipe("azuma2023")(grain(64), "ox", stream(seed)) for seed in range(60))
    return sorted({str(one.facts["font"]) for one in made})


@measure
def unit_text_features() -> str:
    """What a model's text features are averaged as, over the templates."""
    lengths = load_model("mini").encode_text(["a photo of a cat.", "a cat."]).norm(dim=-1)
    return "each of length 1" if bool(((lengths - 1).abs() < 1e-4).all()) else "as they come"
