"""How a long stage tells whoever watches how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Told how far a stage is: `photographs`, or `text features of MODEL`."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`stage` has come to `done` of `total`."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
