"""The Python call that repeats what was done, as a manifest says it."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typoattack.runner.machine import HERE, Machine


def as_called(function: str, given: Mapping[str, Any], positional: Sequence[str]) -> str:
    """The call that repeats a run, such as `typoattack.run('quick', seed=1)`.

    Args:
        function: its name.
        given: its arguments by name; what is None, empty or False, and what only watches the run,
            is left out.
        positional: those that go without their name.
    """
    said = [_as_written(name, given[name]) for name in positional]
    said += [
        f"{name}={_as_written(name, value)}"
        for name, value in given.items()
        if name not in (*positional, "progress", "command")
        and not (value is None or value is False or value == () or value == HERE)
    ]
    return f"typoattack.{function}({', '.join(said)})"


def _as_written(name: str, value: Any) -> str:
    """An argument's value as Python; the name stands for an object that has no literal."""
    if isinstance(value, Machine):
        wishes = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        changed = {key: wish for key, wish in wishes.items() if wish != getattr(HERE, key)}
        return f"typoattack.Machine({', '.join(f'{k}={v!r}' for k, v in changed.items())})"
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_as_written(name, part) for part in value)}]"
    return repr(value) if isinstance(value, (str, int)) else name
