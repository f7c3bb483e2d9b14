"""What recipes ask beside the suite's question: `stroop-sticker` asks for the ink's colour too."""

from collections.abc import Callable

from typoattack.core.registry import Registry
from typoattack.models.base import Model
from typoattack.samples.stroop import INK, ink_task
from typoattack.suite.suite import Suite
from typoattack.task import Task

SECOND_QUESTIONS: Registry[Callable[[], Task]] = Registry("second question")
"""By what a recipe's `asks` calls them, which is also the task's name."""
SECOND_QUESTIONS.add(INK, ink_task)


def second_questions(suite: Suite, own: Task) -> tuple[Task, ...]:
    """What the suite's recipes ask beside its own question, by name.

    A picture has one answer to a question, so what is the suite's own is not asked again.

    Raises:
        UserError: if a recipe asks what nobody knows.
    """
    asked = {attack.recipe.asks for attack in suite.attacks} - {"", own.name}
    return tuple(SECOND_QUESTIONS[name]() for name in sorted(asked))


def can_answer(model: Model, task: Task) -> bool:
    """Whether a model knows the task's answers: a dual encoder does, a probe may not.

    A model says so by a method `answers`; without one it does.
    """
    answers: Callable[[Task], bool] | None = getattr(model, "answers", None)
    return answers is None or answers(task)
