import pickle

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
