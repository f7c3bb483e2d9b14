"""Random streams keyed by what they are for, never by order, worker or shard."""

import hashlib

import numpy as np

Rng = np.random.Generator


def stream(*key: str | int) -> Rng:
    """A generator that depends on `key` alone: the same key gives the same numbers anywhere.

    >>> stream(0, "n01440764/3.jpg", "printed-label()", 0).integers(1000) == stream(
    ...     0, "n01440764/3.jpg", "printed-label()", 0).integers(1000)
    True
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in key)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def digest(*parts: str | bytes) -> str:
    """A short hexadecimal fingerprint (16 digits) of `parts`, boundaries included."""
    hasher = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return hasher.hexdigest()[:16]
