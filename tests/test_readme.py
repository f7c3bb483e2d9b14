"""What the README shows is what the product says."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def rows(path: Path) -> list[list[str]]:
    """The rows of figures in a page's table of recipes, cell by cell."""
    lines = path.read_text("utf-8").splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("| clean |"))
    found = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_the_table_is_the_one_of_the_reference_results() -> None:
    """Those are made by `make results`, with the model and the suite of `make demo`."""
    wanted = []
    for name, n, *figures, clean, attacked in rows(ROOT / "results" / "mini" / "quick.md"):
        last = f"{clean} when clean" if name == "clean" else attacked
        wanted.append([name, n, *figures, last])
    assert rows(ROOT / "README.md") == wanted


def test_the_demo_is_what_the_reference_results_are_of() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (demo,) = re.findall(r"typoattack (run .*) --out runs/demo", makefile)
    assert demo in (ROOT / "results" / "mini" / "quick.md").read_text("utf-8")


def test_the_table_of_a_published_clip_is_that_of_the_results() -> None:
    results = (ROOT / "results" / "goh2021" / "README.md").read_text(encoding="utf-8")
    lines = {}
    for line in results.splitlines():
        if line.startswith("| CLIP RN50x4, ") and "as-given" in line:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            lines[cells[0].removeprefix("CLIP RN50x4, "), cells[1]] = cells
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for answerer in ("zero-shot", "linear probe"):
        (shown,) = [x for x in readme if x.startswith(f"| {answerer} |")]
        _, objects, flips, called, own = [cell.strip() for cell in shown.strip("|").split("|")]
        note = lines[answerer, 'as-given("note")']
        assert [objects.replace(" of ", "/"), flips, called] == note[2:5]
        assert own == lines[answerer, 'as-given("own-word")'][3]
