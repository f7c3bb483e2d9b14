"""The command line: `typoattack COMMAND`, a file a command."""

from typoattack.cli.entry import main

__all__ = ["main"]
