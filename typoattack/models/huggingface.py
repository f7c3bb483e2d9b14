"""What opening a model by Hugging Face's `transformers` takes, whatever kind of model it is."""

import contextlib
import sys
from collections.abc import Iterator

from typoattack.core.errors import UserError
from typoattack.core.hub import refusal


@contextlib.contextmanager
def opened_by_transformers(name: str) -> Iterator[None]:
    """Where `transformers` opens the model `name`: what goes wrong is a `UserError` in words.

    Raises:
        UserError: if `transformers` is not installed, or opens no such model.
    """
    try:
        from transformers.utils import logging
    except ImportError:
        raise UserError(
            f"model {name!r} needs transformers; pip install 'typoattack[transformers]'"
        ) from None
    if not sys.stderr.isatty():
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # in a log it has no end
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if told := refusal(error):
            raise UserError(f"model {name!r}: {told}") from None
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"model {name!r}: transformers cannot open it ({reason})") from None
