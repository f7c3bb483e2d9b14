"""What the reader is trained on: fonts, words and photographs that packages carry.

`python -m typoattack.models.mini.corpus` fetches it once into the user's cache folder: the font
packages listed in `training_fonts.txt` and a word list with `npm pack`, background photographs
with `apt-get download`; those of scikit-image, scikit-learn and matplotlib lie in their wheels.
Three things stay out, so that what is measured means something: the families of `fonts/`, the
bundled evaluation photographs, and the words of `heldout_words.txt`.
"""

import importlib.metadata
import io
import json
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from fontTools.ttLib import TTFont
from PIL import Image, ImageFont

from typoattack.core.errors import UserError
from typoattack.core.resources import fonts_dir

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
WORD_LIST = "an-array-of-english-words"
WORD_LIST_VERSION = "2.0.0"
PHOTO_PACKAGE = "mate-backgrounds"

_HERE = Path(__file__).parent
_LARGEST_PHOTO = 900
_WHEEL_PHOTOS = {
    "scikit-image": (
        *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png"),
        *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
        *("motorcycle_left.png", "retina.jpg", "rocket.jpg"),
    ),
    "scikit-learn": ("china.jpg", "flower.jpg"),
    "matplotlib": ("grace_hopper.jpg",),
}


@dataclass(frozen=True, slots=True)
class TrainingFont:
    """One face: where it lies, `printed` or `handwriting`, and how high its letters stand.

    Attributes:
        path: a TTF file.
        style: `printed` or `handwriting`.
        height: mean of the heights of `x` and `H`, as a share of the font size.
    """

    path: Path
    style: str
    height: float


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything a training window is drawn from.

    Attributes:
        printed: faces of printed families.
        handwriting: faces of handwriting families.
        words: lower-case English words of 2 to 14 letters, without the held-out ones.
        photos: RGB pictures without text, (h, w, 3) uint8.
    """

    printed: Sequence[TrainingFont]
    handwriting: Sequence[TrainingFont]
    words: Sequence[str]
    photos: Sequence[np.ndarray]


def default_folder() -> Path:
    """Where the corpus is kept: a folder in the user's cache."""
    return Path(platformdirs.user_cache_dir("typoattack")) / "mini-corpus"


def heldout_words() -> list[str]:
    """The 1,000 candidate words that training never sees; the first 200 are the reading test."""
    return (_HERE / "heldout_words.txt").read_text(encoding="utf-8").split()


def listed_fonts() -> list[tuple[str, str, str]]:
    """(style, npm package, version) of each family in `training_fonts.txt`.

    Raises:
        UserError: if a family that recipes draw with is among them.
    """
    lines = (_HERE / "training_fonts.txt").read_text(encoding="utf-8").splitlines()
    fonts = [(a, b, c) for a, b, c in (line.split() for line in lines if line[:1] != "#")]
    drawn_with = _drawn_with()
    for _, package, _ in fonts:
        if package.split("/")[1].replace("-", "") in drawn_with:
            raise UserError(f"{package} is in training_fonts.txt but recipes draw with it")
    return fonts


def _drawn_with() -> set[str]:
    """The families that recipes draw with, without hyphens."""
    return {folder.name.replace("-", "") for folder in fonts_dir().iterdir() if folder.is_dir()}


def fetch(folder: Path) -> None:
    """Download fonts, word list and photographs into `folder`; what is there already is kept.

    Raises:
        UserError: if `npm` or `apt-get` is missing or a package cannot be fetched.
    """
    packages = [(name, version) for _, name, version in listed_fonts()]
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in [*packages, (WORD_LIST, WORD_LIST_VERSION)]:
        if not _archive(folder, name, version).exists():
            _call(["npm", "pack", "--silent", f"{name}@{version}"], folder)
    if not list(folder.glob(f"{PHOTO_PACKAGE}_*.deb")):
        _call(["apt-get", "download", PHOTO_PACKAGE], folder)
    if not (folder / "photos").is_dir():
        (archive,) = folder.glob(f"{PHOTO_PACKAGE}_*.deb")
        _call(["dpkg", "-x", archive.name, "photos"], folder)


def load(folder: Path) -> Corpus:
    """The corpus that `fetch` left in `folder`.

    Raises:
        UserError: if a package is missing from it.
    """
    listed_faces = (_faces(folder, name, version, style) for style, name, version in listed_fonts())
    fonts = [face for faces in listed_faces for face in faces]
    heldout = set(heldout_words())
    listed = json.loads(_member(_archive(folder, WORD_LIST, WORD_LIST_VERSION), "index.json"))
    words = [w for w in listed if 2 <= len(w) <= 14 and w.isascii() and w.isalpha()]
    return Corpus(
        printed=[f for f in fonts if f.style == "printed"],
        handwriting=[f for f in fonts if f.style == "handwriting"],
        words=sorted(w.lower() for w in words if w.lower() not in heldout),
        photos=[_photo(path) for path in _photo_files(folder)],
    )


def _archive(folder: Path, package: str, version: str) -> Path:
    return folder / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"


def _call(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(f"the training corpus needs the program {command[0]!r}") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"`{' '.join(command)}` failed: {last}") from None


def _member(archive: Path, name: str) -> bytes:
    if not archive.is_file():
        raise UserError(
            f"the training corpus lacks {archive.name}; "
            "run `python -m typoattack.models.mini.corpus`"
        )
    with tarfile.open(archive) as tar:
        found = tar.extractfile(f"package/{name}")
        if found is None:
            raise UserError(f"{archive.name} has no {name}")
        return found.read()


def _faces(folder: Path, package: str, version: str, style: str) -> list[TrainingFont]:
    """The Latin regular and bold faces of a font package, unpacked from WOFF beside it."""
    unpacked = folder / "faces"
    unpacked.mkdir(exist_ok=True)
    family = package.split("/")[1]
    faces = []
    for weight in ("400", "700"):
        name = f"{family}-latin-{weight}-normal"
        path = unpacked / f"{name}.ttf"
        if not path.exists():
            try:
                packed = _member(_archive(folder, package, version), f"files/{name}.woff")
            except KeyError:
                continue
            font = TTFont(io.BytesIO(packed))
            font.flavor = None
            font.save(path)
        height = _letter_height(path)
        if height:
            faces.append(TrainingFont(path, style, height))
    return faces


def _letter_height(path: Path) -> float:
    """Mean height of `x` and `H` as a share of the font size; 0 where a letter is missing."""
    font = ImageFont.truetype(path, 100, layout_engine=ImageFont.Layout.BASIC)
    boxes = [font.getbbox(letter) for letter in "xH"]
    if any(font.getmask(c).getbbox() is None for c in ALPHABET + ALPHABET.upper()):
        return 0.0
    return sum(bottom - top for _, top, _, bottom in boxes) / 200.0


def _photo_files(folder: Path) -> list[Path]:
    nature = folder / "photos" / "usr" / "share" / "backgrounds" / "mate" / "nature"
    files = sorted(nature.glob("*.jpg"))
    if not files:
        raise UserError(
            "the training corpus lacks its photographs; "
            "run `python -m typoattack.models.mini.corpus`"
        )
    for package, names in _WHEEL_PHOTOS.items():
        listed = _installed(package)
        files += [Path(str(f.locate())) for f in sorted(listed) if f.name in names]
    return files


def _installed(package: str) -> list[importlib.metadata.PackagePath]:
    try:
        return importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise UserError(
            f"the training corpus needs photographs of {package}; pip install {package}"
        ) from None


def _photo(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    rgb.thumbnail((_LARGEST_PHOTO, _LARGEST_PHOTO), Image.Resampling.LANCZOS)
    return np.asarray(rgb)


if __name__ == "__main__":
    fetch(default_folder())
    made = load(default_folder())
    print(
        f"{len(made.printed)} printed and {len(made.handwriting)} handwriting faces, "
        f"{len(made.words)} words, {len(made.photos)} photographs in {default_folder()}"
    )
