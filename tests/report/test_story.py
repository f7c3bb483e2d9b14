"""The sentences at the top say what the figures say."""

import json
import re
from typing import Any

from made_tables import BLANK, clean, table
from markupsafe import escape

from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.summaries import summarise
from typoattack.report.sections.story import with_names
from typoattack.report.story import model_notes, tell


def _samples(n: int) -> list[str]:
    return [f"s{i:02d}" for i in range(n)]


CLEAN = [clean(sample=s) for s in _samples(20)]
HIT = [{"sample": s, "predicted": 1} for s in _samples(20)]
BLANKS = [{"sample": s, **BLANK, "control_of": "printed-label"} for s in _samples(20)]


def _told(*rows: dict[str, Any]) -> list[str]:
    predictions = table(*rows)
    return tell(summarise(predictions, resamples=200), outcomes(predictions))


def test_a_reading_model_is_told_from_a_covered_one() -> None:
    read = _told(*CLEAN, *HIT, *BLANKS)
    assert "Of 20 clean photographs it answers 20 correctly: 100 % (84 to 100)" in read[0]
    assert "printed-label: of the 20 photographs right when clean, 100 %" in read[1]
    assert "100 % (84 to 100) are then called exactly what is written" in read[2]
    assert "+100 points" in read[3]
    assert read[3].endswith("the word is read, it is not just in the way.")
    blanks = [{**b, "predicted": 5} for b in BLANKS]
    covered = _told(*CLEAN, *HIT, *blanks)
    assert covered[3].endswith(
        "this run cannot tell reading from covering (an effect of 43 points could have been shown)."
    )


def test_one_photograph_is_told_in_the_singular() -> None:
    told = _told(CLEAN[0], HIT[0])
    assert told[0].startswith("Of 1 clean photograph it answers 1 correctly")
    assert "of the 1 photograph right when clean" in told[1]


def test_a_blank_without_a_surface_is_no_evidence_of_reading() -> None:
    blanks = [{**b, "coverage": 0.0} for b in BLANKS]
    assert "No control was run" in _told(*CLEAN, *HIT, *blanks)[3]


def test_a_made_up_word_tells_where_no_blank_can() -> None:
    pseudo = [{**b, "recipe": "p", "control": "pseudo", "written": "blorp"} for b in BLANKS]
    told = _told(*CLEAN, *HIT, *pseudo)[3]
    assert "against a made-up word in the same place that is +100 points" in told


def test_nothing_right_when_clean_is_said() -> None:
    rows = clean(predicted=3, clean_predicted=3), {"clean_predicted": 3}
    assert _told(*rows)[-1].startswith("No attacked photograph was right when clean")


def _attack(recipe: str, flips: int, of: int = 20) -> list[dict[str, Any]]:
    return [
        {"sample": s, "recipe": recipe, "predicted": int(i < flips)}
        for i, s in enumerate(_samples(of))
    ]


def test_the_strongest_attack_is_told_with_the_number_it_was_chosen_from() -> None:
    told = _told(*CLEAN, *_attack("big", 19), *_attack("some", 17), *_attack("none", 0))[1]
    assert told.startswith("The strongest of 3 attacks is big: of the 20 photographs")
    assert told.endswith(
        "turn wrong; this run does not tell its rate apart from that of some (a difference of 43 "
        "points could have been shown)."
    )
    told = _told(*CLEAN, *_attack("big", 20), *_attack("none", 0))[1]
    assert told.endswith("turn wrong, more than under any other after adjusting for their number.")
    told = _told(*CLEAN, *_attack("big", 20), *_attack("big too", 18))[1]
    assert "; this run does not tell its rate apart from that of any other (" in told


def test_a_tie_between_the_strongest_attacks_is_told_as_a_tie() -> None:
    rows = [row for name in "abcde" for row in _attack(name, 12)]
    told = _told(*CLEAN, *rows[:40], *_attack("none", 0))[1]
    assert told.startswith("a and b tie as the strongest of 3 attacks: of the 20 photographs")
    assert _told(*CLEAN, *rows)[1].startswith("a, b, c and 2 others tie as the strongest of 5")


def test_the_largest_of_many_effects_is_judged_as_the_largest_of_many() -> None:
    def pair(name: str, flips: int) -> list[dict[str, Any]]:
        blank = {**BLANK, "recipe": f"blank {name}", "control_of": name}
        return [*_attack(name, flips), *({"sample": s, **blank} for s in _samples(20))]

    alone = _told(*CLEAN, *pair("some", 6))[-1]
    assert "+30 points" in alone
    assert alone.endswith("p = 0.031): the word is read, it is not just in the way.")
    many = [row for i in range(4) for row in pair(f"other {i}", i)]
    among = _told(*CLEAN, *pair("some", 6), *many)[-1]
    assert "p = 0.156, after adjusting for 5 attacks)" in among
    assert "this run cannot tell reading from covering (an effect of " in among


def test_a_word_that_does_less_harm_than_its_surface_is_told_so() -> None:
    blanks = [{**b, "predicted": 5} for b in BLANKS]
    rows = [{**h, "predicted": 0} for h in HIT]
    assert "the word does less harm than what it stands on" in _told(*CLEAN, *rows, *blanks)[-1]


def test_the_note_on_a_model_is_the_manifests_own_as_a_sentence() -> None:
    assert model_notes({"name": "ViT-B-32/openai", "note": ""}) == []
    note = "this model cannot read: its flips come from what the label covers"
    assert model_notes({"name": "x", "note": note}) == [f"T{note[1:]}."]
    assert model_notes({"name": "x", "note": f"{note}."}) == [f"T{note[1:]}."]


def test_pictures_without_clean_ones_are_told_by_what_they_are_called() -> None:
    nothing = {"clean_predicted": -1, "clean_sim_label": None, "clean_sim_word": None}
    told = _told(*({**h, **nothing} for h in HIT))
    assert told[0].startswith("There are no clean pictures")
    assert "0 % (0 to 16) are answered correctly" in told[1]
    assert told[1].endswith("and 100 % (84 to 100) with what is written.")


def test_whether_sentences_are_obeyed_is_said_first_where_a_run_asks_that() -> None:
    """It is what such a run is about, and stood in the table's last columns alone."""
    asked = json.dumps({"instruction": "answer"})
    hits = [{**hit, "recipe": "instruction", "facts": asked} for hit in HIT]
    alone = [
        {**hit, "recipe": "word", "family": "control", "control": "word"} for hit in HIT[:5]
    ] + [
        {**BLANK, "sample": s, "recipe": "word", "control": "word", "predicted": 0}
        for s in _samples(20)[5:]
    ]
    told = _told(*CLEAN, *hits, *({**one, "control_of": "instruction"} for one in alone))
    assert told[1].startswith(
        "What a sentence in the picture asks for is answered in 100 % (84 to 100) under instruction"
    )
    assert "beyond the word alone in its place that is +75 points" in told[1]
    assert not any("sentence in the picture" in one for one in _told(*CLEAN, *HIT, *BLANKS))


def test_recipes_are_set_apart_in_sentences_and_long_ones_cut() -> None:
    long = 'handwritten-note(font="permanent-marker", ink="<blue>", paper="yellow", size=0.35)'
    made = str(with_names(f"{long} ties with instruction-beside & one", [
        "instruction", long, "instruction-beside",
    ]))  # fmt: skip
    assert re.findall(r">([^<]+)</b>", made) == [f"{long[:35]}…{long[-8:]}".replace('"', "&#34;"),
                                                 "instruction-beside"]  # fmt: skip
    assert f'title="{escape(long)}"' in made
    assert "ties with" in made
    assert "&amp; one" in made
    assert "<blue>" not in made
    assert with_names("a < b", []) == "a &lt; b"
