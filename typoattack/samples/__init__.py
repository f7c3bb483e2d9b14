"""Where labelled photographs come from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typoattack.core.errors import UserError
from typoattack.core.registry import Registry
from typoattack.samples.base import BrokenImage, Dataset, Sample

__all__ = ["DATASETS", "BrokenImage", "Dataset", "DatasetKind", "DatasetSpec", "Sample"]


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Which data set, as a suite or the command line names it.

    Attributes:
        spec: `bundled`, `folder:PATH`, `hf:NAME[:SPLIT]`, `scam:NAME`, …; see `DATASETS`.
        image_column: the column with the pictures, where there are columns.
        label_column: the column with the labels, where there are columns.
        class_names: a text file with one class name a line, in the order of the labels.
    """

    spec: str
    image_column: str | None = None
    label_column: str | None = None
    class_names: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetKind:
    """One way to open a data set: how it is written, what it is, and how it opens."""

    usage: str
    summary: str
    open: Callable[[DatasetSpec], Dataset]


DATASETS: Registry[DatasetKind] = Registry("dataset", "see `typoattack list datasets`")


def open_dataset(which: DatasetSpec) -> Dataset:
    """The labelled photographs that `which` names.

    Raises:
        UserError: if there is no such data set, it is empty, or an option does not fit it.
    """
    kind, colon, rest = which.spec.partition(":")
    opener = DATASETS[kind]
    if (":" in opener.usage) != bool(colon) or (colon and not rest):
        raise UserError(f"dataset {which.spec!r} is written {opener.usage}")
    dataset = opener.open(which)
    if len(dataset) == 0:
        raise UserError(f"dataset {which.spec!r} is empty")
    return dataset


def _open_bundled(_: DatasetSpec) -> Dataset:
    from typoattack.samples.bundled import bundled

    return bundled()


def _open_stroop(_: DatasetSpec) -> Dataset:
    from typoattack.samples.stroop import StroopCards

    return StroopCards()


def _open_folder(which: DatasetSpec) -> Dataset:
    from typoattack.samples.folder import folder

    return folder(which.spec.partition(":")[2], which.class_names)


def _open_table(which: DatasetSpec) -> Dataset:
    from typoattack.samples.hub import table

    options: dict[str, Any] = {
        "image_column": which.image_column,
        "label_column": which.label_column,
        "class_names": which.class_names,
    }
    return table(which.spec, **options)


def _open_scam(which: DatasetSpec) -> Dataset:
    from typoattack.samples.scam import scam

    return scam(which.spec)


def _open_named(which: DatasetSpec) -> Dataset:
    from typoattack.samples.photographed import named_photographs

    return named_photographs(which.spec)


def _open_materzynska(which: DatasetSpec) -> Dataset:
    from typoattack.samples.photographed import materzynska

    return materzynska(which.spec)


def _open_annotated(which: DatasetSpec) -> Dataset:
    from typoattack.samples.photographed import annotated

    return annotated(which.spec)


DATASETS.add(
    "bundled",
    DatasetKind("bundled", "20 ImageNet validation photographs, no download", _open_bundled),
)
DATASETS.add(
    "stroop-cards",
    DatasetKind("stroop-cards", "colour words in the ink of other colours", _open_stroop),
)
DATASETS.add(
    "folder",
    DatasetKind("folder:PATH", "your photographs, one subfolder a class", _open_folder),
)
DATASETS.add(
    "hf", DatasetKind("hf:NAME[:SPLIT]", "a data set of the Hugging Face Hub", _open_table)
)
DATASETS.add(
    "parquet", DatasetKind("parquet:FILE", "a local parquet file, opened by datasets", _open_table)
)
DATASETS.add(
    "imagefolder",
    DatasetKind("imagefolder:PATH", "a local folder, opened by datasets", _open_table),
)
DATASETS.add(
    "scam",
    DatasetKind(
        "scam:NAME|PATH", "SCAM's pairs: scam:BLISS-e-V/SCAM, or a copy of its layout", _open_scam
    ),
)
DATASETS.add(
    "rta",
    DatasetKind("rta:PATH", "RTA-100, a folder or zip of label=dog_text=cat.png", _open_named),
)
DATASETS.add(
    "paint",
    DatasetKind("paint:PATH", "PAINT's photographs, named like RTA-100's", _open_named),
)
DATASETS.add(
    "materzynska",
    DatasetKind(
        "materzynska:PATH", "a folder or zip of photographs with annotation.json", _open_materzynska
    ),
)
DATASETS.add(
    "csv",
    DatasetKind(
        "csv:FILE", "attacked pictures by line: image, label, word, clean, kind", _open_annotated
    ),
)
