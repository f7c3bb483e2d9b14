"""Paper looks like paper: flat labels, notes that curl and throw a shadow, in the scene's light."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from typoattack.core.randomness import stream
from typoattack.drawing.geometry import moved, turned
from typoattack.drawing.surfaces import LABEL, SHEET, STICKY_NOTE, lay, lit, room, scene_light

GREY = Image.new("RGB", (200, 200), (120, 120, 120))
UPRIGHT = ((50.0, 60.0), (150.0, 60.0), (150.0, 140.0), (50.0, 140.0))


def test_a_label_is_one_colour_within_a_thin_line() -> None:
    image = GREY.copy()
    lay(image, LABEL, UPRIGHT, (250, 240, 230), stream(1))
    inside = image.crop((53, 63, 147, 137))
    assert inside.getcolors() == [(94 * 74, (250, 240, 230))]
    assert image.getpixel((50, 100)) == (60, 60, 60)
    assert image.getpixel((49, 100)) == (120, 120, 120), "and throws no shadow"


def test_a_turned_label_has_smooth_edges() -> None:
    image = GREY.copy()
    quad = moved(turned((100, 60), 200, 12, stream(1)), (40, 40))
    lay(image, LABEL, quad, (255, 255, 255), stream(1))
    levels = {pixel[0] for _, pixel in image.getcolors(10_000)}
    assert len(levels) > 20


def test_what_is_drawn_lies_in_the_region_it_reports() -> None:
    for surface in (LABEL, STICKY_NOTE, SHEET):
        image = GREY.copy()
        quad = moved(turned((100, 60), 200, -9, stream(1), skew=0.03), (40, 40))
        left, top, right, bottom = lay(image, surface, quad, (255, 255, 0), stream(1))
        changed = (np.asarray(image) != np.asarray(GREY)).any(axis=2)
        changed[max(top, 0) : bottom, max(left, 0) : right] = False
        assert not changed.any()


def test_a_note_throws_a_soft_shadow_below_it() -> None:
    image = GREY.copy()
    lay(image, STICKY_NOTE, UPRIGHT, (252, 233, 92), stream(1))
    column = np.asarray(image)[140:170, 100, 0].astype(int)
    assert column[1] < 110
    assert column[-1] == 120
    assert (np.diff(column) >= -1).all(), "it fades out"
    above = np.asarray(image)[40:58, 100, 0]
    assert above.min() > column[1], "and is weaker above"


def test_a_note_is_lit_unevenly_and_a_label_is_not() -> None:
    image = GREY.copy()
    lay(image, STICKY_NOTE, UPRIGHT, (252, 233, 92), stream(1))
    paper = np.asarray(image.crop((55, 65, 145, 135)), float)
    assert paper[..., 0].std() > 2
    ratio = paper[..., 1] / paper[..., 0]
    assert ratio.std() < 0.02, "the light changes, the colour does not"


def test_a_dark_scene_darkens_paper_and_a_bright_one_does_not() -> None:
    dark = scene_light(Image.new("RGB", (200, 200), (20, 20, 20)), UPRIGHT, 0.8)
    bright = scene_light(Image.new("RGB", (200, 200), (200, 200, 200)), UPRIGHT, 0.8)
    assert bright == pytest.approx((1, 1, 1))
    assert max(dark) < 0.6
    warm = scene_light(Image.new("RGB", (200, 200), (120, 60, 30)), UPRIGHT, 0.8)
    assert warm[0] > warm[1] > warm[2], "and takes its tint"
    assert lit((200, 100, 50), (0.5, 1.0, 1.0)) == (100, 100, 50)


def test_only_the_light_under_the_surface_counts() -> None:
    scene = Image.new("RGB", (200, 200), (0, 0, 0))
    scene.paste((200, 200, 200), (50, 60, 150, 140))
    assert scene_light(scene, UPRIGHT, 0.8) == pytest.approx((1, 1, 1))


def test_there_is_room_on_the_smallest_surface() -> None:
    assert room(LABEL, (4, 4)) >= (1, 1)


def test_a_bent_sheet_bows_at_its_upper_and_lower_edge_alike() -> None:
    def tops(bend: float, seed: int) -> np.ndarray:
        image = Image.new("RGB", (200, 200), (90, 90, 90))
        lay(image, replace(SHEET, shadow=0.0, bend=bend), UPRIGHT, (250, 250, 250), stream(seed))
        there = np.asarray(image)[:, :, 0] > 150
        return np.array([np.flatnonzero(column)[[0, -1]] for column in there.T if column.any()])

    flat = tops(0.0, 1)
    assert np.ptp(flat[3:-3], axis=0).max() <= 1
    bows = [tops(0.2, seed) for seed in range(6)]
    assert max(int(np.ptp(bow[3:-3, 0])) for bow in bows) > 8
    for bow in bows:
        # What the upper edge goes down in the middle, the lower one does too.
        middle = bow[len(bow) // 2] - bow[3]
        assert abs(int(middle[0]) - int(middle[1])) <= 1
