"""What a defence is, and the registry that every command reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar, cast

from typing_extensions import dataclass_transform

from typoattack.core.registry import Registry
from typoattack.models.wrappers import Wrapper


@dataclass(frozen=True, repr=False)
class Defence(Wrapper):
    """Makes a model harder to fool. Subclasses are frozen dataclasses, parameters their fields."""

    part_kind: ClassVar[str] = "defence"


DEFENCES: Registry[type[Defence]] = Registry("defence", "see `typoattack list defences`")

D = TypeVar("D", bound=type[Defence])


@dataclass_transform(frozen_default=True)
def defence(name: str, *, source: str) -> Callable[[D], D]:
    """Class decorator: make a `Defence` subclass a frozen dataclass and register it.

    Args:
        name: how users call it: lower case with hyphens.
        source: the paper it follows, or `new here`.
    """

    def decorate(cls: D) -> D:
        made = cast("D", dataclass(frozen=True, repr=False)(cls))
        made.name, made.source = name, source
        DEFENCES.add(name, made)
        return made

    return decorate
