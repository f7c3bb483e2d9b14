"""The layout of SCAM, read back by the data set `scam`."""

import json
from collections.abc import Iterable
from pathlib import Path

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.export.entries import Entry
from typoattack.export.pictures import attacks, save_png
from typoattack.recipes import AsGiven


def write_scam(entries: Iterable[Entry], folder: Path) -> None:
    """SCAM's image folder: NoSCAM and SynthSCAM pictures in pairs by id, with metadata.jsonl."""
    lines = []
    for number, (clean, entry) in enumerate(attacks(entries), start=1):
        if clean is None:
            raise UserError(
                f"format 'scam' needs pairs, but {entry.notes['sample']!r} has no clean picture; "
                "use --format csv"
            )
        for kind, picture in (("NoSCAM", clean), (_scam_type(entry), entry)):
            name = f"{kind}_img_{number:04d}"
            save_png(picture.image, folder / f"{name}.png")
            lines.append(
                {
                    "file_name": f"{name}.png",
                    "type": kind,
                    "id": name,
                    "object_label": entry.notes["label_name"],
                    "attack_word": entry.notes["word"],
                    "postit_area_pct": round(100 * entry.notes["coverage"], 3),
                }
            )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(folder / "metadata.jsonl", text.encode())


def _scam_type(entry: Entry) -> str:
    """`SCAM` for a photograph that SCAM's authors took, `SynthSCAM` for what is drawn."""
    recipe = entry.drawn.attack.recipe if entry.drawn else None
    given = isinstance(recipe, AsGiven) and recipe.variant != "SynthSCAM"
    return "SCAM" if given else "SynthSCAM"
