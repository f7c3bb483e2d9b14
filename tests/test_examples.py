"""The notebooks run from the first cell to the last, each in a process and a folder of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def code_of(notebook: Path) -> str:
    """The cells' code in one file, the value of each cell's last line asked for."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end(notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "notebook.py").write_text(code_of(notebook), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "notebook.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert list((tmp_path / "runs").glob("*/manifest.json"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(notebook: Path) -> None:
    made = json.loads(notebook.read_text(encoding="utf-8"))
    assert made["nbformat"] == 4
    for cell in made["cells"]:
        assert cell["id"]
        assert not cell.get("outputs")


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3
