"""A local OpenAI-compatible server that behaves, and misbehaves."""

import base64
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from typoattack.chat.client import ChatClient, Endpoint, NoAnswer, Reply, png
from typoattack.chat.run import ANSWERS
from typoattack.cli import main
from typoattack.core.errors import UserError

KEY = "sk-secret-0123456789"


class Server(ThreadingHTTPServer):
    """Answers what `behave` says to the n-th request; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict] = []
        self.keys: list[str] = []
        self.most = self.now = 0
        self.lock = threading.Lock()
        self.behave = lambda *_: (200, completion("(a)"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(body)
            self.server.keys.append(self.headers.get("Authorization", ""))
            number = len(self.server.requests)
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        try:
            assert self.path == "/v1/chat/completions"
            status, content, *headers = self.server.behave(number, body)
            self.send_response(status)
            for name, value in headers[0].items() if headers else ():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self.server.lock:
                self.server.now -= 1

    def log_message(self, *_: object) -> None:
        pass


def completion(text: str | None, **more: object) -> bytes:
    message = {"role": "assistant", "content": text, **more}
    usage = {"prompt_tokens": 111, "completion_tokens": 3}
    return json.dumps(
        {"model": "tiny-2026", "choices": [{"message": message}], "usage": usage}
    ).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def client(server: Server, cache: Path | None = None, **changes: object) -> ChatClient:
    settings = {"key": KEY, "backoff": 0.01, "timeout": 5.0, **changes}
    return ChatClient(Endpoint("tiny", server.url, **settings), cache)


PICTURE = png(Image.new("RGB", (8, 8), "red"))


def test_the_picture_the_question_and_the_key_are_sent(server: Server) -> None:
    with client(server, options={"max_tokens": 7}) as asking:
        reply = asking.ask(PICTURE, "which?")
    assert reply == Reply("(a)", False, 111, 3, "tiny-2026")
    (request,) = server.requests
    assert (request["model"], request["max_tokens"]) == ("tiny", 7)
    text, image = request["messages"][0]["content"]
    assert text["text"] == "which?"
    sent = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(sent)).getpixel((0, 0)) == (255, 0, 0)
    assert server.keys == [f"Bearer {KEY}"]
    with client(server, key="") as asking:
        asking.ask(PICTURE, "which?")
    assert server.keys[-1] == ""


@pytest.mark.parametrize(
    "trouble",
    [
        (429, b"slow down", {"Retry-After": "0.05"}),
        (429, b"slow down", {"Retry-After": "tomorrow"}),
        (500, b"{}"),
        (503, b"busy"),
        (200, b"<html>nonsense</html>"),
        (200, b'{"choices": []}'),
        (200, b'{"choices": [{"message": {"content": [1]}}]}'),
        (200, b"[" * 50_000),
        (200, b""),
    ],
)
def test_what_may_pass_is_tried_again(server: Server, trouble) -> None:
    server.behave = lambda n, _: trouble if n < 3 else (200, completion("(b)"))
    with client(server) as asking:
        assert asking.ask(PICTURE, "which?").text == "(b)"
    assert len(server.requests) == 3
    server.requests.clear()
    server.behave = lambda *_: trouble
    with client(server, tries=2) as asking, pytest.raises(NoAnswer, match="2 tries"):
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 2


def test_the_wait_that_a_server_asks_for_is_kept(server: Server) -> None:
    times: list[float] = []

    def behave(n: int, _: object):
        times.append(time.monotonic())
        return (429, b"", {"Retry-After": "0.4"}) if n == 1 else (200, completion("a"))

    server.behave = behave
    with client(server) as asking:
        asking.ask(PICTURE, "which?")
    assert times[1] - times[0] >= 0.39


def test_a_server_that_hangs_is_left_after_the_timeout(server: Server) -> None:
    def behave(n: int, _: object):
        if n == 1:
            time.sleep(1.5)
        return 200, completion("(a)")

    server.behave = behave
    with client(server, timeout=0.3) as asking:
        assert asking.ask(PICTURE, "which?").text == "(a)"
    assert len(server.requests) == 2


def test_ten_megabytes_are_not_read_and_not_paid_for_again(server: Server, tmp_path: Path) -> None:
    server.behave = lambda *_: (200, completion("a" * 10_000_000))
    for _ in range(2):
        with client(server, tmp_path) as asking:
            assert asking.ask(PICTURE, "which?").text == ""
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_ends_at_once_without_the_key(server: Server, status: int) -> None:
    server.behave = lambda *_: (status, f"wrong key {KEY}\nfor tiny".encode())
    with client(server) as asking, pytest.raises(UserError) as error:
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 1
    assert f"status {status}: wrong key *** for tiny" in str(error.value)
    assert KEY not in str(error.value) + repr(asking.endpoint)


def test_an_answer_is_paid_for_once(server: Server, tmp_path: Path) -> None:
    for question in ("which?", "which?", "what?"):
        with client(server, tmp_path) as asking:
            asking.ask(PICTURE, question)
    assert len(server.requests) == 2
    with client(server, tmp_path, options={"temperature": 0}) as asking:
        assert asking.known(PICTURE, "which?") is None
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 3
    stored = list((tmp_path / "chat").rglob("*.json"))
    assert len(stored) == 3
    assert all(KEY not in path.read_text() for path in stored)
    for path in stored:
        path.write_text("{half")
    with client(server, tmp_path) as asking:
        assert asking.ask(PICTURE, "which?").text == "(a)"


@pytest.fixture
def chat(
    server: Server,
    photo_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """`typoattack chat` on six of nine photographs, against the server."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))

    def call(*arguments: object) -> tuple[int, str, str]:
        status = 0
        try:
            main(
                [
                    *("chat", "quick", "-m", "openai:tiny", "--base-url", server.url),
                    *("-d", f"folder:{photo_folder}", "-r", "printed-label", "--canvas", "64"),
                    *("--limit", "6", "--out", str(tmp_path / "run"), *map(str, arguments)),
                ]
            )
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        assert KEY not in captured.out + captured.err
        return status, captured.out, captured.err

    return call


def chooses(request: dict, name: str) -> str:
    """The letter that stands before `name` in a request's question."""
    text = request["messages"][0]["content"][0]["text"]
    return "(a)" if f"(a) {name}" in text else "(b)"


def test_a_suite_is_asked_counted_and_resumed_for_nothing(
    chat, server: Server, tmp_path: Path
) -> None:
    def slowly(_: object, request: dict) -> tuple[int, bytes]:
        time.sleep(0.05)  # so that requests meet
        return 200, completion(chooses(request, "cat"))

    server.behave = slowly
    status, out, err = chat("--phrasing", "scam", "--phrasing", "plain", "--concurrency", 3)
    assert status == 0, err
    assert "24 questions, 24 not answered before" in err
    assert len(server.requests) == 24
    assert 1 < server.most <= 3
    table = pd.read_csv(tmp_path / "run" / ANSWERS)
    assert Counter(table["recipe"]) == {"clean": 12, "printed-label": 12}
    chose_cat = table["verdict"] == table.apply(
        lambda row: "label" if row["label"] == "cat" else "word" if row["word"] == "cat" else "",
        axis=1,
    )
    asked_cat = (table["label"] == "cat") | (table["word"] == "cat")
    assert chose_cat[asked_cat].all()
    assert set(table["label_first"]) == {True, False}
    summary = pd.read_csv(tmp_path / "run" / "summary.csv")
    line = summary[(summary.recipe == "printed-label") & (summary.phrasing == "scam")].iloc[0]
    rows = table[(table.recipe == "printed-label") & (table.phrasing == "scam")]
    assert line["accuracy"] == pytest.approx((rows.verdict == "label").mean())
    status, again, err = chat("--phrasing", "scam", "--phrasing", "plain")
    assert status == 0
    assert again == out
    assert "24 questions, 0 not answered before" in err
    assert len(server.requests) == 24
    status, _, err = chat("--phrasing", "scam")
    assert status == 2
    assert "holds another chat run" in err
    for path in (tmp_path / "run").iterdir():
        assert KEY not in path.read_text()


def test_a_broken_photograph_and_a_search_are_named(
    chat, server: Server, photo_folder: Path
) -> None:
    server.behave = lambda _, request: (200, completion(chooses(request, "cat")))
    (photo_folder / "cat" / "0.png").write_bytes(b"x")
    status, _, err = chat("-r", 'smallest-flip("printed-label")')
    assert status == 0, err
    assert "10 questions" in err
    assert "skipped cat/0.png" in err
    assert "left out smallest-flip" in err


def test_refusals_nonsense_and_failures_are_counted_apart(
    chat, server: Server, tmp_path: Path
) -> None:
    replies = [
        completion("I'm sorry, I can't help with that."),
        completion(None, refusal="no"),
        completion("A photograph."),
        completion("(a)"),
    ]
    server.behave = lambda n, _: (200, replies[n % 4])
    status, out, err = chat("--concurrency", 1)
    assert status == 0, err
    verdicts = Counter(pd.read_csv(tmp_path / "run" / ANSWERS)["verdict"])
    assert verdicts["refused"] == 6
    assert verdicts["unclear"] == 3
    assert verdicts["label"] + verdicts["word"] == 3
    assert "refused" in out


def test_an_endpoint_that_is_gone_ends_the_run_and_nothing_is_lost(chat, server: Server) -> None:
    server.behave = lambda n, _: (200, completion("(a)")) if n <= 2 else (500, b"")
    status, _, err = chat("--tries", 1, "--concurrency", 1)
    assert status == 1
    assert "does not answer (status 500 (1 tries))" in err
    server.behave = lambda *_: (200, completion("(b)"))
    before = len(server.requests)
    status, _, err = chat()
    assert status == 0, err
    assert "12 questions, 10 not answered before" in err
    assert len(server.requests) == before + 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ask-above", 5), "12 requests to http"),
        (("--phrasing", "plan"), "did you mean 'plain'"),
        (("--options", "{"), "write a JSON object"),
        (("--options", '{"model": "x"}'), "write a JSON object"),
        (("--words", "nearest"), "no text space"),
        (("--words", "true"), "nothing to ask"),
        (("--model", "openai:other"), "one chat model at a time"),
    ],
)
def test_a_users_mistake_costs_nothing(chat, server: Server, arguments, said: str) -> None:
    status, _, err = chat(*arguments)
    assert status == 2
    assert said in err
    assert server.requests == []


def test_more_than_a_few_requests_are_confirmed_or_said_yes_to(chat, server: Server) -> None:
    status, _, err = chat("--ask-above", 5, "--yes", "--price-in", 1000, "--price-out", 1000)
    assert status == 0
    assert len(server.requests) == 12
    assert "about 1." in err


def test_run_says_where_chat_models_are_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "quick", "--model", "openai:gpt-4o"])
    assert stop.value.code == 2
    assert "ask it with `typoattack chat`" in capsys.readouterr().err
