"""The page holds every figure, escapes everything, and asks nothing of the network."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_runs import manifest, view, viewed
from made_tables import simulated

from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import summarise
from typoattack.report.page import write_report
from typoattack.report.sections.story import unfinished
from typoattack.report.view import RunView
from typoattack.results.pictures import no_pictures

NASTY = "<script>alert('x')</script>"


def _page(run: RunView, folder: Path) -> str:
    return write_report(run, folder)[0].read_text("utf-8")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run's report."""
    folder = tmp_path_factory.mktemp("plain")
    write_report(view(simulated(6)), folder)
    return folder


def test_every_file_of_the_report_is_written_and_the_same_each_time(
    plain: Path, tmp_path: Path
) -> None:
    written = write_report(view(simulated(6)), tmp_path)
    names = {p.name for p in tmp_path.iterdir()}
    tables = {"summary.csv", "summary.md", "summary.tex", "classes.csv", "words.csv", "becomes.csv"}
    assert names == {"report.html", "figures", "card.json", *tables}
    for path in written:
        assert path.stat().st_size > 0
        assert path.read_bytes() == (plain / path.relative_to(tmp_path)).read_bytes()


def test_figures_of_the_page_are_recomputed_with_pandas(tmp_path: Path) -> None:
    rows = simulated(30, replicates=3)
    text = _page(view(rows), tmp_path)
    line = re.search(r'<tr class="attack" data-recipe="printed-label">(.*?)</tr>', text, re.DOTALL)
    assert line is not None
    shown = [float(x) for x in re.findall(r'figure[^>]*data-sort="([^"]*)"', line[1])]
    attacked = rows[rows["recipe"] == "printed-label"]
    right = attacked[attacked["clean_predicted"] == attacked["label"]]
    blank = rows[rows["control_of"] == "printed-label"].set_index(["sample", "replicate"])
    pairs = right.set_index(["sample", "replicate"], drop=False)
    covered = (blank["predicted"] != blank["label"]).reindex(pairs.index).astype(float)
    flip = (right["predicted"] != right["label"]).astype(float)
    hit = right["predicted"] == right["target"]
    effect = pd.Series(flip.to_numpy() - covered.to_numpy(), index=right.index)
    expected = [
        flip.groupby(right["sample"]).mean().mean(),
        hit.groupby(right["sample"]).mean().mean(),
        effect.groupby(right["sample"]).mean().mean(),
        (attacked["clean_predicted"] == attacked["label"])
        .groupby(attacked["sample"]).mean().mean(),
        (attacked["predicted"] == attacked["label"]).groupby(attacked["sample"]).mean().mean(),
    ]  # fmt: skip
    assert shown == expected


def test_every_figure_of_the_csv_follows_from_outcomes(tmp_path: Path) -> None:
    rows = simulated(30, replicates=3, models=("a", "b")).assign(readable=True)
    write_report(view(rows), tmp_path)
    lines = pd.read_csv(tmp_path / "summary.csv").set_index(["model", "recipe"])
    counted = outcomes(rows)
    for (model, recipe), part in counted.groupby(["model", "recipe"]):
        for name in [c for c in lines if f"{c}_n" in lines]:
            present = part[["sample", name]].dropna()
            assert lines.loc[(model, recipe), f"{name}_n"] == present["sample"].nunique()
            if len(present):
                value = present.groupby("sample")[name].mean().mean()
                assert lines.loc[(model, recipe), name] == value


def test_names_with_markup_show_as_text(tmp_path: Path) -> None:
    rows = simulated(6, {NASTY: 0.5}, models=(NASTY,), classes=3)
    rows["word"] = rows["word"].where(rows["word"] == "", NASTY)
    rows["sample"] = NASTY + rows["sample"]
    run = view(rows, [NASTY, "</script><img src=x onerror=alert(1)>", "{{ 7 * 7 }}"],
               skipped=[(NASTY, NASTY)])  # fmt: skip
    run.manifest["dataset"]["licence"] = NASTY
    text = _page(run, tmp_path)
    assert NASTY not in text
    assert "<img src=x" not in text
    assert html.escape(NASTY, quote=False).replace("'", "&#39;") in text
    assert "{{ 7 * 7 }}" in text
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["classes"]["0"] == NASTY


def test_the_page_refers_to_nothing_outside_itself(plain: Path) -> None:
    text = (plain / "report.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    outside = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', re.sub(r"<svg.*?</svg>", "", text,
                                                                      flags=re.DOTALL))  # fmt: skip
    assert outside == []


def test_skipped_photographs_are_named_and_counted(tmp_path: Path) -> None:
    skipped = [(f"broken-{i}.jpg", "truncated file") for i in range(3)]
    text = _page(view(simulated(6), skipped=skipped), tmp_path)
    assert "3 photographs could not be used" in text
    assert "broken-2.jpg" in text


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    run = view(simulated(6), skipped=[("x", "broken")])
    assert unfinished(run) == ""
    run.manifest["planned"] = 20  # type: ignore[index]
    assert "This run is not finished: 7 of 20 photographs are done." in _page(run, tmp_path)


def test_a_run_without_pictures_says_so(tmp_path: Path) -> None:
    text = _page(view(simulated(6), picture=no_pictures), tmp_path)
    assert "could not be drawn again" in text


def test_published_figures_stand_beside_a_run_of_the_same_model(
    plain: Path, tmp_path: Path
) -> None:
    text = _page(view(simulated(6, models=("ViT-B-32/laion2b_s34b_b79k",))), tmp_path)
    assert "What others report for ViT-B-32/laion2b_s34b_b79k" in text
    assert "74.68 %" in text
    assert "zero-shot among" in text
    assert "What others report" not in (plain / "report.html").read_text("utf-8")


def test_defences_are_set_beside_the_undefended_model(tmp_path: Path) -> None:
    text = _page(view(simulated(6, models=("mini", "mini + mirror"))), tmp_path)
    part = re.search(r'<section id="defences">(.*?)</section>', text, re.DOTALL)
    assert part is not None
    assert ">undefended<" in part[1]
    assert ">mirror<" in part[1]
    assert ">printed-label<" in part[1]


def test_the_foot_says_how_to_repeat_the_run(plain: Path) -> None:
    text = (plain / "report.html").read_text("utf-8")
    for part in ("typoattack run quick", "cd34", "ab12", "research only", "OFL-1.1", "torch 2.0"):
        assert part in text


def test_nothing_flipped_and_nothing_right_still_make_a_page(tmp_path: Path) -> None:
    assert "Nothing flipped" in _page(view(simulated(5, {"x": 0.0}, accuracy=1.0)), tmp_path)
    wrong = _page(view(simulated(5, accuracy=0.0)), tmp_path)
    assert "nothing could flip" in wrong


def test_pictures_without_clean_ones_and_second_questions_make_a_page(tmp_path: Path) -> None:
    rows = simulated(6, {"as-given": 0.5}, classes=3)
    rows = rows[rows["family"] != "clean"]
    nothing = {"clean_predicted": -1, "clean_sim_label": np.nan, "clean_sim_word": np.nan}
    inks = rows.assign(task="ink", label=7, predicted=9, target=9)
    text = _page(view(pd.concat([rows, inks]).assign(**nothing)), tmp_path)
    assert "There are no clean pictures beside these" in text
    for wrong in ("classified as it is", "Nothing flipped", "too few predictions", "still right"):
        assert wrong not in text.partition("<script>")[0], wrong
    assert "called something else" in text
    assert '<button type="button">Says the word</button>' in text
    assert '<button type="button">Flip rate</button>' not in text
    assert "Says the word" in text
    assert "yellow" not in (tmp_path / "classes.csv").read_text()
    assert (tmp_path / "figures" / "word-matrix-mini-ink.svg").exists()


@pytest.mark.parametrize("models", [1, 3])
def test_every_model_has_its_story(tmp_path: Path, models: int) -> None:
    names = [f"model {i}" for i in range(models)]
    rows = simulated(6, models=names, replicates=1)
    text = _page(viewed(rows, manifest(names, [f"c{i}" for i in range(20)])), tmp_path)
    assert text.count('class="story"') == models == len({s.model for s in summarise(rows)})
