"""An attacker who plans finds what a plain drawing misses, within the budget and the size."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from tests.recipes.photographs import photograph
from tests.recipes.searches import answered
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.drawing.colours import BASIC, contrast
from typoattack.recipes import Aim, Attacked, SearchRecipe, parse_recipe
from typoattack.recipes.oracle import Probabilities

SIDE = 96
CANVAS = photograph(SIDE)


class Corner:
    """A model that errs the more, the more of the top left quarter is painted over."""

    def __init__(self) -> None:
        self.asked: list[Image.Image] = []

    def __call__(self, images: Sequence[Image.Image]) -> Probabilities:
        self.asked += images
        changed = [np.asarray(image, int) != np.asarray(CANVAS, int) for image in images]
        quarter = slice(0, SIDE // 2)
        share = np.array([one[quarter, quarter].any(axis=2).mean() for one in changed])
        wrong = np.clip(share * 1.1, 0, 1)
        return np.stack([1 - wrong, wrong / 2, wrong / 2], axis=1).astype(np.float32)


def planned(spec: str, seed: int = 0) -> tuple[Attacked, Corner]:
    recipe, model = parse_recipe(spec), Corner()
    assert isinstance(recipe, SearchRecipe)
    search = recipe.search(CANVAS, "lemon", stream("planned", seed), Aim(0, 1))
    return answered(search, model), model


BASE = 'printed-label(size=0.5, place="bottom-right")'


def test_the_place_that_flips_is_found_and_the_plain_drawing_is_the_first_query() -> None:
    found, model = planned(f"planned({BASE}, budget=24)")
    assert len(model.asked) == 24
    plain = parse_recipe(BASE)(CANVAS, "lemon", stream("planned", 0))
    assert model.asked[0].tobytes() == plain.image.tobytes()
    assert model(model.asked[:1])[0, 0] == 1.0
    assert max(map(float, str(found.facts["chosen_place"]).split(","))) < 0.7
    answers = model([found.image])
    assert found.facts["margin"] == pytest.approx(
        float(np.log(answers[0, 0]) - np.log(answers[0, 1])), abs=1e-4
    )
    told = model(model.asked[:24])
    flips = np.flatnonzero(told.argmax(axis=1) != 0)
    assert found.facts["flip_query"] == (flips[0] + 1 if len(flips) else 0)


def test_what_the_model_says_teaches_it() -> None:
    """On average over streams, the optimiser ends below chance with the same number of queries."""
    ends = {
        name: [
            planned(f'planned({BASE}, budget=40, optimiser="{name}")', seed)[0].facts["margin"]
            for seed in range(6)
        ]
        for name in ("tpe", "random")
    }
    assert np.mean(ends["tpe"]) < np.mean(ends["random"])


def test_nothing_is_drawn_larger_than_the_base_says() -> None:
    _, model = planned(f"planned({BASE}, budget=20, over=['size', 'place', 'font'])")
    plain = parse_recipe(BASE)(CANVAS, "lemon", stream("planned", 0))
    changed = [np.asarray(one, int) != np.asarray(CANVAS, int) for one in model.asked]
    assert max(one.any(axis=2).mean() for one in changed) <= plain.coverage * 1.05


def test_one_query_is_the_base_itself() -> None:
    found, _ = planned(f"planned({BASE}, budget=1)")
    plain = parse_recipe(BASE)(CANVAS, "lemon", stream("planned", 0))
    assert found.image.tobytes() == plain.image.tobytes()
    assert not any(name.startswith("chosen") for name in found.facts)


def test_only_what_is_named_is_planned_and_the_target_word_stays() -> None:
    found, _ = planned(f"planned({BASE}, budget=9, over=['wording'])")
    assert {name for name in found.facts if name.startswith("chosen")} <= {"chosen_wording"}
    assert found.word == "lemon"
    assert "lemon" in found.written


@pytest.mark.parametrize("over", ["[]", "['ink']", "['paper', 'ink']"])
def test_letters_always_differ_from_what_they_lie_on(over: str) -> None:
    base = 'printed-label(paper="yellow")'
    for seed in range(4):
        found, _ = planned(f"planned({base}, budget=9, over={over})", seed)
        ink = str(found.facts.get("chosen_ink", "black"))
        paper = str(found.facts.get("chosen_paper", "yellow"))
        assert contrast(BASIC[ink], BASIC[paper]) >= 3


@pytest.mark.parametrize(
    "search",
    ["planned({}, budget=9)", 'planned({}, optimiser="random")', "worst-of(3, {})", "guided({})"],
)
def test_searches_of_any_budget_draw_from_the_stream_of_their_base(search: str) -> None:
    assert parse_recipe(search.format(BASE)).stream_key == parse_recipe(BASE).stream_key


def test_a_larger_budget_begins_with_the_same_queries() -> None:
    asked = [planned(f"planned({BASE}, budget={budget})")[1].asked for budget in (9, 17)]
    assert [a.tobytes() for a in asked[0]] == [a.tobytes() for a in asked[1][:9]]


def test_it_comes_to_the_same_end_again() -> None:
    first, again = (planned(f"planned({BASE}, budget=16)")[0] for _ in range(2))
    assert first.image.tobytes() == again.image.tobytes()
    assert first.facts == again.facts


def test_handwriting_on_paper_is_planned_too() -> None:
    found, model = planned("planned(handwritten-note, budget=6)")
    assert len(model.asked) == 6
    assert found.word == "lemon"


def test_what_the_base_does_not_have_is_refused_in_words() -> None:
    with pytest.raises(UserError, match="has no 'fill' to choose; it has place, tilt, size, font"):
        parse_recipe("planned(printed-label, over=['fill'])")


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install 'typoattack\[plan\]'"):
        planned(f"planned({BASE})")
