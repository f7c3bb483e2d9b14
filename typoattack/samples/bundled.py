"""The photographs that come with a package: 20 of ImageNet's validation set, from foolbox."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.files import FileSamples
from typoattack.samples.labels import OBJECT, imagenet_class_names, templates
from typoattack.task import Task

_NAME = re.compile(r"imagenet_\d+_(?P<label>\d+)\.jpg")


def bundled() -> FileSamples:
    """The 20 labelled photographs (512 × 512 JPEG) in the installed foolbox distribution.

    They are found through the distribution's list of files, so foolbox itself is not imported.
    The number behind the last underscore of a file's name is its ImageNet class.

    Raises:
        UserError: if foolbox or its pictures are missing.
    """
    try:
        files = distribution("foolbox").files or []
    except PackageNotFoundError:
        raise UserError(
            "dataset 'bundled' needs the package foolbox; pip install foolbox"
        ) from None
    found: list[tuple[str, Path, int]] = []
    for file in sorted(files, key=str):
        match = _NAME.fullmatch(file.name)
        if match:
            found.append((file.name, Path(str(file.locate())), int(match["label"])))
    if not found:
        raise UserError(
            "dataset 'bundled': the installed foolbox carries no pictures; reinstall it"
        )
    return FileSamples(
        name="bundled",
        fingerprint=digest("bundled", *(path.read_bytes() for _, path, _ in found)),
        task=Task(OBJECT, imagenet_class_names(), templates("simple")),
        licence="photographs of the ImageNet validation set, as carried by foolbox (MIT); "
        "ImageNet's own terms allow non-commercial research",
        ids=tuple(name for name, _, _ in found),
        paths=tuple(path for _, path, _ in found),
        labels=tuple(label for _, _, label in found),
    )
