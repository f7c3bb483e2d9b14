"""The way in: signals and output are taken care of before anything large is imported."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from typoattack.cli.stop import Say, Stopped, answered, told
from typoattack.cli.terminal import careful_output
from typoattack.core.errors import RunFailure


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; exit with 2 for the user's mistakes, 1 for ours, 130 at Ctrl-C.

    Args:
        arguments: what follows `typoattack`; those of this process if None.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    say = Say(told(given))
    try:
        with careful_output(), answered(say):
            from typoattack.cli.app import run  # all else is imported while signals are answered

            run(given)
    except (Stopped, KeyboardInterrupt) as stopped:
        say()
        sys.exit(stopped.status if isinstance(stopped, Stopped) else 130)
    except RunFailure as error:
        from typoattack.cli.console import say_error

        say_error(str(error))
        sys.exit(1)
    sys.exit(0)
