"""The local endpoint, a test's own."""

import threading
from collections.abc import Iterator

import pytest

from tests.chat.local_endpoint import Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()
