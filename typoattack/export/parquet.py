"""The layout that `load_dataset("parquet")` reads."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from typoattack.export.entries import Entries, Notes


def write_parquet(entries: Entries, folder: Path) -> None:
    """`data.parquet` with the pictures inside, which `load_dataset("parquet")` reads."""
    # Imported here since it takes a second, and `typoattack list formats` writes nothing.
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
            "box": datasets.Sequence(datasets.Value("int32")),
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


def _distinct(names: Sequence[str]) -> list[str]:
    """`names` with a number behind the second of two equals, since features want them so."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return made
