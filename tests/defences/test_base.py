from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.errors import UserError
from typoattack.defences import (
    DEFENCES,
    Mirror,
    Prompt,
    parse_defence,
    split_defences,
    with_defences,
)
from typoattack.models import MODELS, model_kind


@pytest.mark.parametrize(
    "text",
    [
        "mirror",
        'mirror(keep="mean")',
        'prompt(suffix="do not read (it\'s a trap) + \\"x\\"")',
        "mask-text(threshold=0.3, grow=1.0)",
        'projection(file="a b.safetensors", directions=3)',
    ],
)
def test_a_defence_is_read_back_as_it_prints(text: str) -> None:
    assert str(parse_defence(text)) == text
    assert parse_defence(str(parse_defence(text))) == parse_defence(text)


def test_positions_and_defaults() -> None:
    assert parse_defence("prompt('only look')") == Prompt("only look")
    assert str(parse_defence('mirror("agreement")')) == "mirror"
    assert get_args(Mirror.__annotations__["keep"]) == ("agreement", "mean", "mirrored")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mirorr", "did you mean 'mirror'"),
        ("mirror(kep=1)", "did you mean 'keep'"),
        ("mirror(keep='both')", "parameter 'keep': Input should be"),
        ("mirror('mean', keep='mean')", "given twice"),
        ("mirror('mean', 'mean')", "at most 1"),
        ("projection", "parameter 'file'"),
        ("mask-text(threshold=2)", "parameter 'threshold'"),
        ("mask-text(threshold=float('nan'))", "cannot read its parameters"),
        ("mirror(__import__('os').system('x'))", "cannot read its parameters"),
        ("mirror(", "write name or name"),
        ("mirror) + (x", "write name or name"),
        ("prompt('')", "parameter 'suffix'"),
    ],
)
def test_a_wrong_defence_is_explained_in_a_line(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        parse_defence(text)
    assert "\n" not in str(error.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    for name in ("", *DEFENCES):
        try:
            parse_defence(name + text)
        except UserError as error:
            said = str(error)
            assert "\n" not in said


def test_a_models_name_carries_its_defences() -> None:
    name = 'local-dir:a + b/x + mirror(keep="mean") + prompt("a + b")'
    assert split_defences(name) == (
        "local-dir:a + b/x",
        ['mirror(keep="mean")', 'prompt("a + b")'],
    )
    assert model_kind("mini + mirror") is MODELS["mini"]
    assert with_defences(["mini", "a/b"], ["mirror", "prompt"]) == (
        *("mini", "mini + mirror", "mini + prompt"),
        *("a/b", "a/b + mirror", "a/b + prompt"),
    )
