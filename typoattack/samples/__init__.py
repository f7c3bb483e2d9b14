"""Where labelled photographs come from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typoattack.errors import UserError
from typoattack.registry import Registry
from typoattack.samples.base import BrokenImage, Dataset, Sample

__all__ = ["DATASETS", "BrokenImage", "Dataset", "DatasetKind", "DatasetSpec", "Sample"]


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Which data set, as a suite or the command line names it.

    Attributes:
        spec: `bundled`, `folder:PATH`, `hf:NAME[:SPLIT]`, `parquet:FILE`, `imagefolder:PATH`.
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


DATASETS.add(
    "bundled",
    DatasetKind("bundled", "20 ImageNet validation photographs, no download", _open_bundled),
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
