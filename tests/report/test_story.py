"""The sentences at the top say what the figures say."""

from made_tables import BLANK, clean, table

from typoattack.metrics.summaries import summarise
from typoattack.report.story import model_notes, strongest, tell


def _samples(n: int) -> list[str]:
    return [f"s{i:02d}" for i in range(n)]


CLEAN = [clean(sample=s) for s in _samples(20)]
HIT = [{"sample": s, "predicted": 1} for s in _samples(20)]
BLANKS = [{"sample": s, **BLANK, "control_of": "printed-label"} for s in _samples(20)]


def test_a_reading_model_is_told_from_a_covered_one() -> None:
    read = tell(summarise(table(*CLEAN, *HIT, *BLANKS)))
    assert "Of 20 clean photographs it answers 20 correctly: 100 % (84 to 100)" in read[0]
    assert "printed-label: of the 20 photographs that were right, 100 %" in read[1]
    assert "100 % (84 to 100) are then called exactly what is written" in read[2]
    assert "+100 points" in read[3]
    assert read[3].endswith("the word is read, it is not just in the way.")
    blanks = [{**b, "predicted": 5} for b in BLANKS]
    covered = tell(summarise(table(*CLEAN, *HIT, *blanks)))
    assert covered[3].endswith("this run cannot tell reading from covering.")


def test_a_blank_without_a_surface_is_no_evidence_of_reading() -> None:
    blanks = [{**b, "coverage": 0.0} for b in BLANKS]
    assert "No control was run" in tell(summarise(table(*CLEAN, *HIT, *blanks)))[3]


def test_a_made_up_word_tells_where_no_blank_can() -> None:
    pseudo = [{**b, "recipe": "p", "control": "pseudo", "written": "blorp"} for b in BLANKS]
    told = tell(summarise(table(*CLEAN, *HIT, *pseudo)))[3]
    assert "against a made-up word in the same place that is +100 points" in told


def test_nothing_right_when_clean_is_said() -> None:
    rows = table(clean(predicted=3, clean_predicted=3), {"clean_predicted": 3})
    assert tell(summarise(rows))[-1].startswith("No attacked photograph was right when clean")


def test_the_strongest_attack_is_never_a_control() -> None:
    rows = table(*({**h, "predicted": 0} for h in HIT), *({**b, "predicted": 1} for b in BLANKS))
    found = strongest(summarise(rows))
    assert found is not None
    assert found.recipe == "printed-label"


def test_the_note_on_a_model_is_the_manifests_own_as_a_sentence() -> None:
    assert model_notes({"name": "ViT-B-32/openai", "note": ""}) == []
    note = "this model cannot read: its flips come from what the label covers"
    assert model_notes({"name": "x", "note": note}) == [f"T{note[1:]}."]
    assert model_notes({"name": "x", "note": f"{note}."}) == [f"T{note[1:]}."]


def test_pictures_without_clean_ones_are_told_by_what_they_are_called() -> None:
    nothing = {"clean_predicted": -1, "clean_sim_label": None, "clean_sim_word": None}
    told = tell(summarise(table(*({**h, **nothing} for h in HIT))))
    assert told[0].startswith("There are no clean pictures")
    assert "0 % (0 to 16) are answered correctly" in told[1]
    assert told[1].endswith("and 100 % (84 to 100) with what is written.")
