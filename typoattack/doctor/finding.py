"""What the doctor says of one thing."""

from dataclasses import dataclass
from typing import Literal

State = Literal["well", "wrong", "suspect", "untold"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        check: its name: `channel order`, `padding`, `disk`.
        state: `well`; `wrong`, where it differs from what is known; `suspect`, where the model
            answers clearly better with another one, or it is unusual; `untold`, where nothing says
            what would be right, or it cannot be looked at.
        said: what was found, and what to do if it is not well.
    """

    check: str
    state: State
    said: str

    @property
    def ill(self) -> bool:
        """Whether somebody should look into it."""
        return self.state in ("wrong", "suspect")
