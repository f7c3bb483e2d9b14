"""A comparison is shown the same in the terminal, as files, and on a page with pictures."""

import html
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_runs import manifest, picture
from made_tables import simulated
from rich.console import Console

from typoattack.metrics.comparison import Comparison, Entrant, OwnRate, compare
from typoattack.metrics.margins import without
from typoattack.report.comparison import (
    could_show,
    markdown,
    pairings_frame,
    shown_p,
    tell,
    terminal_comparison,
    verdict,
    write_comparison,
)

NAMES = [f"class {i}" for i in range(20)]
RATES = {"weak": 0.9, "strong": 0.2, "other": 0.2}


def _entrants(*models: str, samples: int = 60) -> list[Entrant]:
    """Models that saw the same pictures with the same words, as in real runs of one suite."""
    recipes = ("printed-label", "blank-label(printed-label)")
    seen = simulated(samples, dict.fromkeys(recipes, 0.5), accuracy=1.0)
    made = []
    for i, model in enumerate(models):
        rates = dict(zip(recipes, (RATES.get(model, 0.5), 0.05), strict=True))
        flips = np.random.default_rng(i).random(len(seen)) < seen["recipe"].map(rates).fillna(0)
        wrong = (seen["label"] + 1) % len(NAMES)
        rows = seen.assign(model=model, predicted=seen["label"].where(~flips, wrong))
        about = manifest([model], NAMES) | {"comparable": {"seed": 0}}
        made.append(Entrant(model, about, rows))
    return made


def _printed(found: Comparison, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(terminal_comparison(found, console.width))
    out: str = console.file.getvalue()  # type: ignore[attr-defined]
    return out


def test_two_models_are_told_apart_in_words_and_numbers() -> None:
    found = compare(_entrants("weak", "strong"))
    assert verdict(found.pairings[0], "flip_rate") == "strong is more robust"
    assert verdict(found.pairings[1], "flip_rate") == ""
    assert tell(found) == [
        "strong is more robust than weak under 1 of 1 attack, after adjusting for their number.",
        "At equal clean margin the verdict stands under 1 of 1.",
        "These verdicts are about the photographs that count for both models; between each one's "
        "own photographs, a difference could come from the photographs alone.",
    ]
    text = _printed(found)
    assert "strong is more robust" in text
    assert "< 0.001" in text
    assert "pp" in text


def test_beside_what_is_not_told_apart_stands_what_could_have_been() -> None:
    found = compare(_entrants("strong", "other"))
    assert tell(found)[0] == (
        "strong and other are not told apart by any of 1 attack, where differences of 25 points "
        "could have been shown."
    )
    assert verdict(found.pairings[0], "flip_rate") == "not told apart"
    assert could_show(found.pairings[0]) == "could have shown 25 pp"
    assert could_show(found.pairings[1]) == ""
    assert "could have shown 25 pp" in _printed(found, width=140)
    assert "could have shown 25 pp" in markdown(found)
    assert could_show(compare(_entrants("weak", "strong")).pairings[0]) == ""


def test_the_csv_holds_the_numbers_unrounded(tmp_path: Path) -> None:
    entrants = _entrants("weak", "strong")
    found = compare(entrants)
    write_comparison(found, entrants, tmp_path)
    read = pd.read_csv(tmp_path / "comparison.csv")
    read["equal_margin_reason"] = read["equal_margin_reason"].fillna("")
    pd.testing.assert_frame_equal(read, pairings_frame(found), check_exact=True, check_dtype=False)


def test_own_rates_and_equal_margin_stand_beside_each_verdict(tmp_path: Path) -> None:
    entrants = _entrants("weak", "strong")
    found = compare(entrants)
    page = write_comparison(found, entrants, tmp_path)[0].read_text("utf-8")
    one = found.pairings[0]
    for text in (page, markdown(found)):
        assert f"own {100 * one.own_a.value:.1f} % of 60" in text
    assert "own 8" not in _printed(found)  # they are the same photographs
    wider = replace(one, own_a=OwnRate(0.345, 61))
    assert "own 34.5 %" in _printed(replace(found, pairings=(wider,)))
    assert one.at_equal_margin.odds.high < 1
    assert "odds × " in page
    assert "odds × " in markdown(found)


def test_an_order_that_turns_on_own_photographs_is_said() -> None:
    found = compare(_entrants("weak", "strong"))
    one = found.pairings[0]
    turned = replace(one, own_a=OwnRate(0.1, 60), own_b=OwnRate(0.4, 70))
    told = tell(replace(found, pairings=(turned, *found.pairings[1:])))
    assert told[1] == (
        "On each model's own photographs the order of weak and strong is the other way round "
        "under 1 of these: printed-label."
    )
    unfit = replace(one, at_equal_margin=without("too few of these"))
    told = tell(replace(found, pairings=(unfit, *found.pairings[1:])))
    assert told[1] == (
        "At equal clean margin the verdict stands under 0 of 1; under 1 that cannot be said "
        "(too few of these)."
    )


def test_changed_pictures_are_listed_with_both_answers_and_shown(tmp_path: Path) -> None:
    entrants = _entrants("weak", "strong")
    found = compare(entrants)
    drawn: list[str] = []

    def painter(row: Mapping[str, object]) -> object:
        drawn.append(str(row["sample"]))
        return picture(row)

    page = write_comparison(found, entrants, tmp_path, {"weak": painter})[0]  # type: ignore[dict-item]
    changed = pd.read_csv(tmp_path / "changed.csv")
    assert len(changed) == int((found.changed["family"] == "attack").sum()) > 0
    assert (changed["answer_a"] != changed["answer_b"]).all()
    assert set(drawn) <= set(changed["sample"])
    assert page.read_text("utf-8").count("<figure>") == len(drawn) == min(60, len(changed))


def test_no_painter_is_no_picture_and_no_failure(tmp_path: Path) -> None:
    entrants = _entrants("weak", "strong")
    page = write_comparison(compare(entrants), entrants, tmp_path)[0]
    assert "<figure>" not in page.read_text("utf-8")


def test_markup_in_names_shows_as_text(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>"
    entrants = _entrants(nasty, "strong")
    found = compare(entrants)
    page = write_comparison(found, entrants, tmp_path)[0].read_text("utf-8")
    assert nasty not in page
    assert html.escape(nasty) in page
    assert nasty not in (tmp_path / "comparison.md").read_text()
    assert nasty in _printed(found, width=200)


@pytest.mark.parametrize(("p", "shown"), [(1.0, "1.000"), (0.0004, "< 0.001"), (0.0312, "0.031")])
def test_a_small_p_is_never_shown_as_zero(p: float, shown: str) -> None:
    assert shown_p(p) == shown


@pytest.mark.parametrize(
    ("figure", "said"), [("flip_rate", "Lower"), ("accuracy_attacked", "Higher")]
)
def test_the_page_says_which_way_a_robust_model_lies(
    figure: str, said: str, tmp_path: Path
) -> None:
    entrants = _entrants("weak", "strong", samples=8)
    page = write_comparison(compare(entrants, figure=figure), entrants, tmp_path)[0]
    assert f" {said} is more robust." in page.read_text("utf-8")
