"""Lay photographs of Tux Paint's stamps out as a data set: one folder an ImageNet class.

    python benchmarks/units/real_photographs.py STAMPS photographs

STAMPS is the folder `stamps` of Debian's package `tuxpaint-stamps-default` (GPL-2), installed or
unpacked anywhere outside the repository. `real_photographs.csv` says which of its pictures are
photographs of an ImageNet class, and of which: seen by eye, two or more a class, and no drawing.
They are cut out; here each stands in the middle of a white square.
"""

import csv
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.files import folder_made_whole
from typoattack.drawing.canvas import decode
from typoattack.samples.labels import imagenet_class_names, imagenet_synsets

LIST = Path(__file__).with_suffix(".csv")
MARGIN = 0.08
"""White on every side, as a share of the longer side."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One line of the list.

    Attributes:
        file: relative to the folder of stamps.
        class_name: of ImageNet's, as open_clip calls it.
        sha256: of the file that was looked at.
    """

    file: str
    class_name: str
    sha256: str


def stamps(path: Path = LIST) -> list[Stamp]:
    """The list, in its order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [Stamp(row["file"], row["class"], row["sha256"]) for row in csv.DictReader(lines)]


def on_white_square(picture: Image.Image) -> Image.Image:
    """An RGB picture in the middle of a white square, none of its pixels changed."""
    side = round(max(picture.size) * (1 + 2 * MARGIN))
    square = Image.new("RGB", (side, side), "white")
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def lay_out(listed: list[Stamp], source: Path, out: Path) -> None:
    """Write every listed stamp to `out`, in a folder named by its class's WordNet id.

    Raises:
        UserError: if a stamp is missing or is not the picture that was looked at.
    """
    synsets = dict(zip(imagenet_class_names(), imagenet_synsets(), strict=True))
    with folder_made_whole(out) as folder:
        for stamp in listed:
            path = source / stamp.file
            if not path.is_file():
                raise UserError(f"{str(source)!r} has no {stamp.file}; is it the package's stamps?")
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != stamp.sha256:
                raise UserError(
                    f"{stamp.file} is another picture than the one that was looked at; use the "
                    "package's version 2022.06.04-1"
                )
            place = folder / synsets[stamp.class_name]
            place.mkdir(exist_ok=True)
            on_white_square(decode(data)).save(place / Path(stamp.file).name)


def main(
    source: Annotated[Path, typer.Argument(help="The package's folder of stamps.")],
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
) -> None:
    """Lay the photographs out."""
    if out.exists():
        sys.exit(f"{str(out)!r} is there already; name another folder")
    listed = stamps()
    try:
        lay_out(listed, source, out)
    except UserError as error:
        sys.exit(str(error))
    classes = {stamp.class_name for stamp in listed}
    print(f"{len(listed)} photographs of {len(classes)} classes: {out}")


if __name__ == "__main__":
    typer.run(main)
