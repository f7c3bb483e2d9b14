"""Shards: which photographs belong to one of n parts of a run, done anywhere."""

import hashlib
import re
from dataclasses import dataclass

from typoattack.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run; which photographs it does depends on their ids alone.

    Attributes:
        number: 1 to `of`.
        of: how many parts there are.
    """

    number: int
    of: int

    def holds(self, sample_id: str) -> bool:
        """Whether the sample belongs to this shard."""
        hashed = hashlib.sha256(sample_id.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(hashed[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """The shard that `i/n` names, the first being `1/n`.

    Raises:
        UserError: if it is written otherwise, or i is not one of 1 to n.
    """
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip(), re.ASCII)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise UserError(f"shard {text!r}: write i/n with i from 1 to n, such as 1/4")
    return Shard(number, of)
