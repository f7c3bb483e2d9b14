"""Finds a note on a photograph: the paper around the word that is known to stand on it.

The word comes from the file's name. `find_text` of the extra `ocr` finds written regions and reads
them; from the one that reads most like the word, what has the paper's colour is filled outwards.
The same finder is used on photographed and drawn notes, so that its faults are those of both.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidfuzz import fuzz

from typoattack.defences.mask_text import TextRegion, find_text

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_ALIKE = 50.0
"""Percent of a word's letters that a region's reading must share with it."""

_APART = (12.0, 9.0, 6.5)
"""How far, in CIE Lab, paper may lie from the paper beside the letters; the first that gives a
plain shape is taken: light falls off across a note, and a light ground is hard to tell from it."""

_LEAST, _MOST = 0.006, 0.45
"""A note's share of the picture."""

WIDEST = 7.5
"""The most times a note is as large as the box of its word; more is an object of its colour."""

_SMOOTH = 0.003

_FILLED = 0.82
"""The least share of its smallest turned rectangle, or of its hull, that a note fills."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was found.

    Attributes:
        mask: (height, width) of the paper, letters included.
        ink: (height, width) of the letters on it.
        corners: (4, 2) of the smallest turned rectangle around it, x and y in pixels.
        text: (4, 2) of the word's box.
    """

    mask: Mask
    ink: Mask
    corners: Floats
    text: Floats


def find_note(picture: Image.Image, word: str) -> Note | str:
    """The note that says `word`, or in a few words why there is none to be relied on.

    Args:
        picture: RGB.
        word: what is written, in any case.
    """
    region = _best(find_text(picture, 0.4, recognise=True), word)
    if region is None:
        return "word not read"
    pixels = np.asarray(picture)
    paper = _paper(pixels, region.corners)
    problems = []
    for apart in _APART:
        mask = _filled(paper < apart, region.corners)
        problem = "no paper around the word" if mask is None else _problem(mask, region.corners)
        problems.append(problem)
        if mask is not None and not problem:
            break
    else:
        return problems[0]
    points = cv2.findNonZero(mask.astype(np.uint8))
    corners = cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float32)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2) > 0
    return Note(mask, _ink(pixels, mask, inner), corners, region.corners)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9$]", "", text.lower())


def _best(regions: Sequence[TextRegion], word: str) -> TextRegion | None:
    """The region that reads most like the word, if any does."""
    scored = [(fuzz.ratio(_plain(r.text), _plain(word)), -n, r) for n, r in enumerate(regions)]
    scored = [one for one in scored if one[0] >= _ALIKE]
    return max(scored)[2] if scored else None


def _paper(pixels: Pixels, corners: Floats) -> Floats:
    """(height, width) distance of each pixel, in Lab, from the paper beside the letters."""
    lab = cv2.cvtColor(
        cv2.GaussianBlur(pixels, (0, 0), _SMOOTH * len(pixels)).astype(np.float32) / 255,
        cv2.COLOR_RGB2LAB,
    )
    inside = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners).astype(np.int32), 1)
    within = lab[inside > 0]
    bright = within[within[:, 0] >= np.percentile(within[:, 0], 55)]
    paper = np.median(bright, axis=0)
    # Half as strict in lightness as in colour: light falls off across a note, its colour stays.
    apart = (lab - paper) * np.float32([0.5, 1, 1])
    return np.sqrt((apart**2).sum(axis=2)).astype(np.float32)


def _filled(paper: Mask, corners: Floats) -> Mask | None:
    """The paper that holds the word, its letters and the box of its word filled in."""
    like = paper.astype(np.uint8)
    like = cv2.morphologyEx(like, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    box = np.zeros_like(like)
    cv2.fillConvexPoly(box, np.rint(corners).astype(np.int32), 1)
    _, labels = cv2.connectedComponents(like, connectivity=4)
    held = np.bincount(labels[(box > 0) & (like > 0)].ravel(), minlength=1)
    held[0] = 0
    if not held.any():
        return None
    wanted = np.flatnonzero(held > 0.05 * held.sum())
    mask = np.isin(labels, wanted).astype(np.uint8)
    # Letters are closed over, and what hangs on by a thread is cut off.
    stroke = _disc(0.03 * float(cv2.contourArea(corners)) ** 0.5 + 1)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, stroke) | _shrunk(box, corners)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, stroke)
    if not mask.any():
        return None
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(mask)
    cv2.drawContours(whole, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return whole > 0


def _disc(radius: float) -> Pixels:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _shrunk(box: Pixels, corners: Floats) -> Pixels:
    """The word's box, a tenth of its height less on each side: the finder's is wide."""
    height = min(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[0] - corners[1]))
    return np.asarray(cv2.erode(box, _disc(0.14 * float(height))), np.uint8)


def _problem(mask: Mask, corners: Floats) -> str:
    """Why a mask is no note; empty if it may be one."""
    share, word = float(mask.mean()), float(cv2.contourArea(corners)) / mask.size
    rim = [mask[0], mask[-1], mask[:, 0], mask[:, -1]]
    if sum(int(line.sum()) for line in rim) > 0.08 * len(mask):
        return "runs off the picture"
    if not _LEAST <= share <= _MOST:
        return "too small or too large"
    if share > WIDEST * word:
        return "runs into what is behind it"
    if share < 0.7 * word:
        return "no more than the word's box"
    outline = max(
        cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0],
        key=cv2.contourArea,
    )
    hull = float(cv2.contourArea(cv2.convexHull(outline)))
    if cv2.contourArea(outline) < _FILLED * hull:
        return "no plain shape"
    wide, tall = cv2.minAreaRect(outline)[1]
    # A note around a cup is no rectangle, its hull is still most of one.
    if cv2.contourArea(outline) < 0.72 * wide * tall:
        return "no plain shape"
    return ""


def _ink(pixels: Pixels, mask: Mask, inner: Mask) -> Mask:
    """What on the paper is as dark, against the paper around it, as letters are."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    wide = 0.15 * float(mask.sum()) ** 0.5
    paper = mask.astype(np.float32)
    for _ in range(2):
        weight = cv2.GaussianBlur(paper, (0, 0), wide) + np.float32(1e-4)
        ground = cv2.GaussianBlur(lab * paper[:, :, None], (0, 0), wide) / weight[:, :, None]
        apart = np.sqrt(((lab - ground) ** 2).sum(axis=2))
        # The second time without what stood out the first: the letters.
        paper = (mask & (apart < 8)).astype(np.float32)
    if not inner.any():
        return inner
    full = float(np.percentile(apart[inner], 98))
    return np.asarray(inner & (apart > max(full / 2, 8.0)))


def real_photographs(folder: Path) -> list[tuple[Path, str, str, str]]:
    """Photographs with a note: file, set, object and word, from their names."""
    found = []
    for path in sorted(folder.glob("goh2021/in-the-wild-*/*.jpg")):
        thing, _, word = path.stem.partition("-")
        if word != "blank":
            found.append((path, f"goh/{path.parent.name[-1]}", thing, word))
    for path in sorted(folder.glob("rta100-part/*.jpg")):
        name = re.fullmatch(r"label=(.+)_text=(.+)", path.stem)
        if name:
            found.append((path, "rta100", name[1], name[2]))
    return found
