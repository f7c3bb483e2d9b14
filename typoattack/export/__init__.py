"""Attacked data sets on disk, in layouts that `datasets` and others' tools load: one file each."""

from collections.abc import Callable
from pathlib import Path

from typoattack.core.registry import Registry
from typoattack.export.csv import write_csv
from typoattack.export.entries import Entries
from typoattack.export.imagefolder import write_imagefolder
from typoattack.export.materzynska import write_materzynska
from typoattack.export.named import write_named
from typoattack.export.parquet import write_parquet
from typoattack.export.scam import write_scam

__all__ = ["FORMATS"]

FORMATS: Registry[Callable[[Entries, Path], None]] = Registry("format")
"""What writes the pictures into a folder, by the layout's name."""

FORMATS.add("imagefolder", write_imagefolder)
FORMATS.add("parquet", write_parquet)
FORMATS.add("scam", write_scam)
FORMATS.add("rta", write_named)
FORMATS.add("paint", write_named)
FORMATS.add("materzynska", write_materzynska)
FORMATS.add("csv", write_csv)
