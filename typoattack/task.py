"""The question asked of a picture."""

from dataclasses import dataclass


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
