import json
import pickle

from tests.real_data import FOLDER, needs_goh
from typoattack.drawing.colours import BASIC
from typoattack.samples import DatasetSpec, open_dataset


def test_every_ink_stands_alone_and_under_every_word() -> None:
    cards = open_dataset(DatasetSpec("stroop-cards"))
    assert cards.task.name == "ink"
    assert len(cards.task.class_names) == 11
    for sample in (cards[i] for i in range(len(cards))):
        ink = cards.task.class_names[sample.label]
        by_kind = {
            kind: [v.word for v in sample.variants if v.kind == kind]
            for kind in ("congruent", "incongruent", "neutral")
        }
        assert by_kind["congruent"] == [ink]
        assert sorted([*by_kind["incongruent"], ink]) == sorted(BASIC)
        assert len(by_kind["neutral"]) == 1


def test_a_card_shows_its_ink() -> None:
    cards = open_dataset(DatasetSpec("stroop-cards"))
    sample = cards[0]
    ink = BASIC[cards.task.class_names[sample.label]]
    for picture in (sample.image, *(v.load() for v in sample.variants)):
        assert ink in [colour for _, colour in picture.getcolors(1 << 20)]


def test_ids_are_unique_and_the_data_set_crosses_to_a_worker() -> None:
    cards = pickle.loads(pickle.dumps(open_dataset(DatasetSpec("stroop-cards"))))
    assert len({cards[i].id for i in range(len(cards))}) == len(cards) == 33


def test_goh_s_cards_have_eight_colours_their_sentence_and_their_neutral_word() -> None:
    cards = open_dataset(DatasetSpec("goh-stroop"))
    assert cards.name == "goh-stroop"
    assert cards.fingerprint != open_dataset(DatasetSpec("stroop-cards")).fingerprint
    assert cards.task.templates == ("my favorite word, written in the color {}",)
    assert len(cards.task.class_names) == 8
    for sample in (cards[i] for i in range(len(cards))):
        kinds = [variant.kind for variant in sample.variants]
        assert sorted(kinds) == ["congruent", *["incongruent"] * 7, "neutral"]
        (neutral,) = (v for v in sample.variants if v.kind == "neutral")
        assert neutral.word == "example"
    assert pickle.loads(pickle.dumps(cards)).fingerprint == cards.fingerprint


@needs_goh
def test_goh_s_cards_are_those_of_the_authors_file() -> None:
    told = json.loads((FOLDER / "goh2021" / "stroop_experiment.json").read_text())
    cards = open_dataset(DatasetSpec("goh-stroop"))
    asked = {sentence.replace("{}", "") for sentence in cards.task.templates}
    assert asked == {told["setup"]["zero_shot_setup"]}
    assert list(cards.task.class_names) == list(told["output"])
    first = next(iter(told["output"]["black"].values()))
    assert [name for _, name in first["results"]] == list(cards.task.class_names)
    for ink, words in told["output"].items():
        mine = {
            variant.word
            for i in range(len(cards))
            if cards.task.class_names[cards[i].label] == ink
            for variant in cards[i].variants
            if variant.kind != "congruent"
        }
        assert set(words) - {ink} <= mine
