from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.call import split_chain
from typoattack.core.errors import UserError
from typoattack.defences import DEFENCES
from typoattack.defences.mirror import Mirror
from typoattack.defences.prompt import Prompt
from typoattack.factory import MODELS, model_kind, parse_wrapper, with_wrappers


@pytest.mark.parametrize(
    "text",
    [
        "mirror",
        'mirror(keep="mean")',
        'prompt(suffix="do not read (it\'s a trap) + \\"x\\"")',
        "mask-text(threshold=0.3, grow=1.0)",
        'projection("a b.safetensors", directions=3)',
        'ablate-units(layer="mlp.0", units=[1, 2])',
    ],
)
def test_a_defence_is_read_back_as_it_prints(text: str) -> None:
    assert str(parse_wrapper(text)) == text
    assert parse_wrapper(str(parse_wrapper(text))) == parse_wrapper(text)


def test_positions_and_defaults() -> None:
    assert parse_wrapper("prompt('only look')") == Prompt("only look")
    assert str(parse_wrapper('mirror("agreement")')) == "mirror"
    assert get_args(Mirror.__annotations__["keep"]) == (
        "agreement",
        "mean",
        "mirrored",
        "mirrorclip",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mirorr", "did you mean 'mirror'"),
        ("mirror(kep=1)", "did you mean 'keep'"),
        ("mirror(keep='both')", "parameter 'keep' is 'both'; Input should be"),
        ("mirror('mean', keep='mean')", "given twice"),
        ("mirror('mean', 'mean')", "at most 1"),
        ("projection", "parameter 'file'"),
        ("mask-text(threshold=2)", "parameter 'threshold'"),
        ("mask-text(threshold=float('nan'))", "parameter 'threshold'"),
        ("mirror(__import__('os').system('x'))", "cannot read it from character"),
        ("mirror(", "expected a value, found 'end of text'"),
        ("mirror) + (x", "cannot read it from character"),
        ("prompt('')", "parameter 'suffix'"),
    ],
)
def test_a_wrong_defence_is_explained_in_a_line(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        parse_wrapper(text)
    assert "\n" not in str(error.value)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    for name in ("", *DEFENCES):
        try:
            parse_wrapper(name + text)
        except UserError as error:
            said = str(error)
            assert "\n" not in said


def test_a_models_name_carries_its_defences() -> None:
    name = 'local-dir:a + b/x + mirror(keep="mean") + prompt("a + b")'
    assert split_chain(name) == (
        "local-dir:a + b/x",
        ('mirror(keep="mean")', 'prompt("a + b")'),
    )
    assert model_kind("mini") is MODELS["mini"]
    assert with_wrappers(["mini", "a/b"], ["mirror", "prompt"]) == (
        *("mini", "mini + mirror", "mini + prompt"),
        *("a/b", "a/b + mirror", "a/b + prompt"),
    )
