"""Requests to an OpenAI-compatible endpoint: retried, limited in size, and paid for once."""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typoattack.chat.budget import Budget, Spent
from typoattack.chat.picture import media_type
from typoattack.chat.reply import Reply, parse_reply, sound_reply
from typoattack.core.errors import RunFailure, UserError
from typoattack.core.files import make_folder, write_whole
from typoattack.core.randomness import digest
from typoattack.core.secrets import without_credentials

if TYPE_CHECKING:
    import httpx
    import tenacity

MOST_BYTES = 1 << 20
"""An answer longer than this is not read on: a letter was asked for."""

_LONGEST_WAIT = 60.0

_TRIES_TO_REACH = 3
"""Tries a question where the endpoint never was reached: an address that is wrong stays wrong."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a chat model answers, and how it is asked.

    Attributes:
        model: its name there.
        base_url: up to `/v1`; a query, such as `?api-version=1`, goes along with every request.
        options: further fields of the request, such as `{"max_tokens": 64}`.
        timeout: seconds for one try, from its first byte to its last.
        tries: at most, the first included.
        backoff: seconds before the second try, doubled before each further one.
        key: sent as a bearer token; empty sends none. Never printed, stored or hashed.
    """

    model: str
    base_url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 60.0
    tries: int = 6
    backoff: float = 1.0
    key: str = field(default="", repr=False)

    @property
    def shown_url(self) -> str:
        """`base_url` as it may stand in files and messages: without what lets anybody in."""
        return without_credentials(self.base_url)


class NoAnswer(Exception):
    """The endpoint gave no answer to one question, however often it was asked."""


class _Again(Exception):
    """A try that is worth repeating, after at least `wait` seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Unreachable(_Again):
    """A try that did not get as far as the endpoint."""


class ChatClient:
    """Asks an endpoint about pictures; may be called from several threads.

    Args:
        endpoint: whom to ask.
        cache: a folder where answers are kept; None keeps none.
        budget: what new answers may cost; None for no limit.

    Attributes:
        spent: what new answers have cost.
    """

    def __init__(
        self, endpoint: Endpoint, cache: Path | None = None, budget: Budget | None = None
    ) -> None:
        self.endpoint = endpoint
        self.spent = Spent()
        self._budget = budget
        self._cache = cache
        self._here = threading.local()
        self._opened: list[httpx.Client] = []
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._stopped = threading.Event()
        self._reached = threading.Event()

    def __enter__(self) -> "ChatClient":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._opened:
            client.close()

    def stop(self) -> None:
        """Let no try follow: threads that wait for one give up."""
        self._stopped.set()

    def known(self, image: bytes, question: str) -> Reply | None:
        """The answer if it was paid for before."""
        path = self._path(image, question)
        if path is None or not path.is_file():
            return None
        try:
            kept = Reply(**json.loads(path.read_text(encoding="utf-8")))
            sound = sound_reply(kept)
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return sound if replace(kept, top=sound.top) == sound else None

    def ask(self, image: bytes, question: str) -> Reply:
        """The answer about an encoded picture, from the cache or the endpoint.

        Raises:
            NoAnswer: if the endpoint failed at every try.
            UserError: if it refuses the key, the model or the request.
            RunFailure: if the budget is spent.
        """
        with self._alone(digest(question, image)):
            known = self.known(image, question)
            if known is not None:
                return known
            if self._budget is not None:
                self._budget.check(self.spent)
            reply = self._tried(_body(self.endpoint, image, question))
            with self._lock:
                self.spent = self.spent.after(question, reply.text, *_tokens(reply))
            path = self._path(image, question)
            if path is not None:
                make_folder(path.parent)
                write_whole(path, json.dumps(asdict(reply), ensure_ascii=False).encode())
            return reply

    def _alone(self, asked: str) -> threading.Lock:
        """Held while a question is asked, so that the same one waits for its answer."""
        with self._lock:
            return self._asking.setdefault(asked, threading.Lock())

    def _path(self, image: bytes, question: str) -> Path | None:
        if self._cache is None:
            return None
        end = self.endpoint
        options = json.dumps(dict(end.options), sort_keys=True)
        key = digest(end.shown_url, end.model, options, question, image)
        return self._cache / "chat" / key[:2] / f"{key}.json"

    def _tried(self, body: bytes) -> Reply:
        import tenacity

        backoff = tenacity.wait_random_exponential(self.endpoint.backoff, _LONGEST_WAIT)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, _Again) else 0.0
            return max(min(asked, _LONGEST_WAIT), backoff(state))

        def over(state: tenacity.RetryCallState) -> bool:
            tries = state.attempt_number
            return tries >= self.endpoint.tries or self._stopped.is_set() or self._in_vain(state)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=over,
            sleep=tenacity.sleep_using_event(self._stopped),
            wait=wait,
            reraise=True,
        )
        try:
            return retrying(self._once, body)
        except _Again as error:
            tries = retrying.statistics["attempt_number"]
            raise NoAnswer(f"{error} ({tries} tries)") from None

    def _in_vain(self, state: "tenacity.RetryCallState") -> bool:
        """Whether nobody seems to be there: the endpoint was not reached, by any question."""
        error = state.outcome.exception() if state.outcome else None
        unreached = isinstance(error, _Unreachable) and not self._reached.is_set()
        return unreached and state.attempt_number >= _TRIES_TO_REACH

    def _client(self) -> "httpx.Client":
        """This thread's own, so that closing it ends no other thread's try."""
        import httpx

        client: httpx.Client | None = getattr(self._here, "client", None)
        if client is None or client.is_closed:
            key, url = self.endpoint.key, httpx.URL(self.endpoint.base_url)
            client = httpx.Client(
                base_url=str(url.copy_with(query=None)).rstrip("/") + "/",
                params=url.params,
                timeout=self.endpoint.timeout,
                headers={"Authorization": f"Bearer {key}"} if key else {},
                follow_redirects=False,  # the key is for this endpoint
            )
            self._here.client = client
            with self._lock:
                self._opened.append(client)
        return client

    def _once(self, body: bytes) -> Reply:
        """One try; `_Again` for what may pass, `UserError` for what will not."""
        import httpx

        try:
            status, headers, content = self._sent(body)
        except httpx.InvalidURL as error:
            told = self._without_key(str(error))
            raise UserError(f"--base-url {self.endpoint.shown_url!r}: {told}") from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            refused = "refused" in str(error)
            said = "connection refused by" if refused else f"no connection ({error}) to"
            raise _Unreachable(self._without_key(f"{said} {self.endpoint.shown_url}")) from None
        except httpx.HTTPError as error:
            said = f"{type(error).__name__} {error}".strip()
            raise _Again(self._without_key(said)) from None
        self._reached.set()
        if status == 429 or status >= 500 or status == 408:
            raise _Again(f"status {status}", _retry_after(headers))
        if status != 200:
            said = self._without_key(
                " ".join(bytes(content[:600]).decode("utf-8", "replace").split())
            )
            raise UserError(
                f"{self.endpoint.shown_url} answers {self.endpoint.model!r} with status {status}: "
                f"{said[:300]}"
            )
        if len(content) > MOST_BYTES:
            return Reply("")  # it was paid for, and it is no letter
        reply = _reply(bytes(content))
        return replace(reply, text=self._without_key(reply.text))

    def _sent(self, body: bytes) -> tuple[int, Mapping[str, str], bytearray]:
        """Status, headers and content of one try, which ends with its time.

        httpx limits each read, and a byte a minute is in time for ever: so a timer closes the
        connection, and the next read finds it closed.
        """
        import httpx

        client, content = self._client(), bytearray()
        timer = threading.Timer(self.endpoint.timeout, client.close)
        timer.daemon = True
        timer.start()
        try:
            headers = {"Content-Type": "application/json"}
            with client.stream("POST", "chat/completions", content=body, headers=headers) as said:
                for part in said.iter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        break
            return said.status_code, said.headers, content
        except (httpx.HTTPError, httpx.StreamError, RuntimeError, OSError) as error:
            if client.is_closed:
                late = f"no whole answer within {self.endpoint.timeout:g} seconds"
                raise httpx.ReadTimeout(late) from None
            if isinstance(error, httpx.HTTPError):
                raise
            raise httpx.ReadError(str(error)) from None
        finally:
            timer.cancel()

    def _without_key(self, text: str) -> str:
        key = self.endpoint.key
        return without_credentials(text.replace(key, "***") if key else text)


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def _reply(content: bytes) -> Reply:
    """The reply in a response's JSON; nonsense is worth another try."""
    try:
        return parse_reply(content)
    except ValueError as error:
        raise _Again(str(error)) from None


def _tokens(reply: Reply) -> tuple[int, int]:
    return reply.prompt_tokens, reply.completion_tokens


def _body(endpoint: Endpoint, image: bytes, question: str) -> bytes:
    url = f"data:{media_type(image)};base64," + base64.b64encode(image).decode()
    content = [
        {"type": "text", "text": question},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    messages = [{"role": "user", "content": content}]
    return json.dumps({"model": endpoint.model, "messages": messages, **endpoint.options}).encode()


def needs_packages() -> None:
    """Raise `UserError` unless the extra `chat` is installed."""
    try:
        import httpx  # noqa: F401
        import tenacity  # noqa: F401
    except ImportError:
        raise UserError(
            "chat models need httpx and tenacity; pip install 'typoattack[chat]'"
        ) from None


def give_up(base_url: str, reason: str) -> RunFailure:
    """The failure of an endpoint that answers nothing any more."""
    return RunFailure(
        f"{base_url} does not answer ({reason}); what was answered is kept: run the same command "
        "again to go on"
    )


def nothing_answered(told: str) -> RunFailure:
    """The failure of an endpoint that answered nothing at all."""
    return RunFailure(f"{told}; put it right, and run the same command again")
