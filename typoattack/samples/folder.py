"""A folder of photographs, one subfolder a class."""

import os
from pathlib import Path

from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.files import FileSamples, refuse_links_outside
from typoattack.samples.labels import (
    OBJECT,
    check_class_names,
    imagenet_class_names,
    imagenet_synsets,
    is_text,
    named_by_file,
    templates,
)
from typoattack.task import Task


def folder(path: str, class_names: str | None = None, *, follow_links: bool = False) -> FileSamples:
    """The pictures under `path`, labelled by the subfolder they lie in.

    Folders named by WordNet ids (`n01440764`) are ImageNet's and get its 1,000 classes;
    otherwise the sorted folder names are the classes, unless a file names them.

    Args:
        path: a folder with one subfolder a class; deeper levels are searched too.
        class_names: a text file with one name a class, in the order of the sorted folders.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: if the folder is missing, has no class folders or no pictures, or a link leads
            out of it.
    """
    root = Path(path)
    if not root.is_dir():
        raise UserError(f"dataset 'folder:{path}': there is no such folder")
    classes = sorted(entry.name for entry in os.scandir(root) if _is_class(entry))
    if not classes:
        raise UserError(f"dataset 'folder:{path}': no subfolders; put each class's pictures in one")
    names, index_of = _labels(classes, class_names, path)
    found = [(file, name) for name in classes for file in _pictures(root / name)]
    if not found:
        raise UserError(f"dataset 'folder:{path}': no pictures in its {len(classes)} subfolders")
    if not follow_links:
        refuse_links_outside(root, (file for file, _ in found), f"dataset 'folder:{path}'")
    ids = tuple(file.relative_to(root).as_posix() for file, _ in found)
    for name in ids:
        if not is_text(name):
            raise UserError(f"dataset 'folder:{path}': the file name {name!r} is not UTF-8; rename")
    sizes = (str(file.stat().st_size) for file, _ in found)
    return FileSamples(
        name=f"folder:{path}",
        fingerprint=digest(*(part for pair in zip(ids, sizes, strict=True) for part in pair)),
        task=Task(OBJECT, names, templates("simple")),
        licence="the user's own folder",
        ids=ids,
        paths=tuple(file for file, _ in found),
        labels=tuple(index_of[name] for _, name in found),
    )


def _is_class(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _pictures(root: Path) -> list[Path]:
    """The files below `root` whose ending Pillow knows, in an order that no machine changes."""
    known = Image.registered_extensions()
    return sorted(
        (file for file in root.rglob("*") if file.suffix.lower() in known and file.is_file()),
        key=Path.as_posix,  # all begin alike
    )


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
