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
    by_lot,
    first_found,
    parts,
    ranked,
    retrieved,
)
from typoattack.runner.retrieval import Gallery, Lettered

A, B, C = (1.0, 0.0), (0.0, 1.0), (0.6, 0.8)


def lettered(places: list[int], words: list[str], **changes: object) -> Lettered:
    told: dict[str, object] = {
        "recipe": "label",
        "family": "attack",
        "control": "",
        "control_of": "",
        "replicate": 0,
    }
    told |= {"coverage": np.where(np.array(places) < 0, 0.0, 0.1)}
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
        (Lettered("r", "attack", "", "", 0, words, places, np.ones(n)),), rng.permutation(n),
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
            alike = [
                part[k] == part[own] and places[k] >= 0 if words_own else groups[k] == groups[own]
                for k in range(n)
            ]
            rivals = [near[k] for k in range(n) if k != own and not alike[k]]
        assert row["rank"] == 1 + sum(s > mine - 1e-6 for s in rivals)
        right = (text_groups == groups[own]).sum() if row["query"] == TO_TEXT else 1
        assert (row["candidates"], row["right"]) == (len(rivals) + right, right)


def gallery_of(
    embeddings: np.ndarray,
    texts: list[str],
    owners: list[int],
    features: np.ndarray,
    *attacks: Lettered,
) -> Gallery:
    """Photographs by themselves, the clean ones first among the embeddings; the word is the last
    axis."""
    n = len(attacks[0].words)
    each = np.arange(n)
    word = np.eye(embeddings.shape[1], dtype=np.float32)[-1]
    words = {name: word for one in attacks for name in one.words if name}
    return Gallery(
        "m", tuple(f"p{k}" for k in each), each, each, each, embeddings.astype(np.float32),
        tuple(texts), np.array(owners), features.astype(np.float32), words, attacks, each,
    )  # fmt: skip


@pytest.mark.parametrize(("captions", "wrong"), [(5, 45), (1, 9), (3, 4)])
def test_chance_is_that_of_shuffled_galleries(captions: int, wrong: int) -> None:
    rng = np.random.default_rng(0)
    first = [np.flatnonzero(rng.permutation(captions + wrong) < captions)[0] for _ in range(20_000)]
    for k in (1, 5, 10):
        told = by_lot(np.array([captions + wrong]), np.array([captions]), k)[0]
        assert told == pytest.approx(np.mean([place < k for place in first]), abs=0.012)


def test_a_photograph_with_five_captions_is_five_times_as_likely_to_find_one_by_lot() -> None:
    n, eye = 10, np.eye(11)
    attack = lettered([*range(n)], ["w"] * n)
    owners = [k for k in range(n) for _ in range(5)]
    gallery = gallery_of(eye[:n], [f"t{k}" for k in range(50)], owners, eye[owners], attack)
    found = {one.query: one.chance[1] for one in retrieved(ranked(gallery, 1.0))}
    assert found[TO_TEXT] == pytest.approx(5 / 50)
    assert found[TO_IMAGE] == pytest.approx(1 / 10)


def test_all_who_carry_a_word_may_be_found_first() -> None:
    eye = np.eye(5)
    worded = np.repeat(eye[4:], 4, axis=0)
    attack = lettered([4, 5, 6, 7], ["w"] * 4)
    gallery = gallery_of(
        np.concatenate([eye[:4], worded]), list("abcd"), [*range(4)], eye[:4], attack
    )
    one = next(one for one in retrieved(ranked(gallery, 1.0)) if one.query == WORD)
    assert (one.clean[1].value, one.attacked[1].value) == (1, 1)  # no rivals are left
    apart = next(one for one in retrieved(ranked(gallery, 0.25)) if one.query == WORD)
    assert (apart.clean[1].value, apart.attacked[1].value) == (0, 1)


@pytest.mark.parametrize("said", ["a Dog with a man", "two dogs", "man, dog"])
def test_a_word_of_any_of_its_captions_is_right(said: str) -> None:
    eye = np.eye(5)
    attack = lettered([0, 1, -1], ["dog", "dog", ""])
    texts, owners = ["two friends play", said, "a dogfight", "c"], [0, 0, 1, 2]
    gallery = gallery_of(eye[:3], texts, owners, eye[:4], attack)
    rows = ranked(gallery, 1.0)
    assert rows[rows["query"] == WORD]["sample"].tolist() == ["p1"]


def test_two_photographs_of_one_caption_do_not_stand_in_each_others_way() -> None:
    eye = np.eye(5)
    places = [0, 0, 2, 3]  # both look alike
    attack = lettered([*range(4)], ["w"] * 4)
    gallery = gallery_of(
        eye[places], ["a man", "a man", "x", "y"], [*range(4)], eye[places], attack
    )
    found = {one.query: one for one in retrieved(ranked(gallery, 1.0))}
    assert found[TO_IMAGE].clean[1].value == 1
    assert found[TO_TEXT].clean[1].value == 1
    assert found[TO_TEXT].chance[1] == pytest.approx(1 / 3)  # texts are three


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("covered", "against"), [(0.1, "blank"), (0.0, "mirrored")])
def test_of_several_controls_that_counts_which_covers_as_much(
    turned: bool, covered: float, against: str
) -> None:
    def control(kind: str, places: list[int], coverage: float) -> Lettered:
        told = {"recipe": kind, "family": "control", "control": kind, "control_of": "label"}
        return lettered(places, ["b", "", ""], **told, coverage=np.array([coverage, 0, 0]))

    # The one leaves the photograph where it is, the other moves it as the word does.
    stays = {kind: 0 if kind == against else 3 for kind in ("blank", "mirrored")}
    controls = [
        control(k, [at, -1, -1], covered if k == "blank" else 0.1) for k, at in stays.items()
    ]
    attack = lettered([3, -1, -1], ["b", "", ""])
    gallery = toy(attack, *(controls[::-1] if turned else controls))
    own = next(one for one in retrieved(ranked(gallery, 1.0)) if one.query == TO_IMAGE)
    assert (own.beyond[1].value, own.beyond[1].n) == (-1, 1)


@pytest.mark.parametrize("share", [0.51, 0.7, 0.99])
def test_a_share_that_equal_galleries_cannot_have_is_refused(share: float) -> None:
    with pytest.raises(UserError, match=r"0\.5 or less, or 1"):
        parts(np.arange(10), share)


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
