"""Cut M PLUS 1p Bold down to Latin, kana and the kanji in `subset.txt`.

    python fonts/mplus-1p/make_subset.py MPLUS1p_700Bold.ttf

The argument is the file from the npm package named in `fonts/families.yaml`. The family reserves
no font name; the result is called `M PLUS 1p Subset` all the same, so that nobody takes it for
the whole family.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2027), (0x3000, 0x30FF), (0xFF01, 0xFF5E))


def main(source: str) -> None:
    """Write the subset beside this file."""
    font = TTFont(source)
    options = subset.Options(layout_features=["kern"], name_IDs=["*"])
    cutter = subset.Subsetter(options)
    wanted = {ord(c) for c in (HERE / "subset.txt").read_text("utf-8") if not c.isspace()}
    cutter.populate(unicodes=wanted.union(*(range(low, high + 1) for low, high in RANGES)))
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            text = record.toUnicode().replace("M PLUS 1p", "M PLUS 1p Subset")
            record.string = text.replace("MPLUS1p", "MPLUS1pSubset")
    font.save(HERE / "MPLUS1pSubset-Bold.ttf")


if __name__ == "__main__":
    main(sys.argv[1])
