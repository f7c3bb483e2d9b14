"""What the terminal shows, kept as files at the widths that terminals have, and without one.

`python tests/report/test_snapshots.py` writes them anew, to be looked at and committed.
"""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_tables import simulated

from tests.metrics.test_field import contestants
from typoattack.cli.console import Results
from typoattack.metrics.comparison import Entrant, compare
from typoattack.metrics.field import rank_field
from typoattack.metrics.summaries import summarise
from typoattack.report.comparison import terminal_comparison
from typoattack.report.field import terminal_field
from typoattack.report.terminal import terminal_tables

FOLDER = Path(__file__).parent / "snapshots"
WIDTHS = {"40": 40, "80": 80, "120": 120, "200": 200, "none": 10_000}
RECIPES = {"handwritten-note": 0.6, "repeated-overlay": 0.9, "blank-label(handwritten-note)": 0.2}


def run_of(*models: str) -> Callable[[int], Iterable[Table]]:
    found = summarise(simulated(30, RECIPES, models=models), resamples=50)
    return lambda width: terminal_tables(found, width)


def comparison(width: int) -> list[Table]:
    first = simulated(60, RECIPES)
    kept = np.random.default_rng(0).random(len(first)) < 0.4
    answers = np.where(kept, first["clean_predicted"], first["predicted"])
    second = first.assign(model="ViT-B-32/laion2b", predicted=answers)
    about = {"format": 2, "comparable": {"seed": 0}}
    entrants = [Entrant(one["model"].iloc[0], about, one) for one in (first, second)]
    return [terminal_comparison(compare(entrants, resamples=50), width)]


def ranking(width: int) -> list[Table]:
    models = {"ViT-B-32/laion2b": 0.2, "mini": 0.5, "mini-blind": 0.6}
    found = rank_field(contestants(models, 60), baseline="mini", resamples=50)
    return [terminal_field(found, width)]


SHOWN: Mapping[str, Callable[[int], Iterable[Table]]] = {
    "run": run_of("mini"),
    "run-of-two": run_of("mini", "ViT-B-32/laion2b"),
    "run-of-seven": run_of(*(f"model-{n}" for n in range(7))),
    "comparison": comparison,
    "ranking": ranking,
}

CAPTIONS = {"comparison": "Difference:", "ranking": "Common:"}
"""How captions begin that don't with the share of intervals."""


def printed(what: str, width: int) -> str:
    console = Results(file=io.StringIO(), width=width)
    for table in SHOWN[what](width):
        console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("what", SHOWN)
def test_the_terminal_shows_what_it_did(what: str, width: str) -> None:
    kept = (FOLDER / f"{what}-{width}.txt").read_text(encoding="utf-8")
    assert printed(what, WIDTHS[width]) == kept


@pytest.mark.parametrize("width", ["40", "80", "120", "200"])
@pytest.mark.parametrize("what", SHOWN)
def test_nothing_is_wider_than_the_terminal_and_no_word_of_a_caption_is_cut(
    what: str, width: str
) -> None:
    text = printed(what, WIDTHS[width])
    assert max(map(len, text.splitlines())) <= WIDTHS[width]
    words = [word for line in printed(what, 10_000).splitlines() for word in line.split()]
    after = words.index(CAPTIONS.get(what, "95"))
    for word in words[after : after + 4]:
        assert word in text


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in SHOWN:
        for name, wide in WIDTHS.items():
            (FOLDER / f"{one}-{name}.txt").write_text(printed(one, wide), encoding="utf-8")
