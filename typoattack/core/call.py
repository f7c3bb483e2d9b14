"""The one grammar of the product: `name(param=value, …)`, read and written.

A name in lower case with hyphens, then optional arguments in parentheses. An argument is a
number, a quoted string, `true`, `false`, `none`, a list in square brackets or parentheses, or
another call. Recipes and defences, on the command line and in suites, are written so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from typoattack.core.errors import UserError, unknown

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<mark>[()\[\],=])
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None}
_CLOSING = {"[": "]", "(": ")"}
_DEEPEST = 20
_MOST_DIGITS = 100


@dataclass(frozen=True, slots=True)
class Call:
    """A name with its arguments, not yet looked up.

    Attributes:
        name: what is called.
        positional: arguments without a name; numbers, text, booleans, None, tuples and calls.
        named: arguments by parameter.
    """

    name: str
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


def parse_call(text: str, kind: str) -> Call:
    """The call that `text` writes, such as `handwritten-note(size=0.35, ink="blue")`.

    Args:
        text: what a user wrote.
        kind: what an error calls it: `recipe`, `defence`.

    Raises:
        UserError: for what is not understood; the message shows the text and the place.
    """
    return _Parser(text, kind).call_alone()


def parse_values(text: str, kind: str) -> tuple[Any, ...]:
    """The values of `0.1, 0.2, "red"`, as a call writes them; bare words are text.

    Raises:
        UserError: for what is no list of values.
    """
    parts = [part.strip() for part in text.split(",")]
    if all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", p) and p not in _WORDS for p in parts):
        return tuple(parts)
    return _Parser(f"[{text}]", kind).list_alone()


def literal(value: object) -> str:
    """`value` as a call writes it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(part) for part in value) + "]"
    return repr(value)


def split_chain(text: str) -> tuple[str, tuple[str, ...]]:
    """What stands before, between and behind ` + ` where calls follow one another.

    Only a ` + ` with a call behind it separates, and none within quotes: a path may hold one.

    >>> split_chain('mini + prompt(suffix="a + b") + mirror')
    ('mini', ('prompt(suffix="a + b")', 'mirror'))
    """
    head, *calls = _PLUS.split(text)
    return head, tuple(calls)


_PLUS = re.compile(r" \+ (?=[a-z][a-z0-9-]*\s*(?:\(|$| \+ ))")


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Parser:
    def __init__(self, text: str, kind: str) -> None:
        self._text = text
        self._kind = kind
        self._tokens = self._tokenise()
        self._next = 0
        self._depth = 0

    def call_alone(self) -> Call:
        made: Call = self._alone(self._call())
        return made

    def list_alone(self) -> tuple[Any, ...]:
        values: tuple[Any, ...] = self._alone(self._value())
        return values

    def _alone(self, made: Any) -> Any:
        if self._peek().kind != "end":
            raise self._wrong(f"unexpected {self._peek().text!r}")
        return made

    def _tokenise(self) -> list[_Token]:
        tokens, at = [], 0
        while self._text[at:].strip():
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                raise UserError(f"{self._named} cannot read it from character {at}")
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], at))
            at = match.end()
        return [*tokens, _Token("end", "end of text", len(self._text))]

    @property
    def _named(self) -> str:
        return f"{self._kind} {self._text[:200]!r}:"

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek()
        self._next += token.kind != "end"
        return token

    def _accept(self, mark: str) -> bool:
        if self._peek().kind == "mark" and self._peek().text == mark:
            self._take()
            return True
        return False

    def _wrong(self, what: str) -> UserError:
        return UserError(f"{self._named} {what} at character {self._peek().at}")

    def _call(self) -> Call:
        token = self._take()
        if token.kind != "name":
            raise self._wrong(f"expected a {self._kind}'s name, found {token.text!r}")
        positional: list[Any] = []
        named: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                self._argument(positional, named)
                if not self._accept(",") and self._peek().text != ")":
                    raise self._wrong("expected ',' or ')'")
        return Call(token.text, tuple(positional), named)

    def _argument(self, positional: list[Any], named: dict[str, Any]) -> None:
        is_named = self._peek().kind == "name" and self._tokens[self._next + 1].text == "="
        if not is_named:
            if named:
                raise self._wrong("a parameter without a name follows one with a name")
            positional.append(self._value())
            return
        name = self._take().text
        self._take()
        if name in named:
            raise self._wrong(f"parameter {name!r} is given twice")
        named[name] = self._value()

    def _value(self) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("nested too deeply")
        try:
            return self._shallow_value()
        finally:
            self._depth -= 1

    def _shallow_value(self) -> Any:
        token = self._peek()
        if token.kind == "name" and token.text not in _WORDS:
            return self._call()
        self._take()
        if token.kind == "number":
            if len(token.text) > _MOST_DIGITS:
                raise self._wrong(f"a number of {len(token.text):,} characters")
            return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "name":
            return _WORDS[token.text]
        if token.text in _CLOSING:
            return self._list(_CLOSING[token.text])
        raise self._wrong(f"expected a value, found {token.text!r}")

    def _list(self, end: str) -> tuple[Any, ...]:
        values: list[Any] = []
        while not self._accept(end):
            values.append(self._value())
            if not self._accept(",") and self._peek().text != end:
                raise self._wrong(f"expected ',' or {end!r}")
        return tuple(values)


def bind(
    whose: str, parameters: Sequence[str], required: Sequence[str], call: Call
) -> dict[str, Any]:
    """The arguments of a call by parameter, as Python would bind them.

    Args:
        whose: what an error calls the part: `recipe 'printed-label'`.
        parameters: names in the order of declaration.
        required: those without a default.
        call: from `parse_call`.

    Raises:
        UserError: for an unknown parameter, one given twice or missing, or too many.
    """
    if len(call.positional) > len(parameters):
        raise UserError(
            f"{whose} takes at most {len(parameters)} parameters, not {len(call.positional)}"
        )
    values = dict(zip(parameters, call.positional, strict=False))
    for name, value in call.named.items():
        if name not in parameters:
            raise unknown(f"parameter of {whose}:", name, parameters)
        if name in values:
            raise UserError(f"{whose}: parameter {name!r} is given twice")
        values[name] = value
    for name in required:
        if name not in values:
            raise UserError(f"{whose} needs the parameter {name!r}")
    return values
