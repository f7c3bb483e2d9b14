"""Credentials, kept out of files and messages."""

import re

_IN_URL = re.compile(r"(?<=://)[^/?#\s'\"]+@")
"""All before the last `@` of a host's part: a password may hold one itself."""

_IN_QUERY = re.compile(
    r"(?<=[?&])(sig|[^=&#\s'\"]*(?:key|token|secret|signature|pass|pwd|auth|cred)[^=&#\s'\"]*)"
    r"=[^&#\s'\"]+",
    re.IGNORECASE,
)
"""Whatever a query calls a secret: better a harmless value hidden than a key shown."""


def without_credentials(text: str) -> str:
    """`text` with `***` for the user and password of URLs in it, and for keys in their queries."""
    return _IN_QUERY.sub(r"\1=***", _IN_URL.sub("***@", text))
