"""The fonts that recipes draw with: which there are, what they can draw, and the loaded faces."""

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from PIL import ImageFont, features

from typoattack.core.errors import UserError, unknown
from typoattack.core.randomness import Rng
from typoattack.core.resources import fonts_dir

_BLANK = " \xa0"

Style = Literal["printed", "handwriting", "fallback"]
STYLES: tuple[Style, ...] = ("printed", "handwriting")
"""The styles that recipes may ask for; no family of style `fallback` is drawn by lot."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font file.

    Attributes:
        family: the family's name in the registry, such as `courier-prime`.
        path: the TTF file.
        shaped: whether its script joins, stacks or turns letters, so that a line is drawn whole.
    """

    family: str
    path: Path
    shaped: bool = False

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The face at an em of `size` pixels, from a cache."""
        return _load(self.path, size, self.shaped)

    def missing(self, text: str) -> str:
        """The characters of `text` that the face has no glyph for, each once."""
        known = _characters(self.path)
        return "".join(dict.fromkeys(c for c in text if ord(c) not in known and c not in _BLANK))


@dataclass(frozen=True, slots=True)
class Family:
    """A font family of `fonts/families.yaml`.

    Attributes:
        name: its folder, and what recipes call it.
        title: its own name, such as `Courier Prime`.
        style: printed or handwriting; `fallback` for letters that neither has.
        look: a few words for `typoattack list fonts`.
        faces: `regular`, `bold` or both.
        scripts: the scripts it covers: latin, greek, cyrillic, japanese, …
        licence: SPDX identifier; the text lies beside the files.
        source: package and version the files were taken from.
        joined: whether its letters hold hands, as in cursive.
    """

    name: str
    title: str
    style: Style
    look: str
    faces: Mapping[str, Face]
    scripts: tuple[str, ...]
    licence: str
    source: str
    joined: bool = False

    def face(self, *, bold: bool) -> Face:
        """The bold or the regular face, or the only one there is."""
        wanted = "bold" if bold else "regular"
        return self.faces.get(wanted) or next(iter(self.faces.values()))


@functools.cache
def families() -> Mapping[str, Family]:
    """Every family by name, read once from `fonts/families.yaml`.

    Raises:
        UserError: if the file or a font it names is missing.
    """
    listing = fonts_dir() / "families.yaml"
    if not listing.is_file():
        raise UserError(f"the fonts are missing: no {listing.name} in {listing.parent}; reinstall")
    entries = yaml.safe_load(listing.read_text("utf-8"))
    return MappingProxyType({name: _family(name, entry) for name, entry in entries.items()})


def _family(name: str, entry: Mapping[str, Any]) -> Family:
    shaped = entry.get("shaped", False)
    faces = {w: Face(name, fonts_dir() / name / file, shaped) for w, file in entry["faces"].items()}
    for face in faces.values():
        if not face.path.is_file():
            raise UserError(f"font {name!r}: the file {face.path.name} is missing; reinstall")
    return Family(
        name=name,
        title=entry["family"],
        style=entry["style"],
        look=entry["look"],
        faces=MappingProxyType(faces),
        scripts=tuple(entry["scripts"]),
        licence=entry["licence"],
        source=entry["source"],
        joined=entry.get("joined", False),
    )


@functools.lru_cache(maxsize=128)
def _load(path: Path, size: int, shaped: bool) -> ImageFont.FreeTypeFont:
    # The basic layout engine: the same glyphs whether or not the system has libraqm, but for
    # scripts that cannot be written without.
    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(path), size, layout_engine=engine)


@functools.cache
def _characters(path: Path) -> frozenset[int]:
    """The code points a font file has glyphs for."""
    from fontTools.ttLib import TTFont  # slow to import, so only when a font is used

    with TTFont(path, lazy=True) as font:
        # Any names will do: reading the glyphs' own takes twice as long as all else.
        font.setGlyphOrder([str(number) for number in range(font["maxp"].numGlyphs)])
        return frozenset(font.getBestCmap())


@functools.cache
def fonts_with(character: str) -> frozenset[Path]:
    """The font files of all families that have a glyph for a character."""
    faces = (face for family in families().values() for face in family.faces.values())
    return frozenset(face.path for face in faces if not face.missing(character))


_BREAKS = re.compile(r"[ \t\n\r\f\v\x85\u2028\u2029]+")
"""Where a text may break. A no-break space is none."""


def tidy(word: str) -> str:
    """`word` as it is drawn: composed accents (NFC), single spaces, no line breaks.

    Raises:
        UserError: if nothing is left to write.
    """
    text = " ".join(_BREAKS.split(unicodedata.normalize("NFC", word).strip()))
    if not text:
        raise UserError(f"the word {word!r} has nothing to write; give it at least one letter")
    return text


def find_face(font: str, text: str, rng: Rng, *, bold: bool = False) -> Face:
    """The face for `font`: a family's name, or a style to draw one of its families by lot.

    One number is drawn from `rng` whatever `font` is, so that two recipes which differ in the
    font alone stay in step. Text in a script that `font` lacks, and all text that runs from the
    right, is drawn in the family of style `fallback` that has all of it, where there is one.

    Raises:
        UserError: for an unknown font, or if it lacks a glyph that `text` needs.
    """
    lot = rng.random()
    if _runs_from_the_right(text) and (font in STYLES or font in families()):
        for face in _fallback(text):
            return face
        raise UserError(f"no font can draw {text[:60]!r}, which runs from the right")
    if font not in STYLES:
        return _named_face(font, text, bold=bold)
    drawn = [family.face(bold=bold) for family in families().values() if family.style == font]
    able = [face for face in drawn if not face.missing(text)] or _fallback(text)
    if not able:
        who = f"no {font} font"
        raise UserError(f"{who} can draw {_named(_lacking(drawn, text))} of {text[:60]!r}")
    return able[int(lot * len(able))]


def _fallback(text: str) -> list[Face]:
    """The first face for scripts of their own that has all of `text`, if any."""
    # The large fonts come last and are opened only where no other will do.
    return list(islice((face for face in _fallbacks() if not face.missing(text)), 1))


def _fallbacks() -> list[Face]:
    """The faces for scripts of their own that this Pillow can set."""
    faces = (f.face(bold=True) for f in families().values() if f.style == "fallback")
    shaping = features.check("raqm")
    return [face for face in faces if shaping or not face.shaped]


def _lacking(faces: Sequence[Face], text: str) -> str:
    """What stands in the way of drawing `text`: what the font that has most of it lacks."""
    return min((face.missing(text) for face in [*faces, *_fallbacks()]), key=len)


def _of_a_style(text: str) -> bool:
    """Whether a family that recipes may ask for has all of `text`."""
    asked = (f.face(bold=True) for f in families().values() if f.style in STYLES)
    return any(not face.missing(text) for face in asked)


def _runs_from_the_right(text: str) -> bool:
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def can_draw(font: str, text: str, *, bold: bool = False) -> bool:
    """Whether `find_face` has a face with every glyph of `text` for a family or a style.

    A fallback in Chinese, Japanese or Korean letters counts only where no family of any style has
    them, so that whoever chooses among fonts takes M PLUS for what M PLUS has.
    """
    known = families().values()
    if not _runs_from_the_right(text) and any(
        not family.face(bold=bold).missing(text)
        for family in known
        if font in (family.name, family.style)
    ):
        return True
    return any(face.shaped or not _of_a_style(text) for face in _fallback(text))


def _named_face(font: str, text: str, *, bold: bool) -> Face:
    known = families()
    if font not in known:
        raise unknown("font", font, [*known, *STYLES], "see `typoattack list fonts`")
    face = known[font].face(bold=bold)
    if face.missing(text):
        for other in _fallback(text):
            return other
        raise UserError(
            f"font {font!r} cannot draw {_named(_lacking([face], text))} of {text[:60]!r}; "
            f"choose another with `font=`, see `typoattack list fonts`"
        )
    return face


def _named(characters: str) -> str:
    """Characters as an error shows them, with their Unicode names."""
    first = characters[0]
    name = unicodedata.name(first, "no name")
    more = f" and {len(characters) - 1} more" if len(characters) > 1 else ""
    return f"{first!r} (U+{ord(first):04X} {name}){more}"
