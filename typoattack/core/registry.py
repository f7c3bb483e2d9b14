"""Named parts: how every command finds recipes, data sets, defences and the like."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from typoattack.core.errors import UserError, unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A family of things that users name by a word or a prefix: `folder:PATH`, `fixed:WORD`.

    Attributes:
        usage: how a name of the family is written; with a colon where something follows it.
        summary: one line for `typoattack list`.
        open: makes one.
    """

    usage: str
    summary: str
    open: T


def deferred(where: str) -> Callable[..., Any]:
    """The function that `module:name` names, its module imported when it is called.

    For tables whose names must be listed without what stands behind them, such as torch.
    """
    module, _, name = where.partition(":")

    def call(*args: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **named)

    return call


class Registry(Mapping[str, T], Generic[T]):
    """Parts of one kind by name, in the order of registration.

    Looking up an unknown name raises `UserError` with the nearest names; registering a name
    twice raises `UserError` too, so that a plugin cannot silently replace a part.
    """

    everywhere: ClassVar[list["Registry[Any]"]] = []
    """All registries there are, so that a plugin can be told from a file that adds nothing."""

    def __init__(self, kind: str, hint: str = "") -> None:
        self.kind = kind
        self._hint = hint
        self._parts: dict[str, T] = {}
        self.everywhere.append(self)

    def add(self, name: str, part: T) -> T:
        """Register `part` under `name` and return it."""
        if name in self._parts:
            raise UserError(f"{self.kind} {name!r} is registered twice; give one another name")
        self._parts[name] = part
        return part

    def register(self, name: str) -> Callable[[T], T]:
        """The decorator form of `add`."""
        return lambda part: self.add(name, part)

    def __getitem__(self, name: str) -> T:
        try:
            return self._parts[name]
        except KeyError:
            raise unknown(self.kind, name, self._parts, self._hint) from None

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)
