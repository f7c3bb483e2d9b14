"""The layout of RTA-100 and PAINT, whose file names say everything; read back by `rta`, `paint`."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from typoattack.export.entries import Entry
from typoattack.export.pictures import attacks, save_png
from typoattack.samples.photographed import STAND_INS


def write_named(entries: Iterable[Entry], folder: Path) -> None:
    """Attacked pictures called label=dog_text=cat.png; a name's second picture lies in data-2/."""
    taken: Counter[str] = Counter()
    for _, entry in attacks(entries):
        label, word = (_in_a_name(entry.notes[part]) for part in ("label_name", "word"))
        name = f"label={label}_text={word}.png"
        taken[name.casefold()] += 1
        nth = taken[name.casefold()]
        save_png(entry.image, folder / ("data" if nth == 1 else f"data-{nth}") / name)


def _in_a_name(text: str) -> str:
    """`text` with the characters replaced that the name's own rule or a path would trip over."""
    for character, stand_in in STAND_INS.items():
        text = text.replace(character, stand_in)
    return text
