"""Files of the Hugging Face Hub, and what was wrong where it gives none."""

import contextlib
import errno
import os
import warnings
from collections.abc import Iterator, Sequence

from typoattack.core.errors import UserError

_SIGN_IN = "`hf auth login`"
_GATED = (
    "the Hub gives it only to who has been granted access and signed in; ask for access on its "
    f"page, then {_SIGN_IN}"
)
_NO_SUCH = (
    "the Hub has none of this name, or it is private; check the name, and if it is yours, "
    f"{_SIGN_IN}"
)


def fetch(what: str, repository: str, names: Sequence[str]) -> str:
    """The path in the cache of the first of some files that a model's repository has.

    What is not in the cache yet is downloaded; what is there serves without a network. A
    connection that breaks is taken up where it broke, as `huggingface_hub` does.

    Args:
        what: how the user named it, such as `model 'hf-hub:ORG/NAME'`.
        repository: ORG/NAME.
        names: of the files, the preferred one first.

    Raises:
        UserError: if there is no such repository or file, or it cannot be had; says why.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in names:
        try:
            return str(hf_hub_download(repository, name))
        except LocalEntryNotFoundError as error:  # the Hub did not answer
            kept = (try_to_load_from_cache(repository, other) for other in names)
            found = next((path for path in kept if isinstance(path, str)), None)
            if found is not None:
                return found
            raise UserError(f"{what}: {refusal(error) or _line(error)}") from None
        except EntryNotFoundError:
            continue
        except Exception as error:
            raise UserError(f"{what}: {refusal(error) or _line(error)}") from None
    wanted = " or ".join(names)
    raise UserError(f"{what}: the Hub's repository {repository!r} has no {wanted}")


@contextlib.contextmanager
def asking_the_hub() -> Iterator[None]:
    """Ask the Hub for nothing if it cannot be reached, so that what is in the cache opens at once.

    `huggingface_hub` would try again for half a minute, with each file that a model may lack. Its
    warning that a disk will be too small is held back: that it was comes as an error.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _reachable(constants.ENDPOINT)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Not enough free disk space")
            yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _reachable(endpoint: str) -> bool:
    """Whether anything answers there; twice asked, since a first attempt may get lost."""
    from huggingface_hub import get_session

    for _ in range(2):
        with contextlib.suppress(Exception):
            get_session().head(endpoint, timeout=10)
            return True
    return False


def refusal(error: BaseException) -> str:
    """What the Hub, the network or the disk said no to, and what to do; empty if none of them did.

    Libraries wrap what happened in errors of their own, so the whole chain is looked at: what the
    Hub answered tells more than that there was no answer.
    """
    chain = list(_chain(error))
    for tell in (_disk, _answer, _no_dataset, _no_answer):
        for one in chain:
            if told := tell(one):
                return told
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those it came of, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _disk(error: BaseException) -> str:
    from huggingface_hub import constants

    code = error.errno if isinstance(error, OSError) else None
    full = code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full or "Not enough disk space" in str(error):
        where = f"the cache {constants.HF_HOME!r}"
        return f"the disk of {where} is full; make room, or set HF_HOME to a folder on another"
    if code in (errno.EACCES, errno.EROFS, errno.EPERM):
        where = getattr(error, "filename", None) or constants.HF_HOME
        return f"{where!r} may not be read or written; HF_HOME says which folder the cache is in"
    return ""


def _answer(error: BaseException) -> str:
    """What an answer of the Hub with an error's status means."""
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    status = getattr(getattr(error, "response", None), "status_code", None)
    if not isinstance(status, int):
        return ""
    if isinstance(error, GatedRepoError):
        return _GATED
    if isinstance(error, DisabledRepoError):
        return "the Hub has taken it down"
    if isinstance(error, RevisionNotFoundError):
        return "the Hub has it, but no such revision"
    if status == 401 and "credentials" in str(error):
        return f"the Hub does not take your token (401); {_SIGN_IN} anew, or unset HF_TOKEN"
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        # It tells a stranger nothing of what is private, so that both are one answer.
        return _NO_SUCH
    if status == 403:
        return f"the Hub forbids it (403); your token lacks the right, so {_SIGN_IN} with another"
    if status == 429:
        return (
            "the Hub takes no more requests from here for now (429); wait some minutes and run the "
            f"same command again; who has signed in ({_SIGN_IN}) may ask for more"
        )
    return f"the Hub cannot answer now ({status}); run the same command again later"


def _no_dataset(error: BaseException) -> str:
    """What `datasets` says itself of a data set that it cannot have, without the Hub's answer."""
    if type(error).__name__ != "DatasetNotFoundError":
        return ""
    return _GATED if "gated" in str(error) else _NO_SUCH


def _no_answer(error: BaseException) -> str:
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled

    unreached = isinstance(error, (OfflineModeIsEnabled, ConnectionError))
    unreached = unreached or type(error).__name__ in _UNREACHED
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        if unreached and os.environ.get(name, "").lower() in ("1", "on", "yes", "true"):
            return f"it is not in the cache, and {name} forbids to fetch it; unset that once"
    if type(error).__name__ in _BROKEN or "Consistency check failed" in str(error):
        return "its download broke off again and again; run the same command again"
    if unreached:
        return (
            f"it is not in the cache, and {constants.ENDPOINT} cannot be reached; connect to the "
            "network, then run the same command again"
        )
    return ""


_BROKEN = {"RemoteProtocolError", "ReadError", "ChunkedEncodingError", "IncompleteRead"}
"""Names of what the HTTP clients of several versions of `huggingface_hub` raise."""

_UNREACHED = {
    *("ConnectError", "ConnectTimeout", "ReadTimeout", "PoolTimeout", "TimeoutException"),
    *("URLError", "LocalEntryNotFoundError", "ProxyError"),
}


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
