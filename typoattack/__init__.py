"""typoattack: a typographic attack benchmark for CLIP-like models.

```python
import typoattack as ta

run = ta.run("quick", model="mini")
run.summary()
```
"""

import importlib
from typing import TYPE_CHECKING, Any

from typoattack.core.version import __version__

if TYPE_CHECKING:
    from typoattack.api import attack, evaluate, run
    from typoattack.cards.verify import verify
    from typoattack.report.bundle import bundle
    from typoattack.report.comparison import compare
    from typoattack.report.field import rank
    from typoattack.report.given import score
    from typoattack.report.retrieval import retrieve
    from typoattack.report.rules import rescore
    from typoattack.report.run import Run
    from typoattack.runner.machine import Machine

_WHERE = {
    "Machine": "typoattack.runner.machine",
    "Run": "typoattack.report.run",
    "compare": "typoattack.report.comparison",
    "bundle": "typoattack.report.bundle",
    "rank": "typoattack.report.field",
    "rescore": "typoattack.report.rules",
    "retrieve": "typoattack.report.retrieval",
    "score": "typoattack.report.given",
    "verify": "typoattack.cards.verify",
}

__all__ = [
    "Machine",
    "Run",
    "__version__",
    "attack",
    "bundle",
    "compare",
    "evaluate",
    "rank",
    "rescore",
    "retrieve",
    "run",
    "score",
    "verify",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: what looks at finished runs needs no torch.
    if name in __all__:
        return getattr(importlib.import_module(_WHERE.get(name, "typoattack.api")), name)
    raise AttributeError(f"module 'typoattack' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
