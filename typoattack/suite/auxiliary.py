"""What a suite's recipes ask beside its own question: `stroop-sticker` asks for the ink too."""

from typoattack.suite.suite import Suite
from typoattack.task import AUXILIARY, Task


def auxiliary_questions(suite: Suite, own: Task) -> tuple[Task, ...]:
    """The auxiliary questions of the suite's recipes, by name.

    A picture has one answer to a question, so what is the suite's own is not asked again.

    Raises:
        UserError: if a recipe asks what nobody knows.
    """
    asked = {attack.recipe.asks for attack in suite.attacks} - {"", own.name}
    return tuple(AUXILIARY[name]() for name in sorted(asked))
