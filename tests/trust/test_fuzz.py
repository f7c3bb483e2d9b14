"""Any suite, recipe string, manifest, word: understood or refused in words; see `make fuzz`."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.recipes import parse_recipe

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "trust"))
import fuzz


@settings(max_examples=400, deadline=None)
@given(fuzz.recipe_strings())
def test_any_recipe_string_is_parsed_or_refused(text: str) -> None:
    fuzz.recipe_round_trip(text)


@settings(max_examples=300, deadline=None)
@given(fuzz.suite_texts())
def test_any_suite_is_parsed_or_refused(text: str) -> None:
    fuzz.suite_is_parsed_or_refused(text)


@settings(max_examples=400, deadline=None)
@given(fuzz.manifest_texts())
def test_any_manifest_is_read_or_refused(text: str) -> None:
    fuzz.manifest_is_read_or_refused(text)


DATA = [hunt for hunt in fuzz.HUNTS if hunt.check.__module__ == "fuzz_data"]


@pytest.mark.parametrize("hunt", DATA, ids=lambda hunt: hunt.what)
def test_any_data_is_read_or_refused(hunt: fuzz.Hunt) -> None:
    @settings(max_examples=12 if hunt.what == "parquet rows" else 100, deadline=None)
    @given(hunt.inputs)
    def hunted(one: object) -> None:
        hunt.check(one)

    hunted()


CANVAS = Image.new("RGB", (64, 64), (90, 120, 150))


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=40),
    st.sampled_from(["printed-label", "handwritten-note", "plain-overlay", "azuma2023"]),
    st.integers(0, 2**32),
)
def test_any_word_is_drawn_within_its_box_or_refused(word: str, name: str, seed: int) -> None:
    try:
        made = parse_recipe(name)(CANVAS, word, stream(seed))
    except UserError as error:
        assert "\n" not in str(error)
        return
    assert made.image.size == CANVAS.size
    assert 0 <= made.coverage <= 1
