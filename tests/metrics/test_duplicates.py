"""Near-duplicate photographs: found by what they look like, said, and taken together."""

import io
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from made_tables import clean, table
from PIL import Image, ImageEnhance

import typoattack
from typoattack.metrics.duplicates import (
    MOST_APART,
    Duplicates,
    beyond,
    near_duplicates,
    tell_duplicates,
)
from typoattack.samples.likeness import likeness


def scene(seed: int, side: int = 160) -> Image.Image:
    """Blobs of colour, as unlike another seed's as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_copies_have_almost_the_same_hash_and_other_photographs_another() -> None:
    for seed in range(20):
        own = scene(seed)
        copies = [
            recompressed(own, 40),
            own.resize((90, 90)).resize((160, 160)),
            ImageEnhance.Brightness(own).enhance(1.1),
        ]
        assert all(apart(likeness(own), likeness(copy)) <= MOST_APART for copy in copies)
        assert apart(likeness(own), likeness(scene(seed + 100))) > 2 * MOST_APART


def hashes(*values: int, labels: list[int] | None = None) -> object:
    rows = [
        clean(
            sample=f"s{n}",
            facts=json.dumps({"likeness": f"{value:016x}"}),
            label=labels[n] if labels else 0,
        )
        for n, value in enumerate(values)
    ]
    return table(*rows)


def test_groups_are_those_that_few_bits_connect() -> None:
    near = (1 << MOST_APART) - 1
    found = near_duplicates(
        hashes(0, near, near | near << 8, 2**64 - 1, (2**64 - 1) ^ 1, 0x0F0F0F << 20)
    )
    assert found.groups == (("s0", "s1", "s2"), ("s3", "s4"))
    assert (found.alike, found.photographs) == (5, 6)
    assert found.group_of()["s2"] == "s0"


def test_one_bit_more_is_another_photograph() -> None:
    assert not near_duplicates(hashes(0, (1 << (MOST_APART + 1)) - 1)).groups


@pytest.mark.parametrize("seed", range(3))
def test_no_near_pair_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = [int.from_bytes(rng.bytes(8), "big") for _ in range(150)]
    for n in range(0, 60, 2):  # and copies with up to as many bits changed
        flips = rng.choice(64, int(rng.integers(0, MOST_APART + 1)), replace=False)
        values.append(values[n] ^ sum(1 << int(bit) for bit in flips))
    found = near_duplicates(hashes(*values)).group_of()
    for i, one in enumerate(values):
        for j, other in enumerate(values):
            if i < j and (one ^ other).bit_count() <= MOST_APART:
                assert found[f"s{i}"] == found[f"s{j}"]


def test_what_is_no_hash_is_passed_over() -> None:
    rows = table(clean(sample="a", facts='{"likeness": "cat"}'), clean(sample="b", facts="{}"))
    assert near_duplicates(rows) == Duplicates((), 0)
    assert tell_duplicates(near_duplicates(rows)) == ""


def test_what_intervals_by_object_take_together_is_not_complained_of() -> None:
    rows = hashes(0, 1, 2**64 - 1, 2**64 - 2, labels=[3, 3, 4, 5])
    found = near_duplicates(rows)
    assert len(found.groups) == 2
    assert beyond(found, rows, {"label × word"}).groups == (("s2", "s3"),)
    assert beyond(found, rows, {""}) == found
    assert (
        "4 of 4 photographs are nearly the same as another (2 groups of 2, such as s0 and s1)"
        in (tell_duplicates(found))
    )


def test_a_run_says_its_near_duplicates_and_can_take_them_together(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for label, name in enumerate(("tabby", "goldfish", "jay", "ostrich", "hen", "magpie")):
        (photos / name).mkdir(parents=True)
        scene(label // 2).save(photos / name / "a.png")
        if label % 2:
            recompressed(scene(label // 2), 60).save(photos / name / "a.png")
    run = typoattack.run(
        "quick",
        dataset=f"folder:{photos}",
        recipes=["printed-label"],
        controls=[],
        out=tmp_path / "run",
    )
    assert run.near_duplicates.groups == (
        ("goldfish/a.png", "tabby/a.png"),
        ("hen/a.png", "magpie/a.png"),
        ("jay/a.png", "ostrich/a.png"),
    )
    assert "6 of 6 photographs" in run.report().read_text()
    together = typoattack.Run(run.path, by="likeness")
    (attack,) = (one for one in together.summaries if one.family == "attack")
    assert (attack.grouped, attack.groups) == ("likeness", 3)
    assert together.duplicates_told == ""


def test_the_frames_of_a_film_are_one_group_and_take_no_memory_by_pairs() -> None:
    values = [0] * 1000 + [1 << n % 20 | 1 << n % 7 for n in range(1000)]
    rows = hashes(*values)
    tracemalloc.start()
    found = near_duplicates(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(group) for group in found.groups] == [2000]
    assert peak < 20e6  # 2,000 that are all alike have two million pairs
