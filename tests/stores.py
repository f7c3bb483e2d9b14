"""Object stores on loopback, for the tests of photographs that lie in one."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SECRET = "wJalrXUtnFEMI-not-a-key"
_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTS",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def forget() -> None:
    """Open stores anew, as a fresh process would: what they were told is in the environment."""
    import fsspec

    from typoattack.samples import stores

    stores._store.cache_clear()
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # as `_store` does
    for scheme in ("s3", "gs"):
        with contextlib.suppress(ImportError):
            fsspec.get_filesystem_class(scheme).clear_instance_cache()


@contextlib.contextmanager
def environment(**wishes: str) -> Iterator[None]:
    """A store's settings, as its users give them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AWS_", "FSSPEC_", "GOOGLE_")):
                patch.delenv(name)
        for name, value in wishes.items():
            patch.setenv(name, value)
        forget()
        yield
    forget()


@contextlib.contextmanager
def s3() -> Iterator[None]:
    """moto's server, and the environment that leads to it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with environment(AWS_ENDPOINT_URL=f"http://{host}:{port}", **_KEYS):
            yield
    finally:
        server.stop()


@contextlib.contextmanager
def gs() -> Iterator[None]:
    """gcp-storage-emulator, and the environment that leads to it."""
    from gcp_storage_emulator.server import create_server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    try:
        with environment(
            STORAGE_EMULATOR_HOST=f"http://127.0.0.1:{port}", FSSPEC_GS='{"token": "anon"}'
        ):
            yield
    finally:
        server.stop()


@contextlib.contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that answers every request with a status; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def client(scheme: str) -> object:
    """What this process asks a store by."""
    from typoattack.samples import stores

    return stores._store(scheme, os.getpid())


def put(scheme: str, bucket: str, folder: Path) -> str:
    """Put the files of a folder into a new bucket, below a folder `val`; its address."""
    import fsspec

    store = fsspec.filesystem(scheme)
    store.mkdir(bucket)
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            store.pipe_file(f"{bucket}/val/{name}", path.read_bytes())
    return f"{scheme}://{bucket}/val"
