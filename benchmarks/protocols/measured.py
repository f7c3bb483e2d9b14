"""What is done here, measured on pictures drawn for the purpose, where no constant says it."""

import itertools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw

from typoattack.core.randomness import stream
from typoattack.defences.mirror import Mirror
from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.colours import PRIMARY
from typoattack.drawing.fonts import families
from typoattack.drawing.geometry import Box
from typoattack.drawing.pillow_text import extent, set_text
from typoattack.factory import load_model
from typoattack.metrics.all_pictures import all_pictures
from typoattack.metrics.likeness import spelling
from typoattack.models.base import Lineage
from typoattack.recipes import Recipe, azuma2023, goh2021, lin2023, parse_recipe, wang2025
from typoattack.runner.draw import draw_word
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import templates
from typoattack.suite import load_suite
from typoattack.units import reading_heads
from typoattack.words import apportion

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
        wide, _ = extent(face, lines, azuma2023._fitting(face, lines, size), 4)
        widest = max(widest, wide)
    return "narrower than 224" if 200 < widest < 224 else f"up to {widest:.0f}"


@measure
def azuma_pitch() -> int:
    """Pixels between two lines beside the height of an `A`, the outline of 1 drawn."""
    face = families()["tinos"].face(bold=False)
    letters = set_text(face, ("HH", "HH"), 40, stroke=1)
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


@measure
def canvas_rule() -> str:
    """How a photograph becomes a canvas."""
    whole = Image.new("RGB", (300, 100), (0, 0, 0))
    whole.paste((255, 255, 255), (100, 0, 200, 100))
    inside = np.asarray(square_canvas(whole, 100)).mean()
    return "the centre square" if inside > 250 else "squeezed"


@measure
def lemesle_size() -> int:
    """The font size on a picture of 500 pixels."""
    return round(recipe("lemesle2022")(grain(500), "ox", stream(1)).size * 500)


def font_of(spec: str) -> str:
    """The family that a recipe draws with."""
    return str(recipe(spec)(grain(300), "ox", stream(1)).facts["font"])


@measure
def lemesle_font() -> str:
    """Its family."""
    return font_of("lemesle2022")


def place_of(spec: str, short: str, long: str) -> str:
    """Whether a short word lies in the middle, and what becomes of a long one."""
    blank = recipe(spec)(grain(224), short, stream(1), ink=False).image
    left, _, right, _ = changed_box(blank, drawn(spec, short))
    edges = changed_box(blank, drawn(spec, long))
    middle = "centred" if abs(left + right - 224) <= 6 else "aside"
    return f"{middle}, long words {'run off' if edges[0] <= 1 and edges[2] >= 223 else 'shrink'}"


@measure
def lemesle_place() -> str:
    """Where it stands."""
    return place_of("lemesle2022", "HHH", "HHHHHHHHHHHHHHHH")


@measure
def lin_place() -> str:
    """Where it stands."""
    return place_of("lin2023", "HHH", "HHHHHHHHHHHHHHHH")


@measure
def lin_font() -> str:
    """Its family."""
    return font_of("lin2023")


@measure
def lin_sizes() -> tuple[int, int]:
    """The canvas for which its font size is given, and that."""
    return 224, round(recipe("lin2023")(grain(224), "ox", stream(1)).size * 224)


@measure
def lin_styles() -> list[str]:
    """Their names, letters first."""
    return list(lin2023.STYLES)


@measure
def lin_grey() -> tuple[int, int, int]:
    """The grey ground."""
    return lin2023.STYLES["white on grey"][1]


@measure
def qraitem_photograph() -> str:
    """Whether the photograph between the bars is the canvas, made smaller."""
    canvas = grain(300)
    small = canvas.resize((200, 200), Image.Resampling.BICUBIC)
    made = recipe("qraitem2024")(canvas, "some words and more", stream(1)).image
    same = made.crop((50, 50, 250, 250)).tobytes() == small.tobytes()
    return "whole, nothing written on it" if same else "written on"


@measure
def qraitem_font() -> str:
    """Its family."""
    return font_of("qraitem2024")


@measure
def qraitem_wrap() -> int:
    """The most letters that stay on one line, found by writing more and more."""
    pale = Image.new("RGB", (768, 768), (250, 250, 250))
    blank = recipe("qraitem2024")(pale, "x", stream(1), ink=False).image

    def tall(letters: int) -> int:
        word = f"x {'x' * (letters - 2)}"
        made = recipe("qraitem2024")(pale, word, stream(1)).image
        box = changed_box(blank, made)
        return box[3] - box[1]

    return next(n for n in range(4, 60) if tall(n + 1) > tall(4))


@measure
def qraitem_place() -> str:
    """Where the text begins."""
    blank = recipe("qraitem2024")(grain(300), "HHH", stream(1), ink=False).image
    left, top, *_ = changed_box(blank, drawn("qraitem2024", "HHH", 300))
    at_corner = left - 50 <= 3 and top <= 8
    return "the upper bar's upper left corner" if at_corner else f"({left}, {top})"


@measure
def lemesle_spelling() -> str:
    """Whose similarity of two words it is, by one that is worked out in Winkler 1990."""
    return (
        "Jaro–Winkler, of switched and of kept answers"
        if (round(spelling("martha", "marhta"), 4) == 0.9611)
        else "another"
    )


@measure
def all_pictures_counted() -> str:
    """Which pictures the accuracy is over."""
    counted = pd.DataFrame(
        {
            "model": "m",
            "family": ["clean", "attack"],
            "recipe": ["clean", 'as-given("attacked")'],
            "sample": ["a", "a"],
            "label": 0,
            "word": ["", "dog"],
            "correct": [True, False],
        }
    )
    (found,) = all_pictures(counted)
    return "all, clean ones too" if found.accuracy.value == 0.5 else "some"


@measure
def wang_stage() -> str:
    """On what it is drawn."""
    early = recipe("wang2025").before_canvas
    return "the photograph at its own size" if early else "the square canvas"


@measure
def wang_font() -> str:
    """Its family."""
    return font_of("wang2025")


@measure
def wang_capital() -> int:
    """How high an `H` is."""
    dark = Image.new("RGB", (400, 400))
    made = recipe("wang2025(copies=1)")(dark, "H", stream(1)).image
    rows = (np.asarray(made)[:, :, 0] > 128).any(axis=1)
    return int(rows.sum())


@measure
def wang_overlap() -> str:
    """Whether a corner of a copy's box lies in another's, over many draws."""
    size, room = (60, 22), (440, 353)
    for seed in range(50):
        boxes: list[Box] = []
        for tries in stream("wang", seed).random((8, 200, 2)).tolist():
            x, y = wang2025._free(tries, room, size, boxes)
            corners = itertools.product((x, x + size[0]), (y, y + size[1]))
            if any(b[0] < cx < b[2] and b[1] < cy < b[3] for cx, cy in corners for b in boxes):
                return "a corner may lie in another's box"
            boxes.append((x, y, x + size[0], y + size[1]))
    return "no corner lies in another's box"


@measure
def wang_repeats() -> str:
    """How many photographs a word comes on, of as many photographs as there are classes."""
    names = [f"class {number}" for number in range(20)]
    labels = {f"photograph {number}": number % 7 for number in range(20)}
    shares = apportion(labels, names, 1, seed=0)
    words = [names[share[0]] for share in shares.values()]
    return "once" if len(set(words)) == len(words) else "several times"


@measure
def wang_wide() -> str:
    """What becomes of a word that is wider than the photograph."""
    made = recipe("wang2025")(grain(64), "groenendael", stream(1))
    return "is not written" if made.coverage == 0 and not made.written else "is written"


@measure
def hufe_sizes() -> list[int]:
    """Font sizes of a word that fits, of one that fits halved, of one that is longer."""
    words = ("ox", "red-backed sandpiper", "x" * 40)
    made = (recipe("hufe2026")(grain(224), word, stream(1)) for word in words)
    return [round(one.size * 224) for one in made]


@measure
def hufe_lines() -> int:
    """Lines of a name of three words, by the gaps between its rows."""
    made = recipe("hufe2026(jpeg=0)")(grain(224), "Oak Elm Ash", stream(1))
    before, after = np.asarray(grain(224)), np.asarray(made.image)
    rows = (before != after).any(axis=(1, 2))
    return int((np.diff(rows.astype(int)) == 1).sum() + int(rows[0]))


@measure
def bundled_templates() -> str:
    """How many sentences the bundled photographs are asked with, and the first."""
    told = open_dataset(DatasetSpec("bundled")).task.templates
    return f"{len(told)}, the first {told[0]}"


class _Toy:
    """An encoder whose features say which side of a picture is bright."""

    fingerprint = "toy"

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, s, s) to (n, 2): one pair of features a picture, another its mirror image."""
        left_is_bright = batch[:, 0, :, 0].mean(dim=1) > batch[:, 0, :, -1].mean(dim=1)
        straight, flipped = torch.tensor([0.6, 0.8]), torch.tensor([0.8, -0.6])
        return torch.where(left_is_bright[:, None], straight, flipped)


def _mirrorclip(batch: torch.Tensor) -> torch.Tensor:
    toy: Any = _Toy()
    toy.lineage, toy.reads, toy.note, toy.name_prefix = Lineage("toy"), True, "", ""
    toy.image_size, toy.logit_scale, toy.logit_bias = 4, 1.0, None
    return Mirror(keep="mirrorclip").wrap(toy).encode_image(batch)


def _bright_left() -> torch.Tensor:
    picture = torch.zeros(1, 3, 4, 4)
    picture[..., 0] = 1
    return picture


@measure
def mirror_rule() -> list[float]:
    """What two pairs of features become."""
    return [round(float(value), 3) for value in _mirrorclip(_bright_left())[0]]


@measure
def mirror_axis() -> str:
    """Which way a picture is mirrored."""
    changed = _mirrorclip(_bright_left())[0, 0] > 0.7
    return "left and right of the model's input" if changed else "above and below"


def _heads(clean: float) -> list[reading_heads.Step]:
    """The steps of a search in which every head helps and costs so much."""

    def accuracies(off: Sequence[reading_heads.Head]) -> tuple[float, float]:
        return 0.9 - clean * len(off), 0.1 * len(off)

    scores = {(0, 0): 0.2, (0, 1): 0.9, (1, 0): 0.5}
    return reading_heads.select_heads(scores, accuracies)[0]


@measure
def heads_order() -> str:
    """In which order heads are tried."""
    tried = [step.score for step in _heads(0)]
    return "greatest score first" if tried == [0.9, 0.5, 0.2] else str(tried)


@measure
def heads_last() -> bool:
    """Whether the head whose loss ends the search stays off."""
    (only,) = _heads(0.02)
    return only.kept


@measure
def heads_silence() -> str:
    """Which tokens miss a head that is off."""
    field = torch.ones(1, 5, 3, 2)
    changed = reading_heads._silent_to_class([1])(field)
    missing = (changed != field).any(dim=(0, 2, 3)).nonzero().flatten().tolist()
    others = bool((changed[:, :, [0, 2]] == 1).all())
    return "write to the class token" if missing == [0] and others else f"write to {missing}"


@measure
def materzynska_synthetic() -> str:
    """What the recipe writes, in a line."""
    made = recipe("materzynska2022-synthetic")
    size = round(made(grain(224), "abc", stream(1)).size * 224)
    return f"{made.words}, {font_of(made.name)} bold, {size} pixels of 224, centred"
