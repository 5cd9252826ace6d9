"""Answer on this machine, for tests, what hbir asks the Hugging Face Hub."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from hbir.core.hub.repository import ask_hub

UNREACHABLE = "http://127.0.0.1:9"
_API = re.compile(r"/api/(?:datasets|models)/([\w-]+/[\w.-]+?)(?:/(revision|tree|paths-info)/(.+))?")
_FILE = re.compile(r"/(?:datasets/)?([\w-]+/[\w.-]+)/resolve/([^/]+)/(.+)")


@dataclass
class Hub:
    """Hold the datasets and models of a Hub: repo → branch → commit, and (repo, commit) → file → bytes."""

    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    commits: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths of all requests."""
    url: str = ""

    def push(self, repo: str, files: dict[str, bytes], branch: str = "main") -> str:
        sha = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.branches.setdefault(repo, {})[branch] = sha
        self.commits[repo, sha] = files
        return sha

    def at(self, repo: str, revision: str) -> str | None:
        sha = self.branches.get(repo, {}).get(revision, revision)
        return sha if (repo, sha) in self.commits else None


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if found := _API.fullmatch(path):
            self._api(found[1], found[2], found[3] or "main", body)
        elif found := _FILE.fullmatch(path):
            self._file(found[1], found[2], found[3])
        else:
            self._send(404, b"{}")

    def _api(self, repo: str, what: str | None, revision: str, body: str) -> None:
        sha = self.hub.at(repo, revision) or self.hub.at(repo, revision.split("/")[0])
        if repo not in self.hub.branches or sha is None:
            error = "RevisionNotFound" if repo in self.hub.branches else "RepoNotFound"
            return self._send(404, b"{}", {"X-Error-Code": error})
        files = self.hub.commits[repo, sha]
        if what == "tree":
            if "recursive=true" in urlsplit(self.path).query.lower():
                return self._json([_entry(name, data) for name, data in files.items()])
            folder = revision.partition("/")[2]
            return self._json(_listing(files, f"{folder}/" if folder else ""))
        if what == "paths-info":
            names = re.findall(r"paths=([^&]+)", body) or json.loads(body)["paths"]
            return self._json([_entry(name, files[name]) for name in map(unquote, names) if name in files])
        siblings = [{"rfilename": name} for name in files]
        return self._json({"id": repo, "sha": sha, "siblings": siblings, "private": False, "tags": []})

    def _file(self, repo: str, revision: str, name: str) -> None:
        sha = self.hub.at(repo, revision)
        data = self.hub.commits[repo, sha].get(name) if sha else None
        if data is None:
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha or ""})
        return self._send(200, data, {"ETag": f'"{_oid(data)}"', "X-Repo-Commit": str(sha)})

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def _listing(files: dict[str, bytes], folder: str) -> list[dict[str, Any]]:
    below = {name.removeprefix(folder): data for name, data in files.items() if name.startswith(folder)}
    folders = sorted({name.split("/")[0] for name in below if "/" in name})
    inner = [{"type": "directory", "path": folder + name, "oid": "0" * 40} for name in folders]
    return [*inner, *(_entry(folder + name, data) for name, data in below.items() if "/" not in name)]


def _entry(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": len(data), "oid": _oid(data)}


def point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the Hub's packages ask there, and forget what was answered elsewhere."""
    import datasets
    import huggingface_hub.constants as constants

    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template.replace(constants.ENDPOINT, url))
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", url)
    ask_hub.cache_clear()


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is downloaded and recorded below a folder, with no Hub to be reached."""
    import huggingface_hub.constants as constants

    monkeypatch.setenv("DVC_ROOT", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    point_at(UNREACHABLE, monkeypatch)


def files_of(folder: Path) -> dict[str, bytes]:
    """Read a folder as what `Hub.push` takes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a Hub under `hub.url` until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
