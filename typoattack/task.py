"""The question asked of a picture, and what recipes may ask beside it."""

from collections.abc import Callable
from dataclasses import dataclass

from typoattack.core.registry import Registry
from typoattack.drawing.colours import BASIC


@dataclass(frozen=True, slots=True)
class Task:
    """A zero-shot question: which of these names fits the picture?

    Attributes:
        name: short name that predictions carry, such as `object` or `ink`.
        class_names: the possible answers; a sample's label indexes them.
        templates: sentences with one `{}` where a class name goes.
    """

    name: str
    class_names: tuple[str, ...]
    templates: tuple[str, ...]


INK = "ink"
"""The name of the task that asks for the colour of the ink."""

INK_TEMPLATES = ("the colour {}.", "a word written in {} ink.", "{} letters.", "something {}.")

AUXILIARY: Registry[Callable[[], Task]] = Registry("auxiliary question")
"""Questions beside a suite's own, by what a recipe's `asks` calls them: also the task's name."""


@AUXILIARY.register(INK)
def ink_task() -> Task:
    """Which of the 11 basic colours is the ink?"""
    return Task(INK, tuple(BASIC), INK_TEMPLATES)
