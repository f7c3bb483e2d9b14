"""A small Hugging Face Hub on loopback: repositories of files, and what goes wrong with them.

It answers what `huggingface_hub`, `transformers` and `datasets` ask when something is opened: file
metadata by HEAD, files whole or from a byte on, large ones from another address as the Hub's are,
a repository's description, its tree, and some of its paths.
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = 4096
"""Bytes from which a file lies at another address, as those in Git LFS do."""


@dataclass(frozen=True)
class Trouble:
    """What a repository answers in place of its files.

    Attributes:
        status: of every answer.
        headers: by which the Hub says more.
        told: the body's error.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    told: str = ""


UNKNOWN = Trouble(
    401, {"X-Error-Message": "Invalid username or password."}, "Invalid username or password."
)
"""What the Hub says of a repository that isn't there, or that is another's, to a stranger."""

NOT_FOUND = Trouble(404, {"X-Error-Code": "RepoNotFound"}, "Repository not found")
"""What it says of one that isn't there, to somebody who is signed in."""

GATED = Trouble(
    401,
    {"X-Error-Code": "GatedRepo"},
    "Access to this repository is restricted. You must be authenticated to access it.",
)
_CREDENTIALS = "Invalid credentials in Authorization header"
WRONG_TOKEN = Trouble(401, {"X-Error-Message": _CREDENTIALS}, _CREDENTIALS)
TOO_MANY = Trouble(429, {"RateLimit": '"api";r=0;t=1'}, "We had to rate limit your IP")
FORBIDDEN = Trouble(403, {}, "Forbidden")


@dataclass
class Repository:
    """Files by path, and what is wrong with it.

    Attributes:
        files: contents by path.
        trouble: what every request for it is answered, if not with files.
        cuts: (path, after how many bytes the connection breaks) for the next requests of a file.
    """

    files: dict[str, bytes]
    trouble: Trouble | None = None
    cuts: list[tuple[str, int]] = field(default_factory=list)

    @property
    def commit(self) -> str:
        """Changes with what is in it."""
        parts = (path.encode() + data for path, data in sorted(self.files.items()))
        return hashlib.sha1(b"".join(parts)).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A request that came.

    Attributes:
        method: HEAD, GET, POST.
        path: without its query.
        begin: the byte from which a file was asked for.
        status: of the answer.
    """

    method: str
    path: str
    begin: int
    status: int


class Hub:
    """The server's state: repositories by (models or datasets, name), and what was asked."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.asked: list[Asked] = []
        self.endpoint = ""
        self.storage = ""

    def add(self, kind: str, name: str, files: dict[str, bytes]) -> Repository:
        """A new repository. `kind` is models or datasets."""
        made = Repository(files)
        self.repositories[kind, name] = made
        return made

    def add_folder(self, kind: str, name: str, folder: Path) -> Repository:
        """A new repository with a folder's files."""
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return self.add(
            kind, name, {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        )


def etag(data: bytes) -> str:
    """As git names a small file, and Git LFS a large one."""
    if len(data) < LARGE:
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return hashlib.sha256(data).hexdigest()


_FILE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_CDN = re.compile(r"/cdn/(models|datasets)/([^/]+/[^/]+)/(.+)")
_API = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/(.+))?")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in the hub's own list."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        path = unquote(urlsplit(self.path).path)
        if found := _CDN.fullmatch(path):
            repository = self._repository(found[1], found[2])
            self._bytes(repository, found[3], {"ETag": f'"{etag(repository.files[found[3]])}"'})
        elif found := _FILE.fullmatch(path):
            kind = "datasets" if found[1] else "models"
            self._file(self._repository(kind, found[2]), f"{kind}/{found[2]}", found[4])
        elif found := _API.fullmatch(path):
            repository = self._repository(found[1], found[2])
            self._api(repository, found[1], found[2], found[3], found[4] or "")
        else:
            self._say(404, {"error": "no such address"})

    def _repository(self, kind: str, name: str) -> Repository:
        return self.hub.repositories.get((kind, name)) or Repository({}, UNKNOWN)

    def _file(self, repository: Repository, name: str, path: str) -> None:
        if repository.trouble:
            return self._trouble(repository.trouble)
        commit = {"X-Repo-Commit": repository.commit}
        data = repository.files.get(path)
        if data is None:
            said = {"error": "Entry not found"}
            return self._say(404, said, {"X-Error-Code": "EntryNotFound", **commit})
        if len(data) < LARGE:
            return self._bytes(repository, path, {"ETag": f'"{etag(data)}"', **commit})
        where = f"{self.hub.storage}/cdn/{name}/{path}"
        linked = {"X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{etag(data)}"'}
        return self._send(302, b"", {"Location": where, **linked, **commit})

    def _bytes(self, repository: Repository, path: str, headers: dict[str, str]) -> None:
        """A file, from the byte that was asked for on, or until the line is cut."""
        data = repository.files[path]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        begin = int(asked[1]) if asked else 0
        end = min(int(asked[2]) + 1, len(data)) if asked and asked[2] else len(data)
        if asked:
            headers = {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"}
        part = data[begin:end]
        cut = next((one for one in repository.cuts if one[0] == path), None)
        if cut is None or self.command == "HEAD":
            return self._send(206 if asked else 200, part, headers, begin)
        repository.cuts.remove(cut)
        self.close_connection = True
        return self._send(206 if asked else 200, part, headers, begin, cut=cut[1])

    def _api(
        self, repository: Repository, kind: str, name: str, what: str | None, rest: str
    ) -> None:
        if repository.trouble:
            return self._trouble(repository.trouble)
        if what in (None, "revision"):
            return self._say(200, _described(repository, kind, name))
        _, _, under = rest.partition("/")
        if what == "tree":
            query = parse_qs(urlsplit(self.path).query)
            recursive = query.get("recursive", ["false"])[0].lower() == "true"
            return self._say(200, _tree(repository, under, recursive))
        wanted = parse_qs(self.body.decode()).get("paths", [])
        if self.headers.get("Content-Type", "").startswith("application/json"):
            wanted = json.loads(self.body)["paths"]
        entries = {one["path"]: one for one in _tree(repository, "", recursive=True)}
        return self._say(200, [entries[path] for path in wanted if path in entries])

    def _trouble(self, trouble: Trouble) -> None:
        self._say(trouble.status, {"error": trouble.told}, trouble.headers)

    def _say(self, status: int, said: object, headers: dict[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/json"}
        self._send(status, json.dumps(said).encode(), {**kind, **(headers or {})})

    def _send(
        self,
        status: int,
        data: bytes,
        headers: dict[str, str],
        begin: int = 0,
        cut: int | None = None,
    ) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(Asked(self.command, path, begin, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data if cut is None else data[:cut])


def _described(repository: Repository, kind: str, name: str) -> dict[str, Any]:
    files = [{"rfilename": path} for path in sorted(repository.files)]
    same = {"_id": "0" * 24, "id": name, "sha": repository.commit, "private": False}
    more = {"modelId": name} if kind == "models" else {}
    return {
        **{**same, **more, "siblings": files, "tags": [], "gated": False, "disabled": False},
        **{"downloads": 0, "likes": 0, "lastModified": "2026-01-01T00:00:00.000Z"},
    }


def _tree(repository: Repository, under: str, recursive: bool) -> list[dict[str, Any]]:
    """The files and folders of a folder, as the Hub lists them."""
    prefix = f"{under}/" if under else ""
    found: dict[str, dict[str, Any]] = {}
    for path, data in sorted(repository.files.items()):
        if not path.startswith(prefix):
            continue
        parts = path[len(prefix) :].split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            folder = prefix + "/".join(parts[:depth])
            found[folder] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
        if recursive or len(parts) == 1:
            one = {"type": "file", "oid": etag(data)[:40], "size": len(data), "path": path}
            lfs = {"oid": etag(data), "size": len(data), "pointerSize": 130}
            found[path] = {**one, "lfs": lfs} if len(data) >= LARGE else one
    return list(found.values())


class Serving:
    """Answers on loopback: at `hub.endpoint`, and large files at `hub.storage`."""

    def __init__(self, hub: Hub) -> None:
        self._handler = type("BoundHandler", (Handler,), {"hub": hub})
        self._ports = (0, 0)
        self.start()
        hub.endpoint, hub.storage = (f"http://127.0.0.1:{port}" for port in self._ports)

    def start(self) -> None:
        """Begin, or begin again at the same addresses."""
        self._servers = [ThreadingHTTPServer(("127.0.0.1", p), self._handler) for p in self._ports]
        self._ports = tuple(one.server_address[1] for one in self._servers)
        for one in self._servers:
            threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Be unreachable."""
        for one in self._servers:
            one.shutdown()
            one.server_close()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Be unreachable for a while."""
        self.stop()
        try:
            yield
        finally:
            self.start()
