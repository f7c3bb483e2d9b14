"""A part with a name and parameters: what recipes and defences have in common."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, get_type_hints

from pydantic import ConfigDict, InstanceOf, TypeAdapter, ValidationError

from typoattack.core.call import Call, bind, literal
from typoattack.core.errors import UserError

P = TypeVar("P", bound="Part")


@dataclasses.dataclass(frozen=True, repr=False)
class Part:
    """A frozen dataclass whose fields are parameters that a user may write.

    It prints as `name(param=value)` and is parsed back by the rules of `typoattack.core.call`;
    a value that does not fit its annotation is refused in words when the part is made.
    """

    part_kind: ClassVar[str] = "part"
    """What an error calls it: `recipe`, `defence`."""
    name: ClassVar[str] = ""
    source: ClassVar[str] = ""
    """The paper and section it follows, or `new here`."""
    unpickle: ClassVar[Callable[[str, Mapping[str, Any]], Any] | None] = None
    """Makes a part from name and parameters in another process, where its module may be unknown."""

    def __post_init__(self) -> None:
        cls: Any = type(self)
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            try:
                # A truth value is no number, though Python counts with it.
                strict = True if _holds_truth(value) else None
                checked = _adapter(cls, f.name).validate_python(value, strict=strict)
            except ValidationError as error:
                problem = error.errors()[0]["msg"].removeprefix("Value error, ")
                told = literal(value) if isinstance(value, tuple) else repr(value)
                raise UserError(
                    f"{whose(cls)}: parameter {f.name!r} is {told}; {problem}{_written(cls, value)}"
                ) from None
            object.__setattr__(self, f.name, checked)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        if type(self).unpickle is not None:
            return type(self).unpickle, (self.name, values)
        return _made, (type(self), values)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that differ from their defaults, in the order of declaration."""
        given = ((f, getattr(self, f.name)) for f in dataclasses.fields(self))
        return {f.name: value for f, value in given if value != f.default}

    def __repr__(self) -> str:
        needed = required(type(self))
        inside = ", ".join(
            literal(value) if name in needed else f"{name}={literal(value)}"
            for name, value in self.params.items()
        )
        return f"{self.name}({inside})" if inside else self.name

    __str__ = __repr__


def _holds_truth(value: Any) -> bool:
    return isinstance(value, bool) or (
        isinstance(value, tuple | list) and any(_holds_truth(part) for part in value)
    )


def _written(cls: type[Part], value: Any) -> str:
    """How a part is given where it stood in another's place, such as `worst-of(8, note)`."""
    if not isinstance(value, Part):
        return ""
    hints, before = get_type_hints(cls), list[str]()
    for f in dataclasses.fields(cls):
        if _is_part(hints[f.name]):
            return f"; write {cls.name}({', '.join([*before, repr(value)])})" if before else ""
        if f.default is dataclasses.MISSING:
            return ""
        before.append(literal(f.default))
    return ""


def whose(cls: type[Part]) -> str:
    """How errors name the part: `recipe 'printed-label'`."""
    return f"{cls.part_kind} {cls.name!r}"


def required(cls: type[Part]) -> list[str]:
    """The parameters without a default."""
    missing = dataclasses.MISSING
    fields = (f for f in dataclasses.fields(cls) if f.init)
    return [f.name for f in fields if f.default is missing and f.default_factory is missing]


def make(cls: type[P], call: Call) -> P:
    """The part that a call of `cls` makes; values in it that are parts themselves are made already.

    Raises:
        UserError: for an unknown parameter, too many, a missing one, or a wrong value.
    """
    parameters = [f.name for f in dataclasses.fields(cls) if f.init]
    return cls(**bind(whose(cls), parameters, required(cls), call))


def allowed(cls: type[Part]) -> dict[str, str]:
    """What each parameter may be, in words: `a number, more than 0, at most 1`."""
    made: Any = cls
    return {
        f.name: _in_words(_adapter(made, f.name).json_schema())
        for f in dataclasses.fields(cls)
        if f.init and not _is_part(get_type_hints(cls)[f.name])
    }


_KINDS = {"number": "a number", "integer": "a whole number", "string": "text", "null": "none"}
_BOUNDS = {
    "exclusiveMinimum": "more than",
    "minimum": "at least",
    "exclusiveMaximum": "less than",
    "maximum": "at most",
}


def _in_words(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(literal(one) for one in schema["enum"])
    if "description" in schema:
        return str(schema["description"])
    if "anyOf" in schema:
        return " or ".join(_in_words(one) for one in schema["anyOf"])
    if "const" in schema:
        return literal(schema["const"])
    kind = schema.get("type")
    if kind == "boolean":
        return "true or false"
    if kind == "array":
        inside = schema.get("prefixItems") or [schema.get("items") or {}]
        return f"a list: {'; '.join(dict.fromkeys(map(_in_words, inside)))}"
    bounds = [f"{words} {schema[key]:g}" for key, words in _BOUNDS.items() if key in schema]
    return ", ".join([_KINDS.get(str(kind), "a value"), *bounds])


def _is_part(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Part)


@functools.cache
def _adapter(cls: Any, field_name: str) -> TypeAdapter[Any]:
    """The check for one parameter, made from its annotation."""
    hint: Any = get_type_hints(cls, include_extras=True)[field_name]
    if _is_part(hint):
        return TypeAdapter(InstanceOf[hint])
    return TypeAdapter(hint, config=ConfigDict(allow_inf_nan=False))


def _made(cls: type[P], values: Mapping[str, Any]) -> P:
    """What a pickled part becomes."""
    return cls(**values)
