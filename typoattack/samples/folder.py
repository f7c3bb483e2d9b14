"""A folder of photographs, one subfolder a class."""

import os
from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.files import FileSamples, is_picture, refuse_links_outside
from typoattack.samples.labels import (
    OBJECT,
    check_class_names,
    imagenet_class_names,
    imagenet_synsets,
    is_text,
    named_by_file,
    templates,
)
from typoattack.samples.stores import below, files_below, in_store
from typoattack.task import Task


def folder(path: str, class_names: str | None = None, *, follow_links: bool = False) -> FileSamples:
    """The pictures under `path`, labelled by the subfolder they lie in.

    Folders named by WordNet ids (`n01440764`) are ImageNet's and get its 1,000 classes;
    otherwise the sorted folder names are the classes, unless a file names them.

    Args:
        path: a folder with one subfolder a class, of this machine or of a store
            (`s3://BUCKET/FOLDER`, see `typoattack.samples.stores`); deeper levels are searched too.
        class_names: a text file with one name a class, in the order of the sorted folders.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: if the folder is missing, has no class folders or no pictures, or a link leads
            out of it.
    """
    where = f"dataset 'folder:{path}'"
    stored = in_store(path)
    found = _in_store(path, where) if stored else _here(Path(path), where, follow_links)
    if found is None:
        raise UserError(f"{where}: there is no such folder")
    classes, sizes = found
    if not classes:
        raise UserError(f"{where}: no subfolders; put each class's pictures in one")
    names, index_of = _labels(classes, class_names, path)
    if not sizes:
        raise UserError(f"{where}: no pictures in its {len(classes)} subfolders")
    for name in sizes:
        if not is_text(name):
            raise UserError(f"{where}: the file name {name!r} is not UTF-8; rename")
    ids = tuple(sorted(sizes, key=lambda name: (_class_of(name), name)))
    return FileSamples(
        name=f"folder:{path}",
        fingerprint=digest(*(part for name in ids for part in (name, str(sizes[name])))),
        task=Task(OBJECT, names, templates("simple")),
        licence="the user's own folder",
        ids=ids,
        paths=tuple(below(path, name) if stored else Path(path) / name for name in ids),
        labels=tuple(index_of[_class_of(name)] for name in ids),
    )


def _class_of(name: str) -> str:
    return name.partition("/")[0]


def _here(root: Path, where: str, follow_links: bool) -> tuple[list[str], dict[str, int]] | None:
    """The classes of a folder of this machine, and the bytes of each picture by its path there."""
    if not root.is_dir():
        return None
    classes = sorted(entry.name for entry in os.scandir(root) if _is_class(entry))
    files = [file for name in classes for file in _pictures(root / name)]
    if not follow_links:
        refuse_links_outside(root, files, where)
    return classes, {file.relative_to(root).as_posix(): file.stat().st_size for file in files}


def _in_store(url: str, where: str) -> tuple[list[str], dict[str, int]] | None:
    """The same of a folder in a store, where a folder is what keys have in common."""
    found = files_below(url, where)
    if not found:
        return None
    inside = {name: size for name, size in found.items() if "/" in name and name[0] != "."}
    pictures = {name: size for name, size in inside.items() if is_picture(name)}
    return sorted({_class_of(name) for name in inside}), pictures


def _is_class(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _pictures(root: Path) -> list[Path]:
    """The files below `root` whose ending Pillow knows."""
    return [file for file in root.rglob("*") if is_picture(file.name) and file.is_file()]


def _labels(
    classes: list[str], class_names: str | None, path: str
) -> tuple[tuple[str, ...], dict[str, int]]:
    """The class names and each folder's label."""
    if class_names is not None:
        names = named_by_file(class_names, len(classes), f"folder {path!r}")
        return names, {name: index for index, name in enumerate(classes)}
    if all(len(name) == 9 and name[0] == "n" and name[1:].isdigit() for name in classes):
        synsets = {synset: index for index, synset in enumerate(imagenet_synsets())}
        if all(name in synsets for name in classes):
            return imagenet_class_names(), {name: synsets[name] for name in classes}
    names = check_class_names(
        [name.replace("_", " ") for name in classes], f"dataset 'folder:{path}'"
    )
    return names, {name: index for index, name in enumerate(classes)}
