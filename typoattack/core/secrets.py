"""Credentials, kept out of files and messages."""

import re

_IN_URL = re.compile(r"(?<=://)[^/@\s'\"]+@")
_IN_QUERY = re.compile(
    r"(?<=[?&])((?:api[-_]?)?key|(?:access[-_]?)?token|secret|sig)=[^&\s'\"]+", re.I
)


def without_credentials(text: str) -> str:
    """`text` with `***` for the user and password of URLs in it, and for keys in their queries."""
    return _IN_QUERY.sub(r"\1=***", _IN_URL.sub("***@", text))
