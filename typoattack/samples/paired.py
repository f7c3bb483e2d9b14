"""Data sets of photographs that somebody else attacked, paired with clean ones where there are."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.base import Sample, Variant
from typoattack.samples.labels import OBJECT, check_class_names
from typoattack.task import Task

ATTACKED = "attacked"
"""The kind of an attacked picture where its set knows only one: `as-given("attacked")`."""


@dataclass(frozen=True, slots=True)
class PairedSamples:
    """A data set whose samples carry their attacked pictures; see `Dataset`.

    Attributes:
        samples: in the order of their ids.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    samples: tuple[Sample, ...] = field(repr=False)

    @property
    def variant_kinds(self) -> frozenset[str]:
        """What its attacked pictures are called."""
        return frozenset(variant.kind for sample in self.samples for variant in sample.variants)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


@dataclass(frozen=True, slots=True)
class AnnotatedPicture:
    """One picture of a published set and its annotation.

    Attributes:
        id: its path in the set.
        label: the object it shows.
        word: what is written on it; empty on a clean picture.
        load: decodes the picture when called; raises `BrokenImage`.
        clean: the id of the clean picture of the same subject; empty if there is none.
        kind: what the set calls the attack.
    """

    id: str
    label: str
    word: str
    load: Callable[[], Image.Image] = field(repr=False, compare=False)
    clean: str = ""
    kind: str = ATTACKED


def pair(
    photographs: Iterable[AnnotatedPicture],
    *,
    name: str,
    templates: Sequence[str],
    licence: str,
    class_names: Sequence[str] | None = None,
) -> PairedSamples:
    """One sample a clean picture with all its attacked ones, or an attacked picture alone.

    Args:
        photographs: in any order; ids must differ.
        name: the data set's spec.
        templates: of its task.
        licence: what a report says.
        class_names: the possible answers; None: every label and every written word.

    Raises:
        UserError: if there are none, an id stands twice, a clean picture is missing or shows
            another object, or a label is no class.
    """
    found = sorted(photographs, key=lambda photograph: photograph.id)
    where = f"dataset {name!r}"
    if not found:
        raise UserError(f"{where}: no pictures")
    by_id = {photograph.id: photograph for photograph in found}
    if len(by_id) < len(found):
        twice = next(a.id for a, b in itertools.pairwise(found) if a.id == b.id)
        raise UserError(f"{where}: picture {twice!r} stands twice")
    given = class_names or sorted({p.label for p in found} | {p.word for p in found if p.word})
    names = check_class_names(given, where)
    index = {text: number for number, text in enumerate(names)}
    variants: dict[str, list[Variant]] = {}
    for one in found:
        if one.label not in index:
            raise UserError(f"{where}: the label {one.label!r} of {one.id!r} is not a class")
        if one.word:
            key = _clean_id(one, by_id, where)
            variants.setdefault(key, []).append(Variant(one.kind, one.word, one.load))
    return PairedSamples(
        name=name,
        fingerprint=digest(*(part for p in found for part in (p.id, p.label, p.word, p.clean))),
        task=Task(OBJECT, names, tuple(templates)),
        licence=licence,
        samples=tuple(
            Sample(p.id, p.load, index[p.label], tuple(variants.get(p.id, ())), not p.word)
            for p in found
            if not (p.word and p.clean)
        ),
    )


def _clean_id(one: AnnotatedPicture, by_id: dict[str, AnnotatedPicture], where: str) -> str:
    """The id of the sample that an attacked picture belongs to: its clean picture's or its own."""
    if not one.clean:
        return one.id
    clean = by_id.get(one.clean)
    if clean is None or clean.word:
        raise UserError(f"{where}: {one.id!r} names the clean picture {one.clean!r}; there is none")
    if clean.label != one.label:
        raise UserError(
            f"{where}: {one.id!r} shows {one.label!r}, but its clean picture {clean.id!r} shows "
            f"{clean.label!r}"
        )
    return clean.id
