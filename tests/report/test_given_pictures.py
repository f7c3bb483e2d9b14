"""Sections that pictures of others have, and the likeness that Lemesle et al. ask about."""

import json
from pathlib import Path

import pandas as pd
from made_runs import view
from made_tables import clean, table

from typoattack.report.page import write_report


def notes(count: int = 40) -> pd.DataFrame:
    areas = [json.dumps({"postit_area_pct": 1.0 + n}) for n in range(count)]
    given = {"recipe": 'as-given("SCAM")'}
    return table(
        *[clean(sample=f"s{n:02d}") for n in range(count)],
        *[
            {**given, "sample": f"s{n:02d}", "predicted": int(n >= 20), "facts": areas[n]}
            for n in range(count)
        ],
    )


def test_notes_of_a_known_area_have_a_table_a_chart_and_a_csv(tmp_path: Path) -> None:
    text = write_report(view(notes()), tmp_path)[0].read_text("utf-8")
    assert "<h2>Dose and response</h2>" in text
    assert "1 to 10" in text
    found = pd.read_csv(tmp_path / "facts.csv")
    assert found["flip_rate"].tolist() == [0, 0, 1, 1]
    assert found["pictures"].tolist() == [10, 10, 10, 10]
    assert (tmp_path / "figures" / "facts-as-given-scam-postit-area-pct.svg").stat().st_size > 0


def test_clean_and_attacked_pictures_have_one_accuracy_as_papers_print_it(tmp_path: Path) -> None:
    text = write_report(view(notes()), tmp_path)[0].read_text("utf-8")
    section = text.split('<section id="all_pictures">')[1].split("</section>")[0]
    assert "75.0 %" in section  # 40 of 40 clean, 20 of 40 attacked
    assert '<td class="number">40</td><td class="number">40</td>' in section


def test_lemesles_runs_say_how_switching_goes_with_likeness_and_others_do_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "likeness.csv").write_text("of an earlier report")
    (tmp_path / "facts.csv").write_text("of an earlier report")
    switches = [
        {"recipe": "lemesle2022", "sample": f"s{n}", "predicted": n % 2, "word": "pizza"}
        for n in range(6)
    ]
    text = write_report(view(table(*switches)), tmp_path)[0].read_text("utf-8")
    assert "<h2>Switching and likeness</h2>" in text
    assert "<h2>Dose and response</h2>" not in text
    found = pd.read_csv(tmp_path / "likeness.csv")
    assert found["pictures_switched"].tolist() == [3, 3]
    assert not (tmp_path / "facts.csv").exists()
    other = write_report(view(table({"sample": "a"})), tmp_path)[0].read_text("utf-8")
    assert "Switching and likeness" not in other
    assert not (tmp_path / "likeness.csv").exists()
