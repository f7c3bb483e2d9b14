"""The notebooks run from the first cell to the last, each in a process and a folder of its own."""

import json
from pathlib import Path

import pytest

from tests.command_server import Servers

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def code_of(notebook: Path) -> str:
    """The cells' code in one file, the value of each cell's last line asked for."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end(notebook: Path, tmp_path: Path, servers: Servers) -> None:
    (tmp_path / "notebook.py").write_text(code_of(notebook), encoding="utf-8")
    done = servers.run("notebook.py", [], tmp_path, terminal=False)
    assert done.status == 0, done.err[-2000:]
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
