"""One search, answered by whatever a test has for a model."""

from collections.abc import Callable, Sequence

from PIL import Image

from typoattack.recipes import Attacked
from typoattack.recipes.oracle import Probabilities, Search, Slope


def answered(
    search: Search,
    ask: Callable[[Sequence[Image.Image]], Probabilities],
    foretell: Callable[[Slope], Probabilities] | None = None,
) -> Attacked:
    """What a search finds in the end."""
    try:
        wanted = next(search)
        while True:
            if isinstance(wanted, Slope):
                assert foretell is not None
                wanted = search.send(foretell(wanted))
            else:
                wanted = search.send(ask(wanted))
    except StopIteration as end:
        found: Attacked = end.value
        return found
