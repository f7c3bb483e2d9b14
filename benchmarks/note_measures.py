"""What can be measured of a note on a picture, photographed or drawn alike.

Lengths are in pixels of the picture or shares of the note; lightness and colours are CIE Lab.
"""

from collections.abc import Mapping
from itertools import pairwise

import cv2
import numpy as np
from note_finder import Floats, Mask, Note, Pixels
from PIL import Image

Measures = Mapping[str, float]

LOOK = {
    "coverage": "share of the picture that the note covers",
    "middle_x": "its middle, share of the width from the left",
    "middle_y": "its middle, share of the height from the top",
    "aspect": "its shorter over its longer side",
    "tilt": "degrees it is turned, either way",
    "keystone": "opposite sides' difference in length, share of the longer (perspective)",
    "paper_light": "lightness of the paper, 0 to 100",
    "paper_chroma": "colour of the paper: distance from grey",
    "ground_light": "lightness of what is around it",
    "contrast": "lightness, paper less surroundings",
    "light_slope": "how far lightness falls across the note",
    "shade": "how much darker the nearest surroundings are than those a little further off",
    "ink_contrast": "lightness, paper less ink",
    "stroke": "width of a stroke over the note's shorter side",
    "word_width": "width of the word over the note's longer side",
}
"""What a note looks like: place, size, light and letters."""

TRACES = {
    "border_blur": "pixels over which lightness changes at the note's border",
    "stroke_blur": "the same at the letters' edges",
    "border_rel": "the border's over the sharpest edges' of the surroundings",
    "noise": "noise of the paper's lightness (Immerkær)",
    "noise_rel": "over that of the surroundings",
    "noise_colour": "noise of the paper's colour over that of its lightness",
    "noise_lag": "correlation of noise with the next pixel's",
    "fine": "share of the paper's variation finer than 2 pixels",
    "middle": "the paper's variation of 2 to 4 pixels, lightness",
    "coarse": "the paper's variation of 4 to 8 pixels, lightness",
    "blocks": "steps between JPEG's blocks of 8 pixels over those within",
    "empty": "share of such blocks on the paper without fine detail, as JPEG leaves them",
    "ink_spread": "spread of the ink's lightness within the word, over its contrast",
}
"""What a camera leaves on it: blur, noise, edges and JPEG; the classifier sees these alone."""


def measured(picture: Image.Image, note: Note) -> Measures:
    """Every figure of `LOOK` and `TRACES` for a note on an RGB picture."""
    pixels = np.asarray(picture)
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    side = max(pixels.shape[:2])
    near, far = (
        _ring(note.mask, 0.008 * side, 0.03 * side),
        _ring(note.mask, 0.03 * side, 0.09 * side),
    )
    clear = _eroded(note.mask, 0.012 * side) & ~_grown(note.ink, 0.006 * side)
    letters = note.ink & _eroded(note.mask, 0.02 * side)
    if clear.sum() < 60 or letters.sum() < 20 or far.sum() < 60:
        return {}
    return {
        **_shape(note),
        **_light(lab, clear, near, far, letters),
        **_letters(note, letters),
        **_edges(lab[:, :, 0], note, letters, clear, far),
        **_grain(lab, clear, far),
        **_jpeg(lab[:, :, 0], clear),
    }


def _disc(radius: float) -> Pixels:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _grown(mask: Mask, by: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(by)) > 0)


def _eroded(mask: Mask, by: float) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(by), borderValue=0) > 0)


def _ring(mask: Mask, begin: float, end: float) -> Mask:
    return np.asarray(_grown(mask, end) & ~_grown(mask, begin))


def _outline(mask: Mask) -> Floats:
    """(n, 2) the pixels along the edge of a mask, in order."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(found, key=cv2.contourArea)[:, 0, :], np.float32)


def _shape(note: Note) -> Measures:
    tall, wide = note.mask.shape
    rows, columns = np.nonzero(note.mask)
    sides = np.linalg.norm(note.corners - np.roll(note.corners, -1, axis=0), axis=1)
    edge = note.corners[1] - note.corners[0]
    turn = float(np.degrees(np.arctan2(edge[1], edge[0]))) % 90
    # The corners themselves: of the outline those furthest along each diagonal of the rectangle.
    outline, middle = _outline(note.mask), note.corners.mean(axis=0)
    out = (note.corners - middle) / np.linalg.norm(note.corners - middle, axis=1)[:, None]
    corners = np.array([outline[np.argmax((outline - middle) @ way)] for way in out])
    own = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    keystone = max(abs(own[i] - own[i + 2]) / max(own[i], own[i + 2], 1) for i in (0, 1))
    return {
        "coverage": float(note.mask.mean()),
        "middle_x": float(columns.mean()) / wide,
        "middle_y": float(rows.mean()) / tall,
        "aspect": float(sides.min() / sides.max()),
        "tilt": min(turn, 90 - turn),
        "keystone": float(keystone),
    }


def _light(lab: Floats, clear: Mask, near: Mask, far: Mask, letters: Mask) -> Measures:
    light = lab[:, :, 0]
    paper = float(np.median(light[clear]))
    rows, columns = np.nonzero(clear)
    across = np.stack([columns, rows, np.ones(len(rows))], axis=1).astype(np.float64)
    slope, *_ = np.linalg.lstsq(across, light[clear].astype(np.float64), rcond=None)
    reach = np.ptp(across[:, :2], axis=0)
    chroma = float(np.hypot(*(np.median(lab[:, :, c][clear]) for c in (1, 2))))
    ink = light[letters]
    return {
        "paper_light": paper,
        "paper_chroma": chroma,
        "ground_light": float(np.median(light[far])),
        "contrast": paper - float(np.median(light[far])),
        "light_slope": float(np.hypot(*(slope[:2] * reach))),
        "shade": float(np.median(light[far]) - np.median(light[near])) if near.any() else 0.0,
        "ink_contrast": paper - float(np.percentile(ink, 10)),
    }


def _letters(note: Note, letters: Mask) -> Measures:
    sides = np.linalg.norm(note.corners - np.roll(note.corners, -1, axis=0), axis=1)
    depth = cv2.distanceTransform(letters.astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & letters
    word = cv2.minAreaRect(cv2.findNonZero(letters.astype(np.uint8)))[1]
    return {
        "stroke": float(2 * depth[ridge].mean() / sides.min()),
        "word_width": float(max(word) / sides.max()),
    }


def _edges(light: Floats, note: Note, letters: Mask, clear: Mask, far: Mask) -> Measures:
    steps = [np.diff(light, axis=axis) for axis in (0, 1)]
    steep = np.hypot(steps[0][:, :-1], steps[1][:-1])
    paper = float(np.median(light[clear]))
    beside = _grown(letters, 2)[:-1, :-1]
    full = paper - float(np.percentile(light[letters], 3))
    stroke = full / max(float(np.percentile(steep[beside], 97)), 1e-3)
    border = _border_blur(light, note.mask)
    ground = light[far]
    spread = float(np.percentile(ground, 97) - np.percentile(ground, 3))
    sharp = spread / max(float(np.percentile(steep[far[:-1, :-1]], 99)), 1e-3)
    dark = light[_eroded(letters, 1)] if _eroded(letters, 1).sum() > 20 else light[letters]
    return {
        "border_blur": border,
        "stroke_blur": stroke,
        "border_rel": border / max(sharp, 1e-3),
        "ink_spread": float(np.percentile(dark, 80) - np.percentile(dark, 20)) / max(full, 1.0),
    }


_REACH = 7


def _border_blur(light: Floats, mask: Mask) -> float:
    """The median, along the outline, of its step in lightness over the steepest part of it."""
    outline = _outline(mask)
    smooth = np.stack([_cyclic_mean(outline[:, c]) for c in (0, 1)], axis=1)
    along = np.roll(smooth, -2, axis=0) - np.roll(smooth, 2, axis=0)
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / length
    offsets = np.arange(-_REACH, _REACH + 0.25, 0.5, dtype=np.float32)
    at = smooth[:, None, :] + offsets[None, :, None] * normal[:, None, :]
    profile = cv2.remap(
        light,
        at[:, :, 0].astype(np.float32),
        at[:, :, 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    ends = np.median(profile[:, :6], axis=1), np.median(profile[:, -6:], axis=1)
    step = np.abs(ends[0] - ends[1])
    steepest = 2 * np.abs(np.diff(profile, axis=1)).max(axis=1)
    clean = step > 12
    if clean.sum() < 20:
        return float("nan")
    return float(np.median(step[clean] / np.maximum(steepest[clean], 1e-3)))


def _cyclic_mean(values: Floats, half: int = 4) -> Floats:
    around = np.concatenate([values[-half:], values, values[:half]])
    made = np.convolve(around, np.ones(2 * half + 1) / (2 * half + 1), "valid")
    return made.astype(np.float32)


def _second(channel: Floats) -> Floats:
    """Immerkær's response: what is neither smooth shading nor a straight edge."""
    rows = channel[:-2] - 2 * channel[1:-1] + channel[2:]
    made = np.zeros_like(channel)
    made[1:-1, 1:-1] = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return made


def _noise(channel: Floats, where: Mask) -> float:
    return float(np.mean(np.abs(_second(channel)[where]))) * (np.pi / 2) ** 0.5 / 6


def _grain(lab: Floats, clear: Mask, far: Mask) -> Measures:
    light = lab[:, :, 0]
    inner = _eroded(clear, 1)
    inner = inner if inner.sum() > 40 else clear
    noise = _noise(light, inner)
    colour = (_noise(lab[:, :, 1], inner) + _noise(lab[:, :, 2], inner)) / 2
    ground = float(np.median(np.abs(_second(light)[far])) / 0.6745 / 6)
    # Bands between blurs over the paper alone, so that letters and ground do not bleed in.
    blurred = [_blurred_within(light, clear, sigma) for sigma in (0.0, 1.0, 2.0, 4.0)]
    bands = [float(np.std((a - b)[inner])) for a, b in pairwise(blurred)]
    fine = blurred[0] - blurred[2]
    pairs = [np.mean(fine[inner] * np.roll(fine, -1, axis=axis)[inner]) for axis in (0, 1)]
    return {
        "noise": noise,
        "noise_rel": noise / max(ground, 0.05),
        "noise_colour": colour / max(noise, 0.02),
        "noise_lag": float(np.mean(pairs) / max(np.mean(fine[inner] ** 2), 1e-6)),
        "fine": bands[0] / max(sum(bands), 1e-3),
        "middle": bands[1],
        "coarse": bands[2],
    }


def _blurred_within(light: Floats, where: Mask, sigma: float) -> Floats:
    if not sigma:
        return light
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(1e-3)
    return np.asarray(cv2.GaussianBlur(light * weight, (0, 0), sigma) / total, np.float32)


def _jpeg(light: Floats, clear: Mask) -> Measures:
    across, within = [], []
    for axis in (0, 1):
        step = np.abs(np.diff(light, axis=axis))
        both = clear[1:] & clear[:-1] if axis == 0 else clear[:, 1:] & clear[:, :-1]
        place = np.arange(step.shape[axis]) % 8 == 7
        at = place[:, None] if axis == 0 else place[None, :]
        across.append(step[both & at])
        within.append(step[both & ~at])
    steps = [np.concatenate(part) for part in (across, within)]
    ratio = float(steps[0].mean() / max(steps[1].mean(), 1e-3)) if len(steps[0]) > 10 else 1.0
    return {"blocks": ratio, "empty": _empty_blocks(light, clear)}


def _empty_blocks(light: Floats, clear: Mask) -> float:
    """Of the whole blocks of 8 pixels on the paper those without energy beyond the 6th diagonal."""
    u = np.add.outer(np.arange(8), np.arange(8))
    found = []
    for top in range(0, light.shape[0] - 7, 8):
        for left in range(0, light.shape[1] - 7, 8):
            block = slice(top, top + 8), slice(left, left + 8)
            if clear[block].all():
                high = cv2.dct(light[block])[u >= 6]
                found.append(float(np.abs(high).max()) < 0.6)
    return float(np.mean(found)) if len(found) >= 4 else float("nan")
