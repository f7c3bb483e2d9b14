"""The command line: `typoattack COMMAND`, a file a command."""

from typoattack.cli.app import main

__all__ = ["main"]
