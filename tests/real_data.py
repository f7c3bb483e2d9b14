"""Where the real photographs and recorded answers lie, for tests that skip without them."""

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("TYPOATTACK_REAL_DATA") or _ROOT.parent / "shared" / "data")

needs_goh = pytest.mark.skipif(
    not (FOLDER / "goh2021").is_dir(), reason=f"no photographs of Goh et al. 2021 in {FOLDER}"
)
needs_rta = pytest.mark.skipif(
    not (FOLDER / "rta100-part").is_dir(), reason=f"no photographs of RTA-100 in {FOLDER}"
)
