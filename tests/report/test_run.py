"""A run from Python: everything that is computed of it is computed once."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from made_runs import manifest
from made_tables import simulated

from typoattack.metrics import summaries
from typoattack.metrics.figures import FIGURES, Contribution, PairedRows, figure
from typoattack.metrics.intervals import Figure
from typoattack.report.run import Run
from typoattack.results.folder import RunFolder
from typoattack.results.schema import SCHEMA


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run of six photographs under an attack and its control."""
    rows = simulated(6, replicates=1)
    about = {
        "identity": {"seed": 0, "canvas": 64, "dataset": {"spec": "folder:no-such-folder"}},
        "comparable": {},
    }
    run = RunFolder(tmp_path / "run")
    run.start(manifest(["mini"], [f"class {i}" for i in range(30)]) | about)
    part = pa.Table.from_pandas(rows, SCHEMA, preserve_index=False)
    run.write_part(part, sorted(set(rows["sample"])), [])
    return run.path


def test_outcomes_and_intervals_are_computed_once_for_page_table_and_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FIGURES, "_parts", dict(FIGURES))
    asked: Counter[str] = Counter()

    @figure("Counted", "How often outcomes are asked for.")
    def counted(rows: PairedRows) -> Contribution:
        asked["outcomes"] += 1
        return rows.only(rows.right, rows.attacked)

    estimate = summaries.estimate

    def watched(*given: object, **named: object) -> Figure:
        asked["estimates"] += 1
        return estimate(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(summaries, "estimate", watched)
    run = Run(folder)
    run.report()
    assert "counted" in run.summary()
    run._repr_html_()
    run.defences()
    lines = len(run.summaries)
    assert lines == 3
    assert asked == {"outcomes": 1, "estimates": lines * len(FIGURES)}


def test_legibility_that_was_measured_afterwards_is_counted_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(folder)
    assert not any(one["legible_share"] for one in run.summaries)
    monkeypatch.setattr("typoattack.report.run.Reader", _ReadsNothing)
    monkeypatch.setattr(Run, "painter", lambda _: None)
    run.measure_legibility()
    (attack,) = (one for one in run.summaries if one.family == "attack")
    assert attack["legible_share"].value == 0


class _ReadsNothing:
    """A reader that finds no text in any picture."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def __enter__(self) -> "_ReadsNothing":
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, *_: object) -> list[object]:
        return []
