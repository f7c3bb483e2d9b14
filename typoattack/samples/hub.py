"""Data sets that Hugging Face's `datasets` opens: from its Hub, or local parquet and folders."""

import contextlib
import glob
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.compute as pc
from PIL import Image

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.hub import asking_the_hub, refusal
from typoattack.core.randomness import digest
from typoattack.drawing.canvas import decode
from typoattack.samples.base import Sample
from typoattack.samples.captions import CAPTION, Captioned, captioned, captions_of_rows
from typoattack.samples.labels import (
    OBJECT,
    check_class_names,
    imagenet_class_names,
    named_by_file,
    templates,
)
from typoattack.samples.stores import copied, in_store, matching
from typoattack.task import Task


@dataclass(frozen=True, slots=True)
class TableSamples:
    """A data set whose pictures lie in a memory-mapped table; see `Dataset`.

    Attributes:
        rows: a `datasets.Dataset` whose pictures stay encoded until asked for.
        image_column: the column with the pictures.
        labels: index of each row's class.
        root: the folder in which rows may name their pictures; see `load_picture`.
    """

    name: str
    fingerprint: str
    task: Task
    licence: str
    rows: Any = field(repr=False)
    image_column: str
    labels: tuple[int, ...] = field(repr=False)
    root: Path | None = field(default=None, repr=False)
    variant_kinds: ClassVar[frozenset[str]] = frozenset()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        load = partial(load_picture, self.rows, index, self.image_column, self.root)
        return Sample(f"{index:08d}", load, self.labels[index])


def load_picture(rows: Any, index: int, column: str, root: Path | None) -> Image.Image:
    """The picture of a row whose column stays encoded.

    A row may hold any path or address; only a file in the data set's own folder is read.

    Args:
        rows: a `datasets.Dataset`.
        index: of the row.
        column: where the picture is.
        root: the data set's own folder; None where pictures must lie in the rows themselves.

    Raises:
        BrokenImage: if the row holds no picture, or names one that lies elsewhere.
    """
    stored = rows[index][column]
    if stored is None:
        raise BrokenImage("the row has no picture")
    data, path = stored.get("bytes"), stored.get("path")
    if data is not None:
        return decode(data)
    if not path:
        raise BrokenImage("the row has neither bytes nor a path")
    return decode(_inside(path, root))


def _inside(path: str, root: Path | None) -> Path:
    """A row's path, if it leads to a file in the data set's folder; else `BrokenImage`."""
    if root is not None:
        try:
            file = (root / path).resolve()
            if file.is_relative_to(root.resolve()) and file.is_file():
                return file
        except (OSError, ValueError, RuntimeError):
            pass  # a name that no file can have, or links that lead in a circle
    raise BrokenImage(f"the row names {path[:200]!r}, which is no file of the data set's own")


def own_folder(spec: str) -> Path | None:
    """The folder in which a row of `hf:`, `parquet:` or `imagefolder:` may name its picture."""
    kind, _, rest = spec.partition(":")
    if kind == "imagefolder":
        return Path(rest)
    if kind == "parquet":
        return Path(rest).parent if Path(rest).is_file() else None
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def table(
    spec: str,
    *,
    image_column: str | None = None,
    label_column: str | None = None,
    class_names: str | None = None,
) -> TableSamples:
    """Open `hf:NAME[:SPLIT]`, `parquet:FILE` or `imagefolder:FOLDER` with `datasets`.

    Args:
        spec: for `hf:` the split is the first of test, validation and train that exists,
            unless named.
        image_column: where the pictures are; found by its feature type if not given.
        label_column: where the labels are; found by its feature type if not given.
        class_names: a text file with one name a class, in the order of the labels.

    Raises:
        UserError: if the data set cannot be opened or its columns cannot be told.
    """
    import datasets

    rows = open_rows(spec)
    image_column = _pictures(rows, image_column, spec)
    label_column = label_column or _only(rows.features, datasets.ClassLabel, spec, "label")
    _must_have(rows, label_column, spec)
    names, labels = _labels(rows, label_column, class_names, spec)
    task = Task(OBJECT, names, templates("simple"))
    return _samples(spec, rows, image_column, task, labels)


def captioned_table(spec: str, caption_column: str, image_column: str | None = None) -> Captioned:
    """Open `hf:`, `parquet:` or `imagefolder:` with captions in place of labels.

    Args:
        spec: see `table`.
        caption_column: where the captions are; see `typoattack.samples.captions.captions_of_rows`.
        image_column: where the pictures are; found by its feature type if not given.

    Raises:
        UserError: if the data set cannot be opened, or a column is not what it should be.
    """
    rows = open_rows(spec)
    image_column = _pictures(rows, image_column, spec)
    _must_have(rows, caption_column, spec)
    nothing = Task(CAPTION, (), ())
    pictures = _samples(spec, rows, image_column, nothing, (0,) * len(rows))
    cells = rows[caption_column][:]
    same = partial(_same_pictures, pictures.rows, image_column)
    return captioned(pictures, *captions_of_rows(cells, same, f"dataset {spec!r}"))


_END = 64
"""Last bytes of a picture that are compared before all of them are."""


def _same_pictures(rows: Any, column: str) -> list[str]:
    """What is the same where two rows have the same picture: its bytes, else its path.

    Only pictures as long as another, and with the same end, are read whole.
    """
    stored = rows.with_format("arrow")[:][column]
    data, paths = (pc.struct_field(stored, name) for name in ("bytes", "path"))
    sizes, ends = pc.binary_length(data).to_pylist(), pc.binary_slice(data, -_END).to_pylist()
    likely = [
        (size, end) if size else path or str(row)
        for row, (size, end, path) in enumerate(zip(sizes, ends, paths.to_pylist(), strict=True))
    ]
    counts = Counter(likely)
    keys = [one if isinstance(one, str) else f"\0{row}" for row, one in enumerate(likely)]
    read = [n for n, one in enumerate(likely) if not isinstance(one, str) and counts[one] > 1]
    for row, stored_row in zip(read, rows.select_columns([column]).select(read), strict=True):
        keys[row] = digest(stored_row[column]["bytes"])
    return keys


def _pictures(rows: Any, column: str | None, spec: str) -> str:
    """The column of pictures: that named, or the only one."""
    import datasets

    column = column or _only(rows.features, datasets.Image, spec, "image")
    if not isinstance(rows.features.get(column), datasets.Image):
        raise UserError(
            f"dataset {spec!r}: column {column!r} holds no pictures; "
            f"there are {', '.join(rows.features)}"
        )
    return column


def _must_have(rows: Any, column: str, spec: str) -> None:
    if column not in rows.features:
        raise UserError(
            f"dataset {spec!r}: no column {column!r}; there are {', '.join(rows.features)}"
        )


def _samples(
    spec: str, rows: Any, image_column: str, task: Task, labels: tuple[int, ...]
) -> TableSamples:
    import datasets

    encoded = rows.cast_column(image_column, datasets.Image(decode=False))
    return TableSamples(
        name=spec,
        fingerprint=digest(image_column, repr(labels), _sizes(encoded, image_column)),
        task=task,
        licence=rows.info.license or "not stated by the data set",
        rows=encoded,
        image_column=image_column,
        labels=labels,
        root=own_folder(spec),
    )


def _sizes(rows: Any, column: str) -> str:
    """How many bytes each picture has, or where it lies: the same wherever the table was read.

    `datasets` makes fingerprints of its own from paths and times, which no two machines share.
    """
    if len(rows) == 0:
        return ""
    stored = rows.with_format("arrow")[:][column]
    sizes = pc.binary_length(pc.struct_field(stored, "bytes"))
    names = (Path(path).name for path in pc.struct_field(stored, "path").to_pylist() if path)
    return digest(repr(sizes.to_pylist()), *names)


def open_rows(spec: str, said: str = "") -> Any:
    """The rows that `hf:NAME[:SPLIT]`, `parquet:FILE` or `imagefolder:FOLDER` names.

    Args:
        spec: one of these.
        said: what the user wrote, if it was something else.

    Raises:
        UserError: if there are none, or they cannot be fetched; says why.
    """
    import datasets

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()  # a bar in a log is a line without end
    kind, _, rest = spec.partition(":")
    try:
        if kind == "parquet":
            files = _files(rest, spec)
            return datasets.load_dataset("parquet", data_files=files, split="train")
        if kind == "imagefolder":
            if in_store(rest):
                raise UserError(f"dataset {spec!r}: a store's folder is opened by folder:{rest}")
            _files(rest, spec)
            return datasets.load_dataset("imagefolder", data_dir=rest, split="train")
        name, _, split = rest.partition(":")
        local = contextlib.nullcontext() if Path(name).exists() else asking_the_hub()
        with local:
            splits = datasets.load_dataset(name, split=split or None)
        if split:
            return splits
    except UserError:
        raise
    except Exception as error:
        if told := refusal(error):
            raise UserError(f"dataset {said or spec!r}: {told}") from None
        raise UserError(
            f"dataset {said or spec!r}: cannot be opened ({_one_line(error)})"
        ) from None
    for likely in ("test", "validation", "train"):
        if likely in splits:
            return splits[likely]
    return splits[next(iter(splits))]


def _files(path: str, spec: str) -> list[str]:
    """The files that a path or a pattern names; of a store's, the copies on this machine."""
    where = f"dataset {spec!r}"
    if in_store(path):
        copies = [str(copied(url, where).here()) for url in matching(path, where)]
        if not copies:
            raise UserError(f"{where}: no file fits {path!r}")
        return copies
    if not glob.glob(path):  # noqa: PTH207 - Path.glob takes no absolute pattern
        raise UserError(f"{where}: there is no {path!r}")
    return [path]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _only(features: Any, kind: type, spec: str, what: str) -> str:
    """The one column of a feature type, or the user is asked to name it."""
    found: list[str] = [name for name, feature in features.items() if isinstance(feature, kind)]
    if len(found) == 1:
        return found[0]
    problem = f"no {what} column" if not found else f"several {what} columns"
    raise UserError(
        f"dataset {spec!r}: {problem} by type; name one with --{what}-column "
        f"(there are {', '.join(found or features)})"
    )


def _labels(
    rows: Any, column: str, class_names: str | None, spec: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Class names and labels of a column of class indices or of names."""
    import datasets

    feature = rows.features[column]
    values = rows[column][:]
    where = f"dataset {spec!r}"
    if isinstance(feature, datasets.ClassLabel):
        own = feature.names
        if len(own) == 1000 and own[0].startswith(("tench", "n01440764")):
            own = imagenet_class_names()
        labels = [int(value) if value is not None else -1 for value in values]
    elif values and all(isinstance(value, str) for value in values):
        own = sorted(set(values))
        index_of = {name: index for index, name in enumerate(own)}
        labels = [index_of[value] for value in values]
    elif values and all(isinstance(value, int) for value in values) and class_names:
        labels, own = list(values), range(max(values) + 1)
    else:
        raise UserError(f"{where}: column {column!r} holds no class names; give --class-names FILE")
    if class_names is not None:
        own = named_by_file(class_names, len(own), where)
    for index, label in enumerate(labels):
        if not 0 <= label < len(own):
            raise UserError(
                f"{where}: row {index} has label {label}, but there are {len(own)} classes"
            )
    return check_class_names(list(own), where), tuple(labels)
