"""typoattack: a typographic attack benchmark for CLIP-like models.

```python
import typoattack as ta

run = ta.run("quick", model="mini")
run.summary()
```
"""

from typing import TYPE_CHECKING, Any

from typoattack.core.version import __version__

if TYPE_CHECKING:
    from typoattack.api import attack, compare, evaluate, rank, run, score
    from typoattack.report.run import Run
    from typoattack.runner.execute import Machine

__all__ = ["Machine", "Run", "__version__", "attack", "compare", "evaluate", "rank", "run", "score"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that no command need import torch to say what its options are.
    if name in __all__:
        from typoattack import api

        return getattr(api, name)
    raise AttributeError(f"module 'typoattack' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
