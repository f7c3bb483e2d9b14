"""What a model does with sentences: padding, length, capitals, and what a template leaves."""

from collections.abc import Sequence

import numpy as np
import open_clip
from numpy.typing import NDArray

from typoattack.doctor.expected import Expected
from typoattack.doctor.finding import Finding
from typoattack.models.base import Model

Tokens = NDArray[np.int64]

_SAME = 0.02
"""Difference of two unit vectors below which they are one, whatever the rounding of 16 bits."""

_LONGEST = 300
"""Words beyond which no model is asked; the longest sentences of known ones have 248 tokens."""


def findings(model: Model, expected: Expected | None, templates: Sequence[str]) -> list[Finding]:
    """Padding, context length, capitals and templates."""
    length = _context(model, expected)
    return [
        _padding(model, expected, known_length=length.state == "well"),
        length,
        _capitals(model, expected),
        _templates(model, templates),
    ]


def failure(model: Model, expected: Expected | None) -> Finding | None:
    """Why the model cannot encode a sentence, if it cannot."""
    try:
        model.encode_text(["a photo of a dog"])
    except Exception as error:
        tell = getattr(model, "tokens", None)
        length = None if tell is None else int(tell(["a photo of a dog"]).shape[1])
        if expected is not None and length not in (None, expected.context):
            said = f"{length} tokens; by {expected.source} there are {expected.context}"
            return Finding("context length", "wrong", said)
        return Finding("sentences", "wrong", f"a sentence fails ({_line(error)})")
    return None


def _apart(model: Model, first: str, second: str) -> float:
    """How far two sentences lie apart, each by itself."""
    one, other = (model.encode_text([text])[0] for text in (first, second))
    return float((one - other).norm())


def _padding(model: Model, expected: Expected | None, *, known_length: bool) -> Finding:
    """A sentence must mean the same whichever stand beside it, and be padded as in training."""
    sentence, company = "a photo of a dog", "a photo of a dog " + "and a cat " * 6
    alone = model.encode_text([sentence])[0]
    beside = model.encode_text([sentence, company])[0]
    apart = float((alone - beside).norm())
    if apart > _SAME:
        return Finding(
            "padding",
            "wrong",
            f"a sentence beside a longer one is another vector ({apart:.3f} away): it is padded to "
            "its company, and nothing masks that; pad all to the model's length",
        )
    if expected is None or expected.pads is None:
        return Finding("padding", "well", "a sentence is the same beside others")
    told = _padded(model, sentence) if known_length else None  # else its length is named
    if told is not None:
        return Finding("padding", "wrong", f"{told}; by {expected.source} it is otherwise")
    return Finding("padding", "well", "a sentence is the same beside others, padded behind it")


def _padded(model: Model, sentence: str) -> str | None:
    """What is wrong with the tokens themselves, where they can be looked at; else None."""
    tokens, right = _tokens(model, sentence), _right_tokens(model, sentence)
    if tokens is None or right is None or np.array_equal(tokens, right):
        return None
    if len(tokens) != len(right):
        return f"{len(tokens)} tokens in place of {len(right)}"
    if sorted(tokens) == sorted(right):
        return "the padding stands before the words"
    at = int(np.flatnonzero(tokens != right)[0])
    return f"token {at} is {tokens[at]} in place of {right[at]}"


def _tokens(model: Model, sentence: str) -> Tokens | None:
    """The tokens that the model gets; None where it tells of none."""
    tell = getattr(model, "tokens", None)
    return None if tell is None else np.asarray(tell([sentence])[0].cpu())


def _right_tokens(model: Model, sentence: str) -> Tokens | None:
    """Those that the libraries themselves make, the padding behind the words."""
    base = model.lineage.base
    if base.startswith("transformers:"):
        from transformers import AutoTokenizer

        made = AutoTokenizer.from_pretrained(base.partition(":")[2], padding_side="right")
        sigmoid = model.logit_bias is not None
        length = model.module.config.text_config.max_position_embeddings  # type: ignore[attr-defined]
        padding = "max_length" if sigmoid else False
        given = made([sentence], padding=padding, max_length=length, truncation=True)
        return np.asarray(given["input_ids"][0])
    arch = base if base.startswith(("hf-hub:", "local-dir:")) else base.partition("/")[0]
    return np.asarray(open_clip.get_tokenizer(arch)([sentence])[0])


def _context(model: Model, expected: Expected | None) -> Finding:
    """How many words count, against the tokens that the model has places for."""
    check = "context length"
    try:
        words = _words_that_count(model)
    except Exception as error:
        said = (
            f"a sentence of {_LONGEST} words fails ({_line(error)}); cut it to the model's length"
        )
        return Finding(check, "wrong", said)
    told = f"{words} words count" if words < _LONGEST else f"{_LONGEST} words count, or more"
    if expected is None or expected.context is None:
        return Finding(check, "untold", f"{told}; nothing says what is right")
    if min(expected.context - 2, _LONGEST) <= words <= expected.context:
        return Finding(check, "well", f"{told}, of {expected.context} tokens")
    return Finding(
        check, "wrong", f"{told}; by {expected.source} there are {expected.context} tokens"
    )


def _words_that_count(model: Model) -> int:
    """The place of the last word that makes a difference to a sentence's vector."""
    model.encode_text(["dog " * _LONGEST])

    def counts(place: int) -> bool:
        before = "dog " * (place - 1)
        return _apart(model, before + "cat", before + "fish") > 1e-6

    low, high = 0, _LONGEST + 1  # low counts, high does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if counts(middle) else (low, middle)
    return low


def _capitals(model: Model, expected: Expected | None) -> Finding:
    sentence = "a photo of a Siamese Cat"
    apart = _apart(model, sentence, sentence.lower())
    if apart <= _SAME:
        return Finding("capitals", "well", "mean nothing")
    said = f"a sentence in capitals is another vector ({apart:.3f} away)"
    if expected is None or not expected.lower:
        return Finding("capitals", "untold", f"{said}; nothing says whether it should be")
    return Finding("capitals", "wrong", f"{said}; by {expected.source} it was trained without")


def _templates(model: Model, templates: Sequence[str]) -> Finding:
    """Whether a class's name is left of a sentence that may be cut off before it."""
    for template in templates:
        said = [[template.format(name) for name in pair] for pair in _PAIRS]
        if all(_apart(model, first, second) <= 1e-6 for first, second in said):
            told = f"{template!r} is one vector whatever the class; its name may be cut off"
            return Finding("prompt template", "wrong", told)
    return Finding("prompt template", "well", f"{len(templates)}, each with the class's name")


_PAIRS = (("dog", "cat"), ("tench", "toilet paper"))
"""Names of which each model knows one pair at least: those of all models, and ImageNet's."""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
