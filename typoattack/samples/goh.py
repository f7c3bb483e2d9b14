"""Goh et al. 2021's own photographs: household objects under paper notes (`OBJECT-NOTE.jpg`)."""

from collections import defaultdict
from pathlib import PurePosixPath

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.samples.base import Sample, Variant
from typoattack.samples.labels import OBJECT, imagenet_class_names, templates
from typoattack.samples.paired import PairedSamples
from typoattack.samples.photographed import Pictures
from typoattack.task import Task

NOTE = "note"
OWN_WORD = "own-word"
CLEAN = "blank"
"""The note's name in the file of the picture without any note."""

_CLASSES = {
    "apple": "Granny Smith apple",
    "cup": "measuring cup",
    "dollars": "piggy bank",
    "ipod": "iPod",
    "laptop": "laptop computer",
    "library": "library",
    "meow": "Siamese cat",
    "mug": "coffee mug",
    "phone": "rotary dial telephone",
    "pizza": "pizza",
    "plant": "plant pot",
    "rifle": "rifle",
    "shark": "great white shark",
    "toaster": "toaster",
    "trash": "trash can",
    "water": "water jug",
    "website": "website",
    "wine": "red wine",
}
"""The ImageNet class that the authors score an object or a note as; other notes name no class.

Of the classes in their recorded answers (`public/typographic/in_the_wild_*.json`) the one that an
object's own picture is listed under; `dollars`, `meow` and `shark` by their table of targets."""

_WRITTEN = {"dollars": "$$$", "ipod": "iPod"}
"""What stands on a note whose file name says it otherwise."""

_LICENCE = "Goh et al. 2021 (distillpub/post--multimodal), CC BY 4.0"


def goh(spec: str, *, follow_links: bool = False) -> PairedSamples:
    """Open `goh:PATH`, a folder or zip of `OBJECT-NOTE.jpg`; folders in it are rounds of their own.

    A sample is an object. Its clean picture is `OBJECT-blank`, on which there is no note; its
    attacked pictures are of the kind `note`, and `own-word` where the note says what the object
    is: a note that covers as much and misleads nobody. The question is which of ImageNet's 1,000
    classes is shown, as the authors ask it.

    Args:
        spec: `goh:` and a path, such as `goh:in-the-wild-2`.
        follow_links: also takes what links lead to outside the folder.

    Raises:
        UserError: for a picture that is called otherwise, an object without a clean picture, or
            one that is not known here.
    """
    pictures = Pictures(spec.partition(":")[2], spec, follow_links=follow_links)
    names = imagenet_class_names()
    objects: dict[str, dict[str, str]] = defaultdict(dict)
    for name in pictures.pictures():
        thing, dash, note = PurePosixPath(name).stem.partition("-")
        if not (dash and note and thing in _CLASSES):
            raise UserError(
                f"dataset {spec!r}: picture {name!r} must be called like apple-ipod.jpg, with one "
                f"of the objects {', '.join(_CLASSES)}"
            )
        objects[str(PurePosixPath(name).with_name(thing))][note] = name
    if not objects:
        raise UserError(f"dataset {spec!r}: no pictures")
    samples = []
    for place, notes in sorted(objects.items()):
        if CLEAN not in notes:
            raise UserError(f"dataset {spec!r}: {place!r} has no clean picture {place}-{CLEAN}.jpg")
        thing = PurePosixPath(place).name
        variants = tuple(
            Variant(
                OWN_WORD if note == thing else NOTE,
                _CLASSES.get(note, note),
                pictures.loader(name),
                written=_WRITTEN.get(note, note),
            )
            for note, name in sorted(notes.items())
            if note != CLEAN
        )
        label = names.index(_CLASSES[thing])
        samples.append(Sample(place, pictures.loader(notes[CLEAN]), label, variants))
    return PairedSamples(
        name=spec,
        fingerprint=digest(
            *(name for notes in objects.values() for name in sorted(notes.values()))
        ),
        task=Task(OBJECT, names, templates("simple")),
        licence=_LICENCE,
        samples=tuple(samples),
    )
