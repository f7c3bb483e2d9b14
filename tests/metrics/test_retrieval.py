"""Retrieval: ranks by hand on a toy gallery, and ranks counted one by one on random ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.metrics.retrieval import (
    TO_IMAGE,
    TO_TEXT,
    WORD,
    first_found,
    parts,
    ranked,
    retrieved,
)
from typoattack.runner.retrieval import Gallery, Lettered

A, B, C = (1.0, 0.0), (0.0, 1.0), (0.6, 0.8)


def lettered(places: list[int], words: list[str], **changes: object) -> Lettered:
    told = {"recipe": "label", "family": "attack", "control": "", "control_of": "", "replicate": 0}
    return Lettered(words=tuple(words), places=np.array(places), **(told | changes))  # type: ignore[arg-type]


def toy(
    *attacks: Lettered, groups: tuple[int, ...] = (0, 1, 2), order: tuple[int, ...] = (0, 1, 2)
):
    """Three photographs at A, B and C, whose texts lie at A, B and (0.8, 0.6); pictures 3, 4 and 5
    are A at B, B at A, and C where it was."""
    return Gallery(
        model="m",
        samples=("a", "b", "c"),
        labels=np.array(groups),
        groups=np.array(groups),
        clean=np.array([0, 1, 2]),
        embeddings=np.array([A, B, C, B, A, C], np.float32),
        texts=("an a", "a b", "a c"),
        text_groups=np.array(groups),
        text_features=np.array([A, B, (0.8, 0.6)], np.float32),
        word_features={"b": np.array(B, np.float32)},
        lettered=attacks,
        order=np.array(order),
    )


def ranks_of(gallery: Gallery, share: float = 1.0) -> dict[tuple[str, str, int], tuple[int, int]]:
    rows = ranked(gallery, share)
    keys = zip(rows["query"], rows["sample"], rows["text"], strict=True)
    pairs = zip(rows["clean_rank"], rows["rank"], strict=True)
    return dict(zip(keys, pairs, strict=True))


def test_ranks_by_hand_with_ties_behind() -> None:
    found = ranks_of(toy(lettered([3, -1, -1], ["b", "", ""])))
    assert found == {
        # Text A: A 1, B 0, C 0.6; with A moved to B: 0, 0 and 0.6, and B is tied with it.
        (TO_IMAGE, "a", 0): (1, 3),
        # Photograph at A: texts 1, 0, 0.8; at B: 0, 1, 0.6.
        (TO_TEXT, "a", -1): (1, 3),
        # The word at B: A 0, B 1, C 0.8; then 1, 1, 0.8, and B is tied.
        (WORD, "a", -1): (3, 2),
    }


def test_in_a_gallery_of_its_own_a_photograph_competes_with_clean_ones() -> None:
    both = lettered([3, 4, -1], ["b", "x", ""])
    gallery = toy(both)
    gallery.word_features["x"] = np.array(A, np.float32)
    together, apart = ranks_of(gallery, share=1.0), ranks_of(gallery, share=0.3)
    # Exchanged at once, A at B stands alone there; alone, it is tied with the clean B.
    assert together[WORD, "a", -1] == (3, 1)
    assert apart[WORD, "a", -1] == (3, 2)
    assert together[TO_IMAGE, "a", 0] == (1, 3)


def test_photographs_of_one_class_do_not_stand_in_each_others_way() -> None:
    found = ranks_of(toy(lettered([3, -1, -1], ["b", "", ""]), groups=(0, 0, 2)))
    # Both A and B are right for texts A and B, so that only C is before A at B.
    assert found[TO_IMAGE, "a", 0] == (1, 2)
    assert found[TO_IMAGE, "a", 1] == (2, 1)
    assert found[TO_TEXT, "a", -1] == (1, 1)  # the better of its two texts


def test_a_word_that_is_right_is_no_query() -> None:
    right = lettered([3, -1, -1], ["an a", "", ""])
    assert not [key for key in ranks_of(toy(right)) if key[0] == WORD]


def test_a_planted_word_is_found_and_a_blank_is_not() -> None:
    blank = {"recipe": "blank", "family": "control", "control": "blank", "control_of": "label"}
    gallery = toy(
        lettered([3, -1, -1], ["b", "", ""]), lettered([0, -1, -1], ["b", "", ""], **blank)
    )
    lines = {(one.recipe, one.query): one for one in retrieved(ranked(gallery, 1.0))}
    assert [one.recipe for one in retrieved(ranked(gallery, 1.0))] == ["label"] * 3 + ["blank"] * 3
    own = lines["label", TO_IMAGE]
    assert (own.clean[1].value, own.attacked[1].value) == (1, 0)
    assert (own.change[1].value, own.change[5].value) == (-1, 0)
    assert own.beyond[1].value == -1
    assert own.shift.value == 2
    assert own.median == (1, 3)
    assert own.chance[1] == pytest.approx(1 / 3)
    for query in (TO_IMAGE, TO_TEXT, WORD):
        assert lines["blank", query].change[1].value == 0
        assert lines["blank", query].shift.value == 0
        assert not lines["blank", query].beyond[1]


def test_what_a_word_finds_first_is_named() -> None:
    attack = lettered([3, -1, -1], ["b", "", ""])
    assert first_found(toy(attack), attack, 0, 1.0, k=2) == [(0, True), (1, False)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9), st.sampled_from([0.1, 0.4, 1.0]))
def test_ranks_are_those_counted_one_by_one(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)

    def rows(count: int) -> np.ndarray:
        made = rng.integers(-2, 3, (count, 3)).astype(np.float32) + np.float32(0.1)
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    embeddings, groups = rows(2 * n), rng.integers(0, 3, n)
    places = np.where(rng.random(n) < 0.7, np.arange(n) + n, -1)
    words = tuple("w" if p >= 0 else "" for p in places)
    text_groups = np.array([0, 0, 1, 2, -1])
    gallery = Gallery(
        "m", tuple(map(str, range(n))), groups, groups, np.arange(n), embeddings,
        ("p", "q", "r", "s", "t"), text_groups, rows(5), {"w": rows(1)[0]},
        (Lettered("r", "attack", "", "", 0, words, places),), rng.permutation(n),
    )  # fmt: skip
    part = parts(gallery.order, share)
    for row in ranked(gallery, share).to_dict("records"):
        own = int(row["sample"])
        shown = [
            embeddings[places[k] if places[k] >= 0 and part[k] == part[own] else k]
            for k in range(n)
        ]
        if row["query"] == TO_TEXT:
            near = [float(shown[own] @ text) for text in gallery.text_features]
            mine = max(s for s, g in zip(near, text_groups, strict=True) if g == groups[own])
            rivals = [s for s, g in zip(near, text_groups, strict=True) if g != groups[own]]
        else:
            words_own = row["query"] == WORD
            query = gallery.word_features["w"] if words_own else gallery.text_features[row["text"]]
            near = [float(picture @ query) for picture in shown]
            mine = near[own]
            rivals = [
                near[k] for k in range(n) if k != own and (words_own or groups[k] != groups[own])
            ]
        assert row["rank"] == 1 + sum(s > mine - 1e-6 for s in rivals)
        assert row["candidates"] == len(rivals) + 1


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(UserError, match="above 0 and up to 1"):
        ranked(toy(lettered([3, -1, -1], ["b", "", ""])), share)


@pytest.mark.parametrize(("share", "galleries"), [(1.0, 1), (0.5, 2), (0.1, 10), (0.001, 20)])
def test_each_photograph_carries_its_word_in_one_gallery_of_like_size(
    share: float, galleries: int
) -> None:
    found = np.bincount(parts(np.random.default_rng(0).permutation(20), share))
    assert len(found) == galleries
    assert found.max() - found.min() <= 1
