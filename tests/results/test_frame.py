"""Large runs are read in little memory, and hold what a plain reading of the parts holds."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from made_runs import manifest
from made_tables import clean, table

from typoattack.results.folder import RunFolder
from typoattack.results.frame import by_model
from typoattack.results.schema import KEY, LISTS, SCHEMA

PEAK = """
import sys, tracemalloc
from pathlib import Path
import pyarrow as pa
from typoattack.metrics.comparison import read_entrants
from typoattack.metrics.field import read_field
from typoattack.report.run import Run
runs = [Path(run) for run in sys.argv[1:]]
tracemalloc.start()
for read in (
    lambda: Run(runs[0]).outcomes,
    lambda: read_entrants(runs, "flip_rate"),
    lambda: read_field(runs),
):
    held = read()
    del held
print(tracemalloc.get_traced_memory()[1], pa.default_memory_pool().max_memory())
"""

ROWS, PARTS, PHOTOGRAPHS = 24_000, 4, 2_000


def _part(model: str, number: int) -> pa.Table:
    """A chunk of a run of 11 attacks and the clean picture of each photograph."""
    name = f"photographs/of/a/folder/{number}"
    rows = [clean(model=model, top=[0, 1, 2, 3, 4], top_prob=[0.2] * 5)]
    rows += [{"model": model, "recipe": f"printed-label(size=0.{n})"} for n in range(1, 12)]
    pattern = pa.Table.from_pandas(table(*rows), SCHEMA, preserve_index=False)
    many = pa.concat_tables([pattern] * (PHOTOGRAPHS // PARTS)).to_pandas()
    photographs = [f"{name}-{n // len(rows):06d}.jpg" for n in range(len(many))]
    many = many.assign(sample=photographs, pixels=[f"{n:032x}" for n in range(len(many))])
    return pa.Table.from_pandas(many, SCHEMA, preserve_index=False)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of `ROWS` predictions."""
    made = []
    for model in ("one", "two"):
        folder = RunFolder(tmp_path_factory.mktemp("large") / model)
        folder.start(manifest([model], list("abcdefgh")))
        for number in range(PARTS):
            part = _part(model, number)
            folder.write_part(part, sorted(set(part["sample"].to_pylist())), [])
        made.append(folder.path)
    return made


def test_a_row_takes_so_many_bytes_when_runs_are_read(large: list[Path]) -> None:
    command = [sys.executable, "-c", PEAK, *map(str, large)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert sum(map(int, done.stdout.split())) / ROWS < 1250, done.stdout


def test_columns_are_chosen_and_rows_sorted(tmp_path: Path, large: list[Path]) -> None:
    folder = RunFolder(large[0])
    rows = folder.predictions(["recipe", "sample"])
    assert list(rows) == ["recipe", "sample"]
    whole = folder.predictions()
    assert list(whole) == SCHEMA.names
    pd.testing.assert_frame_equal(rows, whole[["recipe", "sample"]])
    pd.testing.assert_frame_equal(whole, whole.sort_values(KEY, ignore_index=True))


def test_lists_hold_the_same_where_they_stay_in_arrow(large: list[Path]) -> None:
    folder = RunFolder(large[0])
    plain, compact = folder.predictions(), folder.predictions(compact=True)
    for name in LISTS:
        assert [list(cell) for cell in plain[name]] == compact[name].tolist()
    rest = [name for name in SCHEMA.names if name not in LISTS]
    pd.testing.assert_frame_equal(plain[rest], compact[rest])


def test_the_rows_of_one_model_are_not_copied() -> None:
    rows = table({"model": "a"}, {"model": "a", "sample": "b"})
    ((name, own),) = by_model(rows)
    assert name == "a"
    assert own is rows
    both = table({"model": "b"}, {"model": "a"})
    assert [name for name, _ in by_model(both)] == ["a", "b"]
