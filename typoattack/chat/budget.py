"""What an endpoint's answers have cost, and the budget at which a run stops."""

import math
from dataclasses import dataclass

from typoattack.core.errors import RunFailure, UserError

TOKENS_A_PICTURE = 85
"""What OpenAI counts for a picture at low detail (its vision guide); others differ."""


def tokens_of(text: str) -> int:
    """About how many tokens a text has: four characters are taken for one."""
    return len(text) // 4


@dataclass(frozen=True, slots=True)
class Spent:
    """What new answers have cost.

    Attributes:
        answers: how many there were.
        prompt_tokens: as the endpoint counted; estimated where it does not count.
        completion_tokens: likewise.
        estimated: how many answers came without a count.
    """

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0

    def after(self, question: str, answer: str, prompt: int, completion: int) -> "Spent":
        """With one answer more, of so many tokens; 0 of both for an endpoint that counts none."""
        uncounted = not (prompt or completion)
        if uncounted:
            prompt, completion = TOKENS_A_PICTURE + tokens_of(question), tokens_of(answer) + 1
        return Spent(
            self.answers + 1,
            self.prompt_tokens + prompt,
            self.completion_tokens + completion,
            self.estimated + uncounted,
        )

    def cost(self, price_in: float, price_out: float) -> float:
        """In the currency of the prices, which are for a million tokens."""
        return (self.prompt_tokens * price_in + self.completion_tokens * price_out) / 1e6


@dataclass(frozen=True, slots=True)
class Budget:
    """What new answers may cost; the run stops before the next question once it is spent.

    Attributes:
        tokens: prompt and answer together; infinite for no limit.
        money: in the currency of the prices; infinite for no limit.
        price_in: of a million prompt tokens.
        price_out: of a million answer tokens.

    Raises:
        UserError: for money without a price.
    """

    tokens: float = math.inf
    money: float = math.inf
    price_in: float = 0.0
    price_out: float = 0.0

    def __post_init__(self) -> None:
        if self.money < math.inf and not (self.price_in or self.price_out):
            raise UserError("--budget is in money: give --price-in and --price-out too")

    def check(self, spent: Spent) -> None:
        """Raise `RunFailure` if it is spent."""
        tokens = spent.prompt_tokens + spent.completion_tokens
        cost = spent.cost(self.price_in, self.price_out)
        if tokens >= self.tokens or cost >= self.money:
            money = f", about {cost:.2f}" if cost else ""
            raise RunFailure(
                f"the budget is spent: {spent.answers:,} answers cost {spent.prompt_tokens:,} "
                f"prompt and {spent.completion_tokens:,} answer tokens{money}; what was answered "
                "is kept: run the same command again to go on with as much"
            )
