"""A local OpenAI-compatible server that behaves as it is told, and a client of it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

from typoattack.chat.client import ChatClient, Endpoint
from typoattack.chat.picture import LOSSLESS

KEY = "sk-secret-0123456789"


class Server(ThreadingHTTPServer):
    """Answers what `behave` says to the n-th request; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict] = []
        self.keys: list[str] = []
        self.queries: list[str] = []
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
            path, _, query = self.path.partition("?")
            assert path == "/v1/chat/completions"
            self.server.queries.append(query)
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


def client(server: Server, cache: Path | None = None, **changes: object) -> ChatClient:
    settings = {"key": KEY, "backoff": 0.01, "timeout": 5.0, **changes}
    return ChatClient(Endpoint("tiny", server.url, **settings), cache)


PICTURE = LOSSLESS.encoded(Image.new("RGB", (8, 8), "red"))
