"""Results for people and for programs, and how much is said beside them."""

import csv
import io
import json
from pathlib import Path

import pytest


@pytest.fixture
def finished(typoattack, small: list[str], tmp_path: Path) -> Path:
    assert typoattack("run", "quick", "-r", "printed-label", *small).status == 0
    return tmp_path / "run"


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_run_is_printed_in_every_form(typoattack, finished: Path) -> None:
    table = typoattack("report", finished)
    assert "report page" in table.out
    made = typoattack("report", finished, "--format", "csv")
    assert made.out == (finished / "summary.csv").read_text(encoding="utf-8")
    assert "report page" in made.err
    markdown = typoattack("report", finished, "--format", "markdown").out
    assert markdown == (finished / "summary.md").read_text(encoding="utf-8")
    records = json.loads(typoattack("report", finished, "--format", "json").out)
    assert [one["recipe"] for one in records] == [one["recipe"] for one in lines(made.out)]


@pytest.mark.parametrize("kind", ["suites", "figures", "words"])
def test_lists_are_printed_in_every_form(typoattack, kind: str) -> None:
    rows = lines(typoattack("list", kind, "--format", "csv").out)
    records = json.loads(typoattack("list", kind, "--format", "json").out)
    markdown = typoattack("list", kind, "--format", "markdown").out.splitlines()
    assert len(rows) == len(records) == len(markdown) - 2 > 3
    assert list(records[0]) == list(rows[0])


def test_comparisons_and_rankings_are_printed_for_programs(
    typoattack, finished: Path, small: list[str], tmp_path: Path
) -> None:
    args = ["--first", "8", "--out", tmp_path / "b"]
    more = [*small[:-2], "--model", f"{small[1]} + mirror"]
    assert typoattack("run", "quick", "-r", "printed-label", *more, *args).status == 0
    for command in ("compare", "rank"):
        done = typoattack(command, tmp_path / "b", "--format", "json", "--quiet")
        if done.status == 0:
            assert json.loads(done.out)
            assert done.err == ""
        else:
            assert "have only" in done.err or "needs" in done.err


def test_quiet_says_results_alone_but_not_less_than_the_truth(typoattack, finished: Path) -> None:
    done = typoattack("report", finished, "--quiet")
    assert "report page" not in done.out + done.err
    assert "printed-label" in done.out
    part = next((finished / "predictions.parquet").glob("part-*"))
    part.unlink()
    done = typoattack("report", finished, "--quiet", "--format", "csv")
    assert "unfinished" in done.err
    assert "unfinished" not in done.out


def test_verbose_names_every_photograph_that_was_skipped(
    typoattack, small: list[str], photo_folder: Path, tmp_path: Path
) -> None:
    for number in range(15):
        (photo_folder / "dog" / f"broken{number}.png").write_bytes(b"no")
    command = ["run", "quick", "-r", "printed-label", *small]
    few = typoattack(*command).out
    assert "and 5 more; --verbose names all" in few
    told = typoattack("report", tmp_path / "run", "-v").out
    assert sum(f"broken{number}.png" in told for number in range(15)) == 15


def test_an_unknown_form_is_refused(typoattack) -> None:
    done = typoattack("list", "suites", "--format", "jsn")
    assert done.status == 2
    assert "did you mean 'json'" in done.err


def test_what_a_file_holds_is_no_formula(typoattack, tmp_path: Path) -> None:
    answers = "sample,kind,label,answer,word\na,clean,=cmd,=cmd,\na,note,=cmd,cat,cat\n"
    (tmp_path / "a.csv").write_text(answers)
    assert typoattack("score", tmp_path / "a.csv", "--out", tmp_path / "run").status == 0
    for table in (tmp_path / "run").glob("*.csv"):
        for row in csv.reader(io.StringIO(table.read_text(encoding="utf-8"))):
            assert not any(cell.startswith(("=", "@")) for cell in row)
