"""Where a text breaks into lines, and how large it can then be set."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from typoattack.drawing.fonts import Face

_PROBE = 200
"""The size at which a face is measured; widths scale with size."""

_MOST_LINES = 8

_HYPHENS = re.compile(r"(?<=[^-]-)(?=[^-])")
"""Behind a hyphen within a word."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """How tall a text stands in a face, in ems.

    Attributes:
        top: from the baseline up to its tallest letter.
        bottom: from the baseline down to its lowest.
        pitch: between baselines.
    """

    top: float
    bottom: float
    pitch: float


def pieces(face: Face, text: str) -> Sequence[str]:
    """What of a line is drawn at once: a letter, or all of it where the script wants that."""
    return (text,) if face.shaped else text


@functools.lru_cache(maxsize=8192)
def advance(face: Face, pair: str) -> float:
    """From a letter to the next, in ems, kerning included; of one letter its own width."""
    font = face.at(_PROBE)
    if face.shaped:
        return font.getlength(pair) / _PROBE
    both = font.getlength(pair)
    return (both - font.getlength(pair[1:]) if len(pair) == 2 else both) / _PROBE


@functools.lru_cache(maxsize=8192)
def ink_box(face: Face, character: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a glyph's ink in ems, from the pen's place."""
    left, top, right, bottom = face.at(_PROBE).getbbox(character, anchor="ls")
    return left / _PROBE, top / _PROBE, right / _PROBE, bottom / _PROBE


@functools.lru_cache(maxsize=2048)
def width(face: Face, text: str) -> float:
    """The advance width of `text` in ems, the sum of its letters' advances."""
    if face.shaped:
        return advance(face, text)
    return sum(advance(face, text[i : i + 2]) for i in range(len(text)))


@functools.lru_cache(maxsize=2048)
def metrics(face: Face, text: str) -> Metrics:
    """The metrics of `text` in the face, measured on its letters and not read from the file.

    It stands at least as tall as a letter with an ascender, so that words without one are not
    blown up.
    """
    measured = {*pieces(face, text)} | (set() if face.shaped else {*"dk"})
    boxes = [ink_box(face, piece) for piece in sorted(measured)]
    top, bottom = max(-box[1] for box in boxes), max(max(box[3] for box in boxes), 0.0)
    return Metrics(top, bottom, top + bottom + 0.14)


@functools.lru_cache(maxsize=2048)
def fit(
    face: Face, text: str, room: tuple[int, int], *, hyphens: bool = False
) -> tuple[tuple[str, ...], float]:
    """The line breaks and the em in pixels at which `text` fills `room` = (width, height).

    Of all breaks at spaces, and after hyphens if `hyphens`, those are taken that allow the largest
    letters.
    """
    parts = [_HYPHENS.split(word) if hyphens else [word] for word in text.split(" ")]
    words = [part for word in parts for part in word]
    begins = [number == 0 for word in parts for number, _ in enumerate(word)]
    best: tuple[tuple[str, ...], float] = ((), 0.0)
    for count in range(1, min(len(words), _MOST_LINES) + 1):
        lines = _balanced(face, words, begins, count)
        em = largest_em(face, lines, room)
        if em > best[1] * 1.02:  # more lines only where they really pay
            best = (lines, em)
    return best


def largest_em(face: Face, lines: tuple[str, ...], room: tuple[int, int]) -> float:
    """The em in pixels at which `lines` fill `room`."""
    measure = metrics(face, " ".join(lines))
    tall = measure.top + measure.bottom + measure.pitch * (len(lines) - 1)
    wide = max(max(width(face, line) for line in lines), 1e-6)
    return min(room[0] / wide, room[1] / tall)


def _balanced(face: Face, words: list[str], begins: list[bool], count: int) -> tuple[str, ...]:
    """`words` in `count` lines, the widest as narrow as can be; a space before what `begins`."""
    sizes = [width(face, word) for word in words]
    space = width(face, " ")
    gaps = [space if begin else 0.0 for begin in begins]
    low, high = max(sizes), sum(sizes) + space * len(sizes)
    for _ in range(20):
        middle = (low + high) / 2
        if len(_greedy(sizes, gaps, middle)) <= count:
            high = middle
        else:
            low = middle
    lines, start = [], 0
    for length in _greedy(sizes, gaps, high):
        end = start + length
        joined = zip(begins[start:end], words[start:end], strict=True)
        lines.append(
            "".join(f" {word}" if begin else word for begin, word in joined).removeprefix(" ")
        )
        start = end
    return tuple(lines)


def _greedy(sizes: list[float], gaps: list[float], limit: float) -> list[int]:
    """How many words go on each line if none may be wider than `limit`."""
    counts, used = [0], 0.0
    for size, gap in zip(sizes, gaps, strict=True):
        if counts[-1] and used + gap + size > limit + 1e-9:
            counts.append(0)
            used = 0.0
        used += size + (gap if counts[-1] else 0.0)
        counts[-1] += 1
    return counts
