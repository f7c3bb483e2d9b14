"""An endpoint that means no good, or is broken: time, size and money are limited, keys are kept."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.local_endpoint import KEY, PICTURE, Server, client, completion
from typoattack.chat.client import NoAnswer, _Again, _reply
from typoattack.chat.reply import Reply
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.core.secrets import without_credentials


class Raw:
    """Listens on loopback, and answers each connection with bytes as slowly as it is told."""

    def __init__(self, pieces: Iterator[bytes] | list[bytes], pause: float = 0.0) -> None:
        self._pieces, self._pause = pieces, pause
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.asked = 0
        self.sent = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                for piece in self._pieces:
                    connection.sendall(piece)
                    self.sent += len(piece)
                    time.sleep(self._pause)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.close()


def ask(raw: Raw, cache: Path | None = None, **changes: object) -> Reply:
    from typoattack.chat.client import ChatClient, Endpoint

    given = {"timeout": 0.5, "tries": 1, "backoff": 0.01, "key": KEY, **changes}
    with ChatClient(Endpoint("tiny", raw.url, **given), cache) as asking:  # type: ignore[arg-type]
        return asking.ask(PICTURE, "which?")


def drip(text: bytes) -> list[bytes]:
    return [bytes([one]) for one in text]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("pieces", [drip(HEAD), [HEAD, *drip(b" " * 500)]], ids=["head", "body"])
def test_a_byte_at_a_time_is_left_when_the_try_is_over(pieces: list[bytes]) -> None:
    raw = Raw(pieces, pause=0.1)
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no whole answer within 0\.5 seconds"):
        ask(raw)
    assert time.monotonic() - began < 3
    raw.close()


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
def test_an_endless_body_is_read_to_its_limit_alone(status: bytes) -> None:
    def endless() -> Iterator[bytes]:
        yield b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html\r\n\r\n"
        while True:
            yield b"<p>" * 20_000

    raw = Raw(endless())
    if status.startswith(b"200"):
        assert ask(raw, timeout=20) == Reply("")
    else:
        with pytest.raises(UserError, match="status 404"):
            ask(raw, timeout=20)
    assert raw.sent < 50_000_000
    raw.close()


def test_a_redirect_takes_the_key_nowhere(server: Server) -> None:
    elsewhere = Raw([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    server.behave = lambda *_: (307, b"", {"Location": f"{elsewhere.url}/chat/completions"})
    with client(server) as asking, pytest.raises(UserError, match="status 307"):
        asking.ask(PICTURE, "which?")
    assert elsewhere.asked == 0
    elsewhere.close()


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            b'{"choices": [{"message": {"content": "(a)"}}], "usage": {"prompt_tokens": 1e999}}',
            Reply("(a)"),
        ),
        (
            b'{"choices": [{"message": {"content": "(a) \\ud800"}}], "model": "\\udfff"}',
            Reply("(a) ?", model="?"),
        ),
        (b'{"choices": [{"message": {"content": "(a)"}}], "usage": [1]}', Reply("(a)")),
        (
            b'{"choices": [{"message": {"content": [{"type": "text", "text": "(a)"}]}}]}',
            Reply("(a)"),
        ),
        (b'{"choices": [{"message": {"content": 5}}], "usage": {"prompt_tokens": -3}}', Reply("")),
        (b'{"choices": [{"message": {"content": null}}], "model": {"a": 1}}', Reply("")),
    ],
)
def test_what_is_odd_about_a_paid_answer_is_no_reason_to_pay_again(
    server: Server,
    tmp_path: Path,
    body: bytes,
    wanted: Reply,
) -> None:
    server.behave = lambda *_: (200, body)
    for _ in range(2):
        with client(server, tmp_path) as asking:
            assert asking.ask(PICTURE, "which?") == wanted
    assert len(server.requests) == 1


def test_the_same_question_at_the_same_time_is_paid_for_once(
    server: Server,
    tmp_path: Path,
) -> None:
    def slowly(*_: object) -> tuple[int, bytes]:
        time.sleep(0.1)
        return 200, completion("(a)")

    server.behave = slowly
    with client(server, tmp_path) as asking:
        threads = [threading.Thread(target=asking.ask, args=(PICTURE, "which?")) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 1


def test_a_damaged_answer_of_the_cache_is_asked_for_again(
    server: Server,
    tmp_path: Path,
) -> None:
    with client(server, tmp_path) as asking:
        asking.ask(PICTURE, "which?")
        (kept,) = tmp_path.rglob("*.json")
        for text in ('{"text": 5}', "[" * 100_000, "{}", '{"text": "(b)", "prompt_tokens": 1e999}'):
            kept.write_text(text)
            assert asking.ask(PICTURE, "which?").text == "(a)"


def test_a_key_that_is_sent_back_is_kept_nowhere(
    server: Server,
    tmp_path: Path,
) -> None:
    server.behave = lambda *_: (200, completion(f"your key is {KEY}, (a)"))
    with client(server, tmp_path) as asking:
        assert asking.ask(PICTURE, "which?").text == "your key is ***, (a)"
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*.json"))


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "refusal", "usage", "prompt_tokens",
                         "completion_tokens", "model", "text", "type"]), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_reply_or_asked_for_again(value: object) -> None:
    for data in (value, {"choices": [{"message": value}], "usage": value, "model": value}):
        try:
            reply = _reply(json.dumps(data).encode())
        except _Again:
            continue
        json.dumps(reply.text).encode()
        assert reply.text.encode() is not None
        assert 0 <= reply.prompt_tokens < 2**31


def test_credentials_of_a_url_are_not_told() -> None:
    assert (
        without_credentials("see http://me:pw@h/v1?key=abc&x=1")
        == "see http://***@h/v1?key=***&x=1"
    )
    assert without_credentials("a@b://c d@e") == "a@b://c d@e"


def test_no_file_and_no_message_of_a_run_holds_a_credential(
    server: Server,
    photo_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    url = server.url.replace("http://", "http://user:passw0rd@")
    for behave in (lambda *_: (200, completion(f"{KEY} (a)")), lambda *_: (403, KEY.encode())):
        server.behave = behave
        with pytest.raises(SystemExit):
            main(
                ["chat", "quick", "-m", "openai:tiny", "-d", f"folder:{photo_folder}", "-y",
                 "-r", "printed-label", "--canvas", "64", "--base-url", url, "--limit", "2",
                 "--out", str(tmp_path / f"run{len(server.requests)}")]
            )  # fmt: skip
    said = capsys.readouterr()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    for secret in (KEY, "passw0rd"):
        assert secret not in said.out + said.err
        for file in files:
            assert secret.encode() not in file.read_bytes(), file


def test_a_key_that_no_header_can_hold_is_refused_without_telling_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\x01\u20ac")
    with pytest.raises(SystemExit) as stop:
        main(["chat", "quick", "-m", "openai:tiny"])
    told = capsys.readouterr().err
    assert stop.value.code == 2
    assert "the key in OPENAI_API_KEY holds characters" in told
    assert KEY not in told


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (lambda *_: (429, b"", {"Retry-After": "0.01"}), "status 429"),
        (lambda *_: (500, b"no"), "status 500"),
        (lambda *_: (200, b"<html>hello</html>"), "no chat completion"),
    ],
    ids=["429 for ever", "500", "HTML"],
)
def test_a_run_ends_in_a_line_where_nothing_is_ever_answered(
    server: Server,
    photo_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    behave: object,
    said: str,
) -> None:
    server.behave = behave  # type: ignore[assignment]
    with pytest.raises(SystemExit) as stop:
        main(
            ["chat", "quick", "-m", "openai:tiny", "-d", f"folder:{photo_folder}", "-y",
             "-r", "printed-label", "--canvas", "64", "--base-url", server.url, "--tries", "1",
             "--out", str(tmp_path / "run")]
        )  # fmt: skip
    told = capsys.readouterr().err
    assert stop.value.code == 1
    assert said in told
    assert "no answer to 3 of 3 questions" in told
    assert "run the same command again" in told
    assert "Traceback" not in told
