"""What a defence is, and the registry that every command reads."""

import ast
import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass
from typing_extensions import dataclass_transform

from typoattack.core.errors import UserError, unknown
from typoattack.core.registry import Registry

if TYPE_CHECKING:
    import torch

    from typoattack.models.base import Model, Preprocess


@dataclass(frozen=True, repr=False)
class Defence:
    """Makes a model harder to fool. Subclasses are frozen dataclasses, parameters their fields.

    A defence prints as `name(param=value)` and is parsed back by `parse_defence`.
    """

    name: ClassVar[str] = ""
    source: ClassVar[str] = ""
    """The paper it follows, or `new here`."""

    def defend(self, model: "Model") -> "Model":
        """The same model, defended.

        Raises:
            UserError: if the defence does not fit the model, or needs a file or package that is
                not there.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        given = {
            f.name: value
            for f in dataclasses.fields(self)
            if (value := getattr(self, f.name)) != f.default
        }
        inside = ", ".join(f"{name}={_literal(value)}" for name, value in given.items())
        return f"{self.name}({inside})" if inside else self.name

    __repr__ = __str__


def _literal(value: object) -> str:
    """`value` as `parse_defence` reads it back."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


DEFENCES: Registry[type[Defence]] = Registry("defence", "see `typoattack list defences`")

CLASSIFIERS: Registry[type[Defence]] = Registry("classifier")
"""What answers in place of zero-shot (`probe`); written behind a model's name like a defence."""

D = TypeVar("D", bound=type[Defence])


@dataclass_transform(frozen_default=True)
def defence(
    name: str, *, source: str, registry: Registry[type[Defence]] = DEFENCES
) -> Callable[[D], D]:
    """Class decorator: make a `Defence` subclass a checked frozen dataclass and register it.

    Args:
        name: how users call it: lower case with hyphens.
        source: the paper it follows, or `new here`.
        registry: where it belongs.
    """

    def decorate(cls: D) -> D:
        config = ConfigDict(extra="forbid", allow_inf_nan=False)
        made = cast("D", dataclass(cls, frozen=True, repr=False, config=config))
        made.name, made.source = name, source
        registry.add(name, made)
        return made

    return decorate


class Defended:
    """A model behind a defence: the `Model` protocol, handed on but for what is overridden.

    Args:
        inner: the model.
        defence: named in reports.
        fingerprint: of the defence and the files it uses.
    """

    def __init__(self, inner: "Model", defence: Defence, fingerprint: str) -> None:
        if hasattr(inner, "classifier"):
            raise UserError(f"model '{inner.name} + {defence}': the probe must come last")
        self.inner = inner
        self.defence = defence
        self.name = f"{inner.name} + {defence}"
        self.fingerprint = fingerprint
        self.image_size = inner.image_size
        self.logit_scale = inner.logit_scale
        self.logit_bias: float | None = getattr(inner, "logit_bias", None)
        self.reads = inner.reads
        self.name_prefix = str(getattr(inner, "name_prefix", ""))
        """Stands before a class's name in every sentence; see `ZeroShotClassifier`."""

    @property
    def preprocess(self) -> "Preprocess":
        """The inner model's."""
        return self.inner.preprocess

    def encode_image(self, batch: "torch.Tensor") -> "torch.Tensor":
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self.inner.encode_image(batch)

    def encode_text(self, texts: Sequence[str]) -> "torch.Tensor":
        """n sentences to (n, d); see `Model`."""
        return self.inner.encode_text(texts)


_SPEC = re.compile(r"(?P<name>[a-z][a-z0-9-]*)\s*(?:\((?P<inside>.*)\))?", re.DOTALL)
_PLUS = re.compile(r" \+ (?=[a-z][a-z0-9-]*\s*(?:\(|$| \+ ))")


def split_defences(name: str) -> tuple[str, list[str]]:
    """A model's name without its defences, and the defences: `mini + mirror` → `mini`, [`mirror`].

    >>> split_defences('mini + prompt(suffix="a + b") + mirror')
    ('mini', ['prompt(suffix="a + b")', 'mirror'])
    """
    base, *defences = _PLUS.split(name)
    return base, defences


def parse_defence(text: str) -> Defence:
    """The defence that `name(param=value, …)` names; values are Python's literals.

    Raises:
        UserError: for an unknown name or parameter, or a wrong value.
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise UserError(f"defence {text[:200]!r}: write name or name(param=value, …)")
    registry = CLASSIFIERS if match["name"] in CLASSIFIERS else DEFENCES
    made_from = registry[match["name"]]
    positional, named = _arguments(match["inside"] or "", text)
    fields = [f.name for f in dataclasses.fields(made_from)]
    if len(positional) > len(fields):
        raise UserError(f"defence {text[:200]!r} takes at most {len(fields)} parameters")
    values = dict(zip(fields, positional, strict=False))
    for name, value in named.items():
        if name not in fields:
            raise unknown(f"parameter of defence {made_from.name!r}:", name, fields)
        if name in values:
            raise UserError(f"defence {text[:200]!r}: parameter {name!r} is given twice")
        values[name] = value
    try:
        return made_from(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        what = problem["msg"].removeprefix("Value error, ")
        raise UserError(f"defence {text[:200]!r}: parameter {key!r}: {what}") from None


def with_defences(models: Sequence[str], defences: Sequence[str]) -> tuple[str, ...]:
    """Each model's name, bare and then behind each defence, as one run compares them.

    Raises:
        UserError: for a defence that is not understood.
    """
    import typoattack.models.probe  # noqa: F401 (registers `probe`)

    parsed = [str(parse_defence(text)) for text in defences]
    return tuple(name for model in models for name in (model, *(f"{model} + {d}" for d in parsed)))


def _arguments(inside: str, text: str) -> tuple[list[Any], dict[str, Any]]:
    """The literals between the parentheses."""
    try:
        call = ast.parse(f"f({inside})", mode="eval").body
        if not isinstance(call, ast.Call):
            raise ValueError("not a list of parameters")
        positional = [ast.literal_eval(argument) for argument in call.args]
        named = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"defence {text[:200]!r}: cannot read its parameters ({reason})") from None
    return positional, named
