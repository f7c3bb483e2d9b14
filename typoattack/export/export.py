"""Attacked data sets on disk, in layouts that `datasets` and others' tools load."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from typoattack.core.files import folder_made_whole, write_whole
from typoattack.core.registry import Registry
from typoattack.export import layouts
from typoattack.export.entries import Entries, Notes

Writer = Callable[[Entries, Path], None]
FORMATS: Registry[Writer] = Registry("format")


@FORMATS.register("imagefolder")
def write_imagefolder(entries: Entries, folder: Path) -> None:
    """PNG files and `metadata.jsonl`, which `load_dataset("imagefolder")` reads."""
    lines = []
    for number, entry in enumerate(entries):
        name = f"{number // 1000:05d}/{number:08d}.png"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        entry.image.save(path, compress_level=1)
        lines.append(json.dumps({"file_name": name, **entry.notes}, ensure_ascii=False))
    write_whole(folder / "metadata.jsonl", ("\n".join(lines) + "\n").encode())


@FORMATS.register("parquet")
def write_parquet(entries: Entries, folder: Path) -> None:
    """`data.parquet` with the pictures inside, which `load_dataset("parquet")` reads."""
    import datasets

    features = datasets.Features(
        {
            "image": datasets.Image(),
            "sample": datasets.Value("string"),
            "label": datasets.ClassLabel(names=_distinct(entries.generator.class_names)),
            "label_name": datasets.Value("string"),
            "recipe": datasets.Value("string"),
            "replicate": datasets.Value("int32"),
            "word": datasets.Value("string"),
            "written": datasets.Value("string"),
            "box": datasets.List(datasets.Value("int32")),
            "coverage": datasets.Value("float32"),
            "size": datasets.Value("float32"),
        }
    )

    def rows() -> Iterator[Notes]:
        for entry in entries:
            yield {"image": entry.image, **entry.notes}

    with tempfile.TemporaryDirectory(dir=folder) as cache:
        datasets.disable_progress_bars()
        made = datasets.Dataset.from_generator(rows, features=features, cache_dir=cache)
        made.to_parquet(str(folder / "data.parquet"))
        del made


FORMATS.add("scam", layouts.write_scam)
FORMATS.add("rta", layouts.write_named)
FORMATS.add("paint", layouts.write_named)
FORMATS.add("materzynska", layouts.write_materzynska)
FORMATS.add("csv", layouts.write_csv)


def _distinct(names: Sequence[str]) -> list[str]:
    """`names` with a number behind the second of two equals, since features want them so."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return made


def export(entries: Entries, out: Path, layout: str) -> None:
    """Write an attacked data set into the new folder `out`, whole or not at all.

    Raises:
        UserError: for an unknown layout, a folder that exists, or a disk that refuses.
    """
    write = FORMATS[layout]
    with folder_made_whole(out) as folder:
        write(entries, folder)
