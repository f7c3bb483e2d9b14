"""Recipe strings: `name(param=value, …)` parsed back into recipes.

The grammar is small: a name in lower case with hyphens, then optional arguments in
parentheses; an argument is a number, a quoted string, `true`, `false`, `none`, a list in
square brackets, or another recipe.
"""

import dataclasses
import re
from typing import Any, NamedTuple

from typoattack.core.errors import UserError, unknown
from typoattack.recipes.base import Recipe
from typoattack.recipes.plugins import recipe_named

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<mark>[()\[\],=])
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None}
_DEEPEST = 20


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_recipe(text: str) -> Recipe:
    """The recipe that `text` names, such as `handwritten-note(size=0.35, ink="blue")`.

    Raises:
        UserError: for a name, parameter or value that is not understood; the message shows
            the string and the place.
    """
    return _Parser(text).recipe_alone()


def parse_values(text: str) -> tuple[Any, ...]:
    """The values of `0.1, 0.2, "red"`, as a recipe string writes them; bare words are text.

    Raises:
        UserError: for what is no list of values.
    """
    parts = [part.strip() for part in text.split(",")]
    if all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", p) and p not in _WORDS for p in parts):
        return tuple(parts)
    return _Parser(f"[{text}]").list_alone()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenise()
        self._next = 0
        self._depth = 0

    def recipe_alone(self) -> Recipe:
        made = self._recipe()
        if self._peek().kind != "end":
            raise self._wrong(f"unexpected {self._peek().text!r}")
        return made

    def list_alone(self) -> tuple[Any, ...]:
        values: tuple[Any, ...] = self._value()
        if self._peek().kind != "end":
            raise self._wrong(f"unexpected {self._peek().text!r}")
        return values

    def _tokenise(self) -> list[_Token]:
        tokens, at = [], 0
        while self._text[at:].strip():
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                raise UserError(f"recipe {self._text[:200]!r}: cannot read it from character {at}")
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], at))
            at = match.end()
        return [*tokens, _Token("end", "end of text", len(self._text))]

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
        return UserError(f"recipe {self._text[:200]!r}: {what} at character {self._peek().at}")

    def _recipe(self) -> Recipe:
        token = self._take()
        if token.kind != "name":
            raise self._wrong(f"expected a recipe's name, found {token.text!r}")
        made_from = recipe_named(token.text)
        positional: list[Any] = []
        named: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                self._argument(positional, named)
                if not self._accept(",") and self._peek().text != ")":
                    raise self._wrong("expected ',' or ')'")
        return build_recipe(made_from, positional, named)

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
            return self._recipe()
        self._take()
        if token.kind == "number":
            return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text)
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "name":
            return _WORDS[token.text]
        if token.text == "[":
            return self._list()
        raise self._wrong(f"expected a value, found {token.text!r}")

    def _list(self) -> tuple[Any, ...]:
        values: list[Any] = []
        while not self._accept("]"):
            values.append(self._value())
            if not self._accept(",") and self._peek().text != "]":
                raise self._wrong("expected ',' or ']'")
        return tuple(values)


def build_recipe(made_from: type[Recipe], positional: list[Any], named: dict[str, Any]) -> Recipe:
    """`made_from(*positional, **named)` with the user's mistakes said in words.

    Raises:
        UserError: for an unknown parameter, too many, a missing one, or a wrong value.
    """
    fields = [f for f in dataclasses.fields(made_from) if f.init]
    if len(positional) > len(fields):
        raise UserError(
            f"recipe {made_from.name!r} takes at most {len(fields)} parameters, "
            f"not {len(positional)}"
        )
    values = dict(zip((f.name for f in fields), positional, strict=False))
    for name, value in named.items():
        if name not in {f.name for f in fields}:
            raise unknown(
                f"parameter of recipe {made_from.name!r}:", name, [f.name for f in fields]
            )
        if name in values:
            raise UserError(f"recipe {made_from.name!r}: parameter {name!r} is given twice")
        values[name] = value
    for required in fields:
        absent = required.name not in values
        if absent and dataclasses.MISSING is required.default is required.default_factory:
            raise UserError(f"recipe {made_from.name!r} needs the parameter {required.name!r}")
    return made_from(**values)
