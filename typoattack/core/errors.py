"""The errors a user can cause, said in the user's words."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can put right: the message says what was wrong, where, and what to do.

    The command line prints the message alone, on one line, and exits with status 2.
    """


class UnknownName(UserError):
    """A name that nothing is registered under; a plugin that is not loaded may know it."""


class RunFailure(Exception):
    """Something broke that is not the user's mistake; the run can be resumed.

    The command line prints the message alone and exits with status 1.
    """


class BrokenImage(Exception):
    """A picture that cannot be decoded; the run names it, counts it and goes on."""


def unknown(kind: str, name: str, known: Iterable[str], hint: str = "") -> UnknownName:
    """The error for a name that nothing is registered under, with the nearest names."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        advice = f"did you mean {' or '.join(repr(n) for n in near)}?"
    elif len(names) <= 12:
        advice = f"there are {', '.join(names)}" if names else "there are none"
    else:
        advice = f"there are {len(names)} of them"
    message = f"unknown {kind} {name!r}; {advice}"
    return UnknownName(f"{message} ({hint})" if hint else message)
