"""Cut Noto Sans SC, JP and KR down to the letters of their countries' common character sets.

    python fonts/make_cjk_subsets.py FOLDER

FOLDER holds the TTF files named in `SUBSETS`, from the npm packages in `fonts/families.yaml`. What
these fonts reserve is the name `Source`; the results are called `Noto Sans SC Subset` and so on all
the same, so that nobody takes them for the whole family.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
COMMON = ((0x20, 0x7E), (0xB7, 0xB7), (0x2013, 0x2014), (0x2018, 0x201D), (0x2026, 0x2026))
WIDE = ((0x3000, 0x301F), (0xFF01, 0xFF5E))
"""With `COMMON` what all three have beside their own. Of what is no Chinese, Japanese or Korean,
only what other fallbacks have too: these fonts are for words in their scripts."""

KANA = ((0x3041, 0x3096), (0x309B, 0x309E), (0x30A1, 0x30FE))
ROWS = range(0xA1, 0xFF)
SUBSETS = {
    # GB 2312, both levels, and Big5's first: simplified and traditional ideographs.
    "SC": (("gb2312", range(0xB0, 0xF8), ROWS), ("big5", range(0xA4, 0xC7), range(0x40, 0xFF))),
    # JIS X 0208, first level; the kana are added below.
    "JP": (("euc_jp", range(0xB0, 0xD0), ROWS),),
    # KS X 1001: its 2,350 syllables.
    "KR": (("euc_kr", range(0xB0, 0xC9), ROWS),),
}


def encoded(codec: str, rows: range, cells: range) -> set[int]:
    """The ideographs and syllables that a two-byte encoding has in these rows and cells."""
    pairs = (bytes((row, cell)) for row in rows for cell in cells)
    decoded = (pair.decode(codec, errors="ignore") for pair in pairs)
    return {ord(text) for text in decoded if len(text) == 1 and ord(text) >= 0x4E00}


def cut(source: Path, country: str) -> None:
    """Write one subset into its folder beside this file."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(layout_features=["kern"], name_IDs=["*"], glyph_names=False)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    cutter = subset.Subsetter(options)
    wanted = set[int]().union(*(encoded(*part) for part in SUBSETS[country]))
    ranges = COMMON + WIDE + (KANA if country == "JP" else ())
    cutter.populate(unicodes=wanted.union(*(range(low, high + 1) for low, high in ranges)))
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            text = record.toUnicode().replace(f"Noto Sans {country}", f"Noto Sans {country} Subset")
            record.string = text.replace(f"NotoSans{country}", f"NotoSans{country}Subset")
    name = f"NotoSans{country}Subset-SemiBold.ttf"
    font.save(HERE / f"noto-sans-{country.lower()}" / name)


if __name__ == "__main__":
    for country in SUBSETS:
        cut(Path(sys.argv[1]) / f"NotoSans{country}_600SemiBold.ttf", country)
