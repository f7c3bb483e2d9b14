"""The pictures of an attacked data set, drawn while they are taken, with what there is to say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from typoattack.results.parts import Skipped
from typoattack.results.schema import CLEAN
from typoattack.runner.draw import Drawn, Generator, draw_all, open_sample
from typoattack.samples.base import Dataset, Sample

Notes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture to be written, with what there is to say of it; `drawn` if it is attacked."""

    image: Image.Image
    notes: Notes
    drawn: Drawn | None


@dataclass
class Entries:
    """The clean and attacked pictures of a data set, drawn while they are iterated.

    They pickle without `told`: what watches, such as a terminal, stays in its own process.

    Attributes:
        generator: draws the suite.
        dataset: the photographs.
        indices: positions of the samples to use.
        told: called after each sample with (done, total).
        skipped: the samples that could not be decoded, filled while iterating.
    """

    generator: Generator
    dataset: Dataset
    indices: Sequence[int]
    told: Callable[[int, int], None]
    skipped: list[Skipped] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "told": _nobody}

    def __iter__(self) -> Iterator[Entry]:
        self.skipped.clear()
        for done, index in enumerate(self.indices, start=1):
            opened = open_sample(self.generator, self.dataset[index])
            if opened.canvas is None:
                self.skipped.append(Skipped(opened.sample.id, opened.broken))
            elif opened.sample.has_clean:
                yield Entry(opened.canvas, self._notes(opened.sample, None), None)
            for one in draw_all(self.generator, opened):
                yield Entry(one.attacked.image, self._notes(opened.sample, one), one)
            self.told(done, len(self.indices))

    def _notes(self, sample: Sample, drawn: Drawn | None) -> Notes:
        made = drawn.attacked if drawn else None
        return {
            "sample": sample.id,
            "label": sample.label,
            "label_name": self.generator.class_names[sample.label],
            "recipe": drawn.attack.label if drawn else CLEAN,
            "replicate": drawn.replicate if drawn else 0,
            "word": made.word if made else "",
            "written": made.written if made else "",
            "box": list(made.box) if made else [0, 0, 0, 0],
            "coverage": made.coverage if made else 0.0,
            "size": made.size if made else 0.0,
        }


def _nobody(done: int, total: int) -> None:
    """Watches nothing."""
