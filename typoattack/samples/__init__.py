"""Where labelled photographs come from."""

from collections.abc import Callable
from dataclasses import dataclass

from typoattack.core.errors import UserError
from typoattack.core.registry import Kind, Registry, deferred
from typoattack.core.secrets import without_credentials
from typoattack.samples.base import BrokenImage, Dataset, Sample

__all__ = ["DATASETS", "BrokenImage", "Dataset", "DatasetSpec", "Sample"]


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """Which data set, as a suite or the command line names it.

    Attributes:
        spec: `bundled`, `folder:PATH`, `hf:NAME[:SPLIT]`, `scam:NAME`, …; see `DATASETS`.
        image_column: the column with the pictures, where there are columns.
        label_column: the column with the labels, where there are columns.
        caption_column: the column with captions, which then stand in place of labels.
        class_names: a text file with one class name a line, in the order of the labels.
        follow_links: whether files may be links that lead out of the data set's folder.
        as_published: whether a published set is read with its authors' mistakes; see the set.
    """

    spec: str
    image_column: str | None = None
    label_column: str | None = None
    caption_column: str | None = None
    class_names: str | None = None
    follow_links: bool | None = None
    as_published: bool | None = None


_PUBLISHED_MISTAKES = ("rta", "paint")

DATASETS: Registry[Kind[Callable[[DatasetSpec], Dataset]]] = Registry(
    "dataset", "see `typoattack list datasets`"
)


def open_dataset(which: DatasetSpec) -> Dataset:
    """The labelled photographs that `which` names.

    Raises:
        UserError: if there is no such data set, it is empty, an option does not fit it, or an
            address holds a key.
    """
    shown = without_credentials(which.spec)
    if shown != which.spec:
        raise UserError(
            f"dataset {shown!r}: no key may stand in an address, since a run keeps it; give it in "
            "the environment, as the store's own tools take it"
        )
    kind, colon, rest = which.spec.partition(":")
    opener = DATASETS[kind]
    if (":" in opener.usage) != bool(colon) or (colon and not rest):
        raise UserError(f"dataset {which.spec!r} is written {opener.usage}")
    _refuse_ignored(which, kind)
    if which.as_published and kind not in _PUBLISHED_MISTAKES:
        raise UserError(
            f"dataset {which.spec!r}: as_published is for {' and '.join(_PUBLISHED_MISTAKES)}, "
            "whose authors' loader cuts the words of .jpeg files wrong"
        )
    dataset = opener.open(which)
    if len(dataset) == 0:
        raise UserError(f"dataset {which.spec!r} is empty")
    return dataset


_TAKEN = {
    "class_names": ("folder", "hf", "parquet", "imagefolder"),
    "image_column": ("hf", "parquet", "imagefolder"),
    "label_column": ("hf", "parquet", "imagefolder"),
    "caption_column": ("hf", "parquet", "imagefolder"),
    "follow_links": ("folder", "captions", "rta", "paint", "goh", "materzynska", "csv"),
}
"""Which kinds of data sets an option means something to."""


def _refuse_ignored(which: DatasetSpec, kind: str) -> None:
    """Raise `UserError` for an option that a data set of the package's own would pass over."""
    for option, kinds in _TAKEN.items():
        if getattr(which, option) and kind in _OWN and kind not in kinds:
            raise UserError(
                f"dataset {which.spec!r} takes no {option}: its own stand with it; "
                f"{', '.join(kinds)} take it"
            )


def _of_files(where: str) -> Callable[[DatasetSpec], Dataset]:
    """Opens with a function that takes the spec, and whether links may lead out of the folder."""
    return lambda which: deferred(where)(which.spec, follow_links=bool(which.follow_links))


def _by_spec(where: str) -> Callable[[DatasetSpec], Dataset]:
    """Opens with a function that takes the spec alone."""
    return lambda which: deferred(where)(which.spec)


def _named(which: DatasetSpec) -> Dataset:
    made: Dataset = deferred(f"{_PHOTOGRAPHED}:named_photographs")(
        which.spec,
        follow_links=bool(which.follow_links),
        as_published=bool(which.as_published),
    )
    return made


def _folder(which: DatasetSpec) -> Dataset:
    path = which.spec.partition(":")[2]
    made: Dataset = deferred("typoattack.samples.folder:folder")(
        path, which.class_names, follow_links=bool(which.follow_links)
    )
    return made


def _captions(which: DatasetSpec) -> Dataset:
    path = which.spec.partition(":")[2]
    made: Dataset = deferred("typoattack.samples.captions:captioned_files")(
        path, follow_links=bool(which.follow_links)
    )
    return made


def _table(which: DatasetSpec) -> Dataset:
    if which.caption_column:
        if which.label_column or which.class_names:
            raise UserError(f"dataset {which.spec!r}: captions stand in place of labels; give one")
        captioned: Dataset = deferred("typoattack.samples.hub:captioned_table")(
            which.spec, which.caption_column, which.image_column
        )
        return captioned
    options = {
        "image_column": which.image_column,
        "label_column": which.label_column,
        "class_names": which.class_names,
    }
    made: Dataset = deferred("typoattack.samples.hub:table")(which.spec, **options)
    return made


def _add(usage: str, summary: str, opener: Callable[[DatasetSpec], Dataset]) -> None:
    DATASETS.add(usage.partition(":")[0], Kind(usage, summary, opener))


_PHOTOGRAPHED = "typoattack.samples.photographed"
_add(
    "bundled",
    "20 ImageNet validation photographs, no download",
    lambda _: deferred("typoattack.samples.bundled:bundled")(),
)
_add(
    "stroop-cards",
    "colour words in the ink of other colours",
    lambda _: deferred("typoattack.samples.stroop:StroopCards")(),
)
_add(
    "goh-stroop",
    "eight colour words in each other's ink, asked as Goh et al. 2021 asked",
    lambda _: deferred("typoattack.samples.stroop:goh_stroop")(),
)
_add("folder:PATH", "your photographs, one subfolder a class; or s3://, gs://, hf://", _folder)
_add("captions:FILE", "photographs beside a CSV with image, caption; several a picture", _captions)
_add("hf:NAME[:SPLIT]", "a data set of the Hugging Face Hub", _table)
_add("parquet:FILE", "a local parquet file, opened by datasets", _table)
_add("imagefolder:PATH", "a local folder, opened by datasets", _table)
_add(
    "scam:NAME|PATH",
    "SCAM's pairs: scam:BLISS-e-V/SCAM, or a copy of its layout",
    _by_spec("typoattack.samples.scam:scam"),
)
_add(
    "rta:PATH",
    "RTA-100, a folder or zip of label=dog_text=cat.png",
    _named,
)
_add(
    "paint:PATH",
    "PAINT's photographs, named like RTA-100's",
    _named,
)
_add(
    "goh:PATH",
    "Goh et al. 2021's objects under paper notes, OBJECT-NOTE.jpg",
    _of_files("typoattack.samples.goh:goh"),
)
_add(
    "materzynska:PATH",
    "a folder or zip of photographs with annotation.json",
    _of_files(f"{_PHOTOGRAPHED}:materzynska"),
)
_add(
    "csv:FILE",
    "attacked pictures by line: image, label, word, clean, kind",
    _of_files(f"{_PHOTOGRAPHED}:annotated"),
)

_OWN = frozenset(DATASETS)
"""The kinds of data sets that come with the package; what a plugin's take is its own matter."""
