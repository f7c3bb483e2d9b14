from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.suite import list_suites, load_suite, parse_suite

BASE = "question: does it?\n"


def labels(text: str, **changes: object) -> list[str]:
    return [attack.label for attack in parse_suite(BASE + text, "s", changes).attacks]


@pytest.mark.parametrize("name", list_suites())
def test_every_suite_that_comes_along_loads_and_states_its_cost(name: str) -> None:
    suite = load_suite(name)
    assert suite.question
    assert suite.attacks
    opening = list_suites()[name].read_text().splitlines()
    assert opening[0].startswith("#")
    assert any(f"Cost: {suite.passes} forward passes" in line for line in opening[:6])


def test_a_list_sweeps_over_a_parameter() -> None:
    text = "recipes: [{recipe: printed-label, size: [0.1, 0.2], tilt: [0, 5]}]"
    assert len(labels(text)) == 4
    assert "printed-label(size=0.1, tilt=5.0)" in labels(text)


def test_words_can_be_set_beside_a_recipe() -> None:
    text = "recipes: [printed-label, printed-label @ nearest]"
    suite = parse_suite(BASE + text, "s")
    assert [(a.label, a.words) for a in suite.attacks] == [
        ("printed-label", "random"),
        ("printed-label @ nearest", "nearest"),
    ]


def test_controls_stand_beside_every_attack_and_point_at_it() -> None:
    suite = parse_suite(BASE + "recipes: [printed-label @ nearest]\ncontrols: [blank, 'true']", "s")
    attack, blank, true = suite.attacks
    assert (blank.control, blank.control_of) == ("blank", attack.label)
    assert (true.control, true.control_of, true.words) == ("true", attack.label, "true")
    assert blank.words == "nearest"


def test_a_change_from_the_command_line_replaces_a_key() -> None:
    text = "recipes: [printed-label]\ncontrols: [blank]\nseed: 3"
    suite = parse_suite(BASE + text, "s", {"words": "fixed:iPod", "seed": 4, "limit": None})
    assert suite.seed == 4
    assert {attack.words for attack in suite.attacks} == {"fixed:iPod"}
    assert labels(text, recipes=["plain-overlay"])[0] == "plain-overlay"


def test_the_identity_follows_what_decides_pixels_and_not_the_models() -> None:
    text = BASE + "recipes: [printed-label]\n"
    same = parse_suite(text, "s").identity
    assert parse_suite(text, "other", {"models": ["mini-blind"]}).identity == same
    for changes in (
        {"seed": 1},
        {"canvas": 224},
        {"recipes": ["plain-overlay"]},
        {"words": "pseudo"},
    ):
        assert parse_suite(text, "s", changes).identity != same


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recipes: [printed-lable]", "did you mean 'printed-label'"),
        ("recipes: [printed-label]\nsede: 3", "key 'sede'"),
        ("recipes: [printed-label]\nseed: three", "key 'seed'"),
        ("recipes: [printed-label]\nseed: 0.5", "key 'seed'"),
        ("recipes: [printed-label]\nreplicates: 0", "key 'replicates'"),
        ("recipes: []", "key 'recipes'"),
        ("recipes: [{size: 0.3}]", "needs the key 'recipe'"),
        ("recipes: [{recipe: printed-label, sise: 0.3}]", "did you mean 'size'"),
        ("recipes: [{recipe: printed-label, size: [0.1, 7]}]", "parameter 'size' is 7"),
        ("recipes: [printed-label, printed-label]", "stands twice"),
        ("recipes: [printed-label @ nearst]", "did you mean 'nearest'"),
        ("recipes: [printed-label @ ]", "cannot read|name a word source"),
        ("recipes: [printed-label]\ncontrols: [blnk]", "'kind' is 'blnk'"),
        ("recipes: [!!python/object/apply:os.system [ls]]", "not YAML"),
        ("recipes: [printed-label", "not YAML"),
        ("recipes: [printed-label]\ndataset: {spce: a}", "key 'dataset"),
    ],
)
def test_a_wrong_suite_names_the_key_or_the_recipe(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_suite(BASE + text, "s")


def test_an_unknown_suite_names_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'quick'"):
        load_suite("qiuck")
    with pytest.raises(UserError, match="cannot read it"):
        load_suite(str(tmp_path / "no.yaml"))


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_suite(text, "s")
    except UserError as error:
        assert "\n" not in str(error)


def test_a_recipe_without_a_surface_has_a_mirrored_control_in_place_of_a_blank() -> None:
    text = "question: q\nrecipes: [printed-label, plain-overlay]\ncontrols: [blank, mirrored]"
    suite = parse_suite(text, "s")
    assert [attack.label for attack in suite.attacks] == [
        "printed-label",
        "blank-label",
        'control(printed-label, "mirrored")',
        "plain-overlay",
        'control(plain-overlay, "mirrored")',
    ]


def test_pictures_beyond_reason_are_refused_with_their_number() -> None:
    text = "question: q\nrecipes: [printed-label, plain-overlay]\nreplicates: 10000\ncontrols: "
    assert len(parse_suite(f"{text}[blank]", "s").attacks) == 4
    every = "[blank, pseudo, 'true', shuffled, mirrored]"
    with pytest.raises(UserError, match=r"more than 100,000 attacked pictures.*10,000 replicates"):
        parse_suite(f"{text}{every}", "s")


def test_a_limit_and_the_first_ones_exclude_each_other() -> None:
    text = "question: q\nrecipes: [printed-label]\nlimit: 3\nfirst: 3"
    with pytest.raises(UserError, match="limit .* or first"):
        parse_suite(text, "s")
