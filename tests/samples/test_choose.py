"""A limit takes photographs of all classes, the same ones everywhere."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import noise
from typoattack.samples.base import Sample
from typoattack.samples.choose import first, spread
from typoattack.task import Task


@dataclass(frozen=True)
class Listed:
    """A data set of so many photographs a class, in some order."""

    labels: tuple[int, ...]
    order: tuple[int, ...]
    name: str = "listed"
    fingerprint: str = ""
    licence: str = ""
    task: Task = field(default=Task("object", tuple(f"class {i}" for i in range(60)), ("{}",)))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        place = self.order[index]
        return Sample(f"{place:05d}.png", lambda: noise(0), self.labels[place])


def listed(*counts: int, backwards: bool = False) -> Listed:
    labels = tuple(label for label, count in enumerate(counts) for _ in range(count))
    order = tuple(range(len(labels)))
    return Listed(labels, order[::-1] if backwards else order)


def ids(data: Listed, chosen: object) -> set[str]:
    return {data[index].id for index in chosen}  # type: ignore[attr-defined]


def test_forty_of_nineteen_classes_see_every_class_twice() -> None:
    data = listed(*[50] * 19)
    seen = Counter(data[index].label for index in spread(data, 40))
    assert len(seen) == 19
    assert set(seen.values()) == {2, 3}


def test_a_thousand_of_imagenets_layout_see_as_many_classes_as_there_are() -> None:
    data = listed(*[50] * 50)
    assert len({data[index].label for index in spread(data, 50)}) == 50
    assert len({data[index].label for index in first(data, 50)}) == 1


def test_a_small_class_gives_what_it_has_and_the_others_the_rest() -> None:
    data = listed(1, 30, 30)
    seen = Counter(data[index].label for index in spread(data, 21))
    assert seen == {0: 1, 1: 10, 2: 10}


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(sum),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 3),
)
def test_a_smaller_sample_lies_within_a_larger_one(
    counts: list[int], one: int, other: int, seed: int
) -> None:
    data = listed(*counts)
    small, large = (ids(data, spread(data, n, seed)) for n in sorted((one, other)))
    assert small <= large
    assert len(small) == min(one, other, len(data))
    seen = Counter(data[index].label for index in spread(data, one, seed))
    for label, count in enumerate(counts):
        assert seen[label] >= min(count, max(seen.values()) - 1)


def test_the_order_of_the_data_set_changes_nothing() -> None:
    forward, backward = listed(9, 9, 9), listed(9, 9, 9, backwards=True)
    assert ids(forward, spread(forward, 7)) == ids(backward, spread(backward, 7))
    assert list(spread(forward, 7)) == sorted(spread(forward, 7))


def test_another_seed_takes_others() -> None:
    data = listed(*[20] * 5)
    assert ids(data, spread(data, 10, 0)) != ids(data, spread(data, 10, 1))


def test_the_sample_is_the_same_on_every_machine() -> None:
    data = listed(3, 3, 3)
    assert sorted(ids(data, spread(data, 4))) == [
        "00000.png",
        "00002.png",
        "00003.png",
        "00007.png",
    ]


@pytest.mark.parametrize("count", [0, 9, 10, 1000])
def test_none_or_enough_takes_all(count: int) -> None:
    assert list(spread(listed(4, 5), count)) == list(range(9))
    assert list(first(listed(4, 5), count)) == list(range(9))
