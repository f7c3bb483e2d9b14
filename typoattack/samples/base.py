"""What a labelled photograph is, and what a data set of them offers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from typoattack.core.errors import BrokenImage
from typoattack.task import Task

__all__ = ["BrokenImage", "Dataset", "Sample", "Variant"]


@dataclass(frozen=True, slots=True)
class Variant:
    """The same subject photographed or drawn with a word, as a published attack set has it.

    Attributes:
        kind: what the set calls it: `SCAM`, `SynthSCAM`, `incongruent`, ...
        word: what is written on it.
        load: decodes the picture when called; raises `BrokenImage`.
        written: the very text, where `word` is the class that it stands for; else empty.
        facts: what the set notes of the picture, such as the note's area, by name.
    """

    kind: str
    word: str
    load: Callable[[], Image.Image] = field(repr=False, compare=False)
    written: str = ""
    facts: tuple[tuple[str, str | int | float | bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled photograph.

    Attributes:
        id: stable across machines and orders; relative path or row key, never an absolute path.
        load: decodes the picture when called; raises `BrokenImage`.
        label: index into the task's class names.
        variants: attacked pictures of the same subject that come with the set.
        has_clean: False where the set holds no clean picture of it; `load` then gives an attacked
            one, and nothing is reported of what it was called before.
    """

    id: str
    load: Callable[[], Image.Image] = field(repr=False, compare=False)
    label: int
    variants: tuple[Variant, ...] = ()
    has_clean: bool = True

    @property
    def image(self) -> Image.Image:
        """The picture, decoded anew at every access, so that a data set needs no memory."""
        return self.load()


class Dataset(Protocol):
    """Labelled photographs by position, in the same order every time; must pickle.

    Looking a sample up reads its id and label only; its picture is decoded when asked for.
    """

    @property
    def name(self) -> str:
        """The spec that opens it again, such as `bundled` or `folder:photos`."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes if the samples do."""
        ...

    @property
    def task(self) -> Task:
        """Class names and default templates."""
        ...

    @property
    def licence(self) -> str:
        """What a report says about the pictures' licence."""
        ...

    @property
    def variant_kinds(self) -> frozenset[str]:
        """What the attacked pictures are called that come with it; mostly none do."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...
