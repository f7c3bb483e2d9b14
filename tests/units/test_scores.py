"""UnitScores: the planted units come out on top, and chance does not."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tests.units.conftest import DECOY, RED, TEXT, WORDS, Planted, cards
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.auroc import auroc, permutation_p, ranks, shuffled_labels, swapped_pairs
from typoattack.units.cards import ColourCards, WordCards, read_words, vocabulary
from typoattack.units.examples import strongest, top_words
from typoattack.units.photographs import check_comparable, usable_photographs
from typoattack.units.recording import Values, record
from typoattack.units.scores import colour_scores, multimodal_scores, resolution, text_scores


@pytest.fixture(scope="module")
def answers(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Values]:
    folder, layer, shown = (
        tmp_path_factory.mktemp("answers"),
        planted.inside.layer("mlp.0"),
        cards(),
    )
    sets = {
        "photographs": (planted.photographs.images(), len(planted.photographs)),
        "words": (shown.images(), len(shown)),
        "blanks": (shown.images(ink=False), len(shown)),
    }
    return {
        name: record(planted.inside, [layer], images, count, folder / name).values("mlp.0")
        for name, (images, count) in sets.items()
    }


def test_auroc_of_all_units_and_classes_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=(40, 6)), 1).astype(np.float32)  # with ties
    labels = rng.integers(0, 3, 40)
    found = auroc(ranks(values), np.stack([labels == c for c in range(3)]))
    expected = [[roc_auc_score(labels == c, values[:, u]) for u in range(6)] for c in range(3)]
    np.testing.assert_allclose(found, expected)


def test_permutation_p_values_agree_with_the_exact_rank_sum_test() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(14, 5)).astype(np.float32)
    values[:6, 0] += 1.0
    groups = (np.arange(14) < 6)[None]
    one_block = np.zeros(14, dtype=np.int64)
    tested = permutation_p(
        ranks(values), groups, shuffled_labels(groups, one_block), stream("test"), permutations=9999
    )
    exact = stats.mannwhitneyu(values[:6], values[6:], alternative="greater", method="exact").pvalue
    np.testing.assert_allclose(tested.p[0], exact, atol=0.04)
    assert abs(tested.p[0, 0] - exact[0]) < 0.01


def test_no_p_value_is_below_what_its_permutations_can_show() -> None:
    values = np.repeat(np.arange(30, dtype=np.float32)[:, None], 2, axis=1)
    tested = permutation_p(
        ranks(values),
        (np.arange(30) >= 15)[None],
        shuffled_labels((np.arange(30) >= 15)[None], np.zeros(30, dtype=np.int64)),
        stream("test"),
        permutations=499,
    )
    assert tested.permutations.tolist() == [499, 499]
    assert tested.p.tolist() == [[1 / 500, 1 / 500]]


def test_p_values_of_units_without_meaning_are_uniform() -> None:
    values = np.random.default_rng(2).normal(size=(40, 400)).astype(np.float32)
    labels = np.arange(40) % 4
    groups = np.stack([labels == c for c in range(4)])
    draw = shuffled_labels(groups, np.zeros(40, dtype=np.int64))
    tested = permutation_p(ranks(values), groups, draw, stream("test"), permutations=399, first=399)
    best = tested.p.min(axis=0)  # corrected for the four groups already
    assert stats.kstest(best, "uniform").pvalue > 0.001
    pairs = permutation_p(
        ranks(values),
        (np.arange(40) < 20)[None],
        swapped_pairs(20),
        stream("test"),
        permutations=399,
        first=399,
    )
    assert stats.kstest(pairs.p[0], "uniform").pvalue > 0.001


def test_a_pair_of_pictures_does_not_hide_what_a_larger_group_shows() -> None:
    labels = np.array([0] * 2 + [1] * 2 + [2] * 2 + [3] * 8 + [4] * 16)
    groups = np.stack([labels == c for c in range(5)])
    values = np.random.default_rng(3).normal(size=(30, 300)).astype(np.float32)
    values[:, 0] += 9 * (labels == 3)
    values[:, 1] += 9 * (labels == 0)
    draw = shuffled_labels(groups, np.zeros(30, dtype=np.int64))
    tested = permutation_p(ranks(values), groups, draw, stream("t"), permutations=1999, first=1999)
    # Told apart perfectly both: one pair in 435 is so by chance, but one group of 8 in 5 million.
    assert tested.p[3, 0] == 1 / 2000
    assert tested.p[0, 1] > 5 / 2000
    chance = tested.p[:, 2:].min(axis=0)
    assert stats.kstest(chance, "uniform").pvalue > 0.001


def test_units_that_pass_by_photographs_or_by_names_alone_are_counted(
    planted: Planted, answers: dict[str, Values]
) -> None:
    found = multimodal_scores(
        planted.photographs, answers["photographs"], cards(), answers["words"], permutations=9999
    )
    assert (found.q_first[[RED, DECOY]] <= 0.05).all()
    assert found.q_second[RED] <= 0.05 < found.q_second[DECOY]
    by_photographs, by_names = (int((q <= 0.05).sum()) for q in (found.q_first, found.q_second))
    assert by_photographs >= 2
    assert found.halves().startswith(
        f"By photographs alone {by_photographs} pass, by written names alone {by_names}; with"
    )
    assert text_scores(answers["words"], answers["blanks"], permutations=99).halves() == ""


def test_the_planted_text_unit_comes_out_on_top(answers: dict[str, Values]) -> None:
    found = text_scores(answers["words"], answers["blanks"], permutations=1999)
    assert found.order()[0] == TEXT
    assert found.score[TEXT] > 0.99
    assert TEXT in found.found()


def test_the_planted_multimodal_unit_stands_for_red_and_no_decoy_does(
    planted: Planted, answers: dict[str, Values]
) -> None:
    found = multimodal_scores(
        planted.photographs, answers["photographs"], cards(), answers["words"], permutations=9999
    )
    assert found.order()[0] == RED
    assert found.groups[found.best[RED]] == "red"
    assert found.score[RED] > 0.99
    assert RED in found.found()
    # Red photographs excite the decoy just as well; the word does not.
    red = found.groups.index("red")
    assert found.first[red, DECOY] == 1.0
    assert found.second[red, DECOY] < 0.8
    assert DECOY not in found.found()
    frame = found.frame("mlp.0").set_index("unit").loc[RED]
    assert (frame["stands_for"], frame["layer"]) == ("red", "mlp.0")


def test_the_planted_unit_is_excited_by_its_word_and_its_photographs(
    planted: Planted, answers: dict[str, Values]
) -> None:
    words, standard = top_words(cards(), answers["words"])
    assert WORDS[words.which[RED, 0]] == "red"
    assert standard[0, RED] > 2
    best = strongest(answers["photographs"], 6)
    assert set(planted.photographs.labels[best.which[RED]]) == {2}
    assert (np.diff(best.values, axis=1) <= 0).all()


def test_what_leaves_a_unit_cold_is_no_example_of_it() -> None:
    silent, picky = np.zeros(5), np.array([0.0, 2.0, 0.0, 3.0, 0.0])
    best = strongest(np.stack([silent, picky], axis=1).astype(np.float32), 3)
    assert best.exciting(0) == []
    assert best.exciting(1) == [(3, 3.0), (1, 2.0)]


def test_a_unit_wired_to_a_colour_and_its_name_is_the_colour_unit() -> None:
    shown = ColourCards()
    rng = np.random.default_rng(0)
    values = rng.normal(size=(len(shown), 20)).astype(np.float32)
    values[:, 4] += 4 * (shown.ink_of == 2) + 4 * (shown.word_of == 2)
    values[:, 5] += 4 * (shown.ink_of == 3)  # ink alone
    found = colour_scores(shown, values, permutations=999)
    assert found.order()[0] == 4
    assert found.groups[found.best[4]] == "red"
    assert found.found().tolist() == [4]


def test_units_that_know_words_by_their_look_alone_are_no_more_than_names_at_random_give() -> None:
    shown = ColourCards()
    rng = np.random.default_rng(5)
    ink_taste, look_taste = rng.normal(size=(2, 11, 300))
    values = 2 * ink_taste[shown.ink_of] + 2 * look_taste[shown.word_of]
    values += rng.normal(size=values.shape)
    by_look = colour_scores(shown, values.astype(np.float32), permutations=199)
    assert len(by_look.found()) > 20  # each does answer to one ink and to the same colour's name
    assert by_look.p_of_count() > 0.02
    assert by_look.by_chance.mean() == pytest.approx(len(by_look.found()), rel=0.4)
    meant = 2 * ink_taste[shown.ink_of] + 2 * ink_taste[shown.word_of]
    meant += rng.normal(size=values.shape)
    by_meaning = colour_scores(shown, meant.astype(np.float32), permutations=199)
    assert by_meaning.p_of_count() == 1 / 200
    assert f"{by_meaning.by_chance.mean():,.1f} pass by both on average" in by_meaning.halves()


def test_too_few_permutations_are_said_plainly_where_they_kept_a_unit_back(
    planted: Planted, answers: dict[str, Values]
) -> None:
    shown = (planted.photographs, answers["photographs"], cards(), answers["words"])
    few = multimodal_scores(*shown, permutations=99)
    assert RED not in few.found()
    assert "no p-value is below 0.01: of 128 units, at least 26 must" in resolution(few)
    assert resolution(multimodal_scores(*shown, permutations=9999)) == ""
    # So many units tell words from blanks that 99 permutations are enough for them.
    assert resolution(text_scores(answers["words"], answers["blanks"], permutations=99)) == ""


def test_photographs_that_cannot_be_compared_are_refused(planted: Planted) -> None:
    few = usable_photographs(planted.photographs.dataset, limit=1)
    with pytest.raises(UserError, match="shows '.*' alone"):
        check_comparable(few)
    lone = usable_photographs(planted.photographs.dataset, limit=4)
    with pytest.raises(UserError, match="one photograph of green, red; multimodal scores need two"):
        check_comparable(lone)


def test_a_broken_photograph_is_named_and_left_out(photo_folder: Path) -> None:
    (photo_folder / "cat" / "1.png").write_bytes(b"no picture")
    found = usable_photographs(open_dataset(DatasetSpec(f"folder:{photo_folder}")))
    assert [sample for sample, _ in found.broken] == ["cat/1.png"]
    assert len(found) == 8


def test_a_word_that_the_font_cannot_draw_is_an_error() -> None:
    with pytest.raises(UserError, match="cannot draw"):
        WordCards(("cat", "龘"))


def test_a_card_and_its_blank_differ_in_the_letters_alone() -> None:
    shown = cards()
    for word, font in (("red", "roboto"), ("violin", "tinos")):
        on, off = (np.asarray(shown.draw(word, font, ink=ink)) for ink in (True, False))
        share = (on != off).any(axis=2).mean()
        assert 0.005 < share < 0.2
    alone = WordCards(("violin",), canvas=64, label=shown.label)
    assert np.array_equal(alone.draw("violin", "tinos"), shown.draw("violin", "tinos"))


def test_a_colour_card_says_its_word_in_its_ink() -> None:
    shown = ColourCards(canvas=96)
    row = next(r for r in range(len(shown)) if shown.called(r) == "green in red")
    assert shown.colours[shown.word_of[row]] == "green"
    pixels = np.asarray(shown.draw(row)).astype(int)
    inked = (np.abs(pixels - 190) > 60).any(axis=2)
    mean = pixels[inked].mean(axis=0)
    assert inked.sum() > 50
    assert mean[0] > mean[1] + 60
    assert mean[0] > mean[2] + 60
    assert np.array_equal(list(shown.images())[row], pixels)


def test_the_vocabulary_holds_what_it_must_and_fills_up_by_lot() -> None:
    words = vocabulary(["owl", "cup"], [f"class {i}" for i in range(100)], 30)
    assert words[:3] == ["owl", "cup", "black"]
    assert len(words) == len(set(words)) == 30
    assert read_words("a\n\n b \na\n", "words.txt") == ["a", "b"]
    with pytest.raises(UserError, match=r"words.txt: no words"):
        read_words("\n", "words.txt")
