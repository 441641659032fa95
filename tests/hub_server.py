"""A small Hub on 127.0.0.1 for tests: repositories in memory, the HTTP API as far as it is used here."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Repo:
    """Commits by hash, branches by name. ``gated`` asks for the token "hf_good", as writing does."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    gated: bool = False
    private: bool = False

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        content = repr(sorted(files.items())).encode()
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.commits[sha] = files
        self.branches[branch] = sha
        return sha


@dataclass
class Hub:
    """``moved``: old name → new. ``faults``: file name → what to do to the next requests for it.

    A fault is a status to answer a GET with, or "cut": send half of what was asked for, then hang up.
    ``cdn`` sends files by way of a redirect, as the Hub does with large ones. ``user`` is who every
    token belongs to; ``stored`` are large files by their hash, as they were put; a fault named "upload"
    is for those, one named "commit" for the commit.
    """

    user: str = "me"
    role: str = "write"
    stored: dict[str, bytes] = field(default_factory=dict)

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    cdn: bool = False
    log: list[tuple[str, str, str | None]] = field(default_factory=list)

    def asked_for(self, part: str, method: str = "GET") -> list[str | None]:
        """The Range headers of all requests whose path holds ``part``."""
        return [span for verb, path, span in self.log if verb == method and part in path]


@contextmanager
def serve() -> Iterator[Hub]:
    """Run a hub until the block ends."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append((self.command, path, self.headers.get("Range")))
        parts = path.strip("/").split("/")
        if parts == ["api", "whoami-v2"]:
            token = {"accessToken": {"role": self.hub.role}}
            self.json({"type": "user", "name": self.hub.user, "orgs": [], "auth": token})
            return
        if parts[0] in ("datasets", "spaces"):  # a dataset is the repository datasets/owner/name
            parts = ["/".join(parts[:2]), *parts[2:]]
        if parts[:2] == ["api", "models"]:
            self.api("/".join(parts[2:4]), *parts[4:6])
        elif parts[:2] in (["api", "datasets"], ["api", "spaces"]):
            self.api("/".join(parts[1:4]), *parts[4:6], folder="/".join(parts[6:]))
        elif parts[0] == "cdn":
            self.blob("/".join(parts[1:3]), parts[3], "/".join(parts[4:]))
        elif len(parts) > 4 and parts[2] == "resolve":
            self.resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self.answer(404)

    def do_POST(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append((self.command, path, None))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = path.strip("/").split("/")
        if self.headers.get("Authorization") != "Bearer hf_good" and {"create", "preupload", "commit"} & {
            *parts
        }:
            self.answer(401)
        elif parts == ["api", "validate-yaml"]:
            self.json({"errors": [], "warnings": []})
        elif parts[:3] == ["api", "repos", "create"]:
            self.create(json.loads(body))
        elif parts[:2] in (["api", "datasets"], ["api", "spaces"]) and parts[4] == "preupload":
            files = [{"path": file["path"], "uploadMode": "regular"} for file in json.loads(body)["files"]]
            self.json({"files": [file | {"shouldIgnore": False} for file in files]})
        elif parts[:2] in (["api", "datasets"], ["api", "spaces"]) and parts[4] == "commit":
            self.commit("/".join(parts[1:4]), [json.loads(line) for line in body.splitlines()])
        elif parts[:2] in (["api", "datasets"], ["api", "spaces"]) and parts[4] == "paths-info":
            self.paths_info("/".join(parts[1:4]), parts[5], parse_qs(body.decode()).get("paths", []))
        elif parts[:2] == ["api", "models"] and parts[4] == "preupload":
            self.json({"files": [preupload(file["path"]) for file in json.loads(body)["files"]]})
        elif parts[:2] == ["api", "models"] and parts[4] == "commit":
            self.commit("/".join(parts[2:4]), [json.loads(line) for line in body.splitlines()])
        elif parts[-3:] == ["lfs", "objects", "batch"]:
            self.large(json.loads(body)["objects"])
        else:
            self.answer(404)

    def do_PUT(self) -> None:
        self.hub.log.append((self.command, self.path, None))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        faults = self.hub.faults.get("upload")
        if faults:
            self.answer(int(faults.pop(0)))
            return
        self.hub.stored[self.path.rpartition("/")[2]] = body
        self.answer(200)

    def create(self, asked: dict[str, str]) -> None:
        name = f"{asked.get('organization') or self.hub.user}/{asked['name']}"
        if asked.get("type") in ("dataset", "space"):
            name = f"{asked['type']}s/{name}"
        if name in self.hub.repos:
            self.answer(409, {}, json.dumps({"url": f"{self.hub.url}/{name}"}).encode())
            return
        hidden = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.hub.repos[name] = Repo(private=hidden)
        self.json({"url": f"{self.hub.url}/{name}", "name": name, "id": name})

    def large(self, asked: list[dict[str, object]]) -> None:
        objects = [
            one
            if one["oid"] in self.hub.stored
            else {**one, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{one['oid']}"}}}
            for one in asked
        ]
        self.json({"objects": objects, "transfer": "basic"})

    def commit(self, name: str, lines: list[dict[str, dict[str, str]]]) -> None:
        faults = self.hub.faults.get("commit")
        if faults:
            self.answer(int(faults.pop(0)))
            return
        files = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
        repo = self.hub.repos[name]
        sha = repo.commit({**repo.commits.get(repo.branches.get("main", ""), {}), **files})
        url = f"{self.hub.url}/{name}/commit/{sha}"
        self.json({"success": True, "commitOid": sha, "commitUrl": url, "hookOutput": ""})

    def paths_info(self, name: str, revision: str, paths: list[str]) -> None:
        if (sha := self.find(name, revision)) is None:
            return
        files = self.hub.repos[name].commits[sha]
        known = [entry(path, files[path]) for path in paths if path in files]
        folders = [path for path in paths if any(file.startswith(f"{path}/") for file in files)]
        self.json(known + [directory(path) for path in folders])

    def api(self, name: str, what: str = "revision", revision: str = "main", folder: str = "") -> None:
        if (sha := self.find(name, revision)) is None:
            return
        files = self.hub.repos[name].commits[sha]
        if what == "revision":
            info = {"id": name, "modelId": name, "sha": sha, "private": False, "gated": False, "tags": []}
            siblings = [{"rfilename": file} for file in files]
            self.json(info | {"downloads": 0, "likes": 0, "siblings": siblings})
        elif "recursive=true" in self.path.lower() or name.count("/") == 1:
            self.json([entry(file, data) for file, data in files.items() if file.startswith(folder)])
        else:
            self.json(listing(files, f"{folder}/" if folder else ""))

    def resolve(self, name: str, revision: str, file: str) -> None:
        if (sha := self.find(name, revision)) is None:
            return
        if file not in self.hub.repos[name].commits[sha]:
            self.answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
        elif self.hub.cdn:
            data = self.hub.repos[name].commits[sha][file]
            linked = {"X-Linked-Etag": etag(data), "X-Linked-Size": str(len(data)), "X-Repo-Commit": sha}
            self.answer(302, linked | {"Location": f"{self.hub.url}/cdn/{name}/{sha}/{file}"})
        else:
            self.blob(name, sha, file)

    def find(self, name: str, revision: str) -> str | None:
        """The commit, or None after an answer that says why there is none."""
        if name in self.hub.moved:
            path = self.path.replace(name, self.hub.moved[name], 1)
            return self.answer(307, {"Location": path})
        repo = self.hub.repos.get(name)
        if repo is None:
            return self.answer(404, {"X-Error-Code": "RepoNotFound"})
        if repo.gated and self.headers.get("Authorization") != "Bearer hf_good":
            status = 403 if self.headers.get("Authorization") else 401
            return self.answer(status, {"X-Error-Code": "GatedRepo"})
        sha = repo.branches.get(revision, revision)
        if sha not in repo.commits:
            return self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        return sha

    def blob(self, name: str, sha: str, file: str) -> None:
        data = self.hub.repos[name].commits[sha][file]
        first, _, last = (self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(data)), len(data) - 1)
        headers = {"ETag": etag(data), "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
        if part := start > 0 or end < len(data) - 1:
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        faults = self.hub.faults.get(file) if self.command == "GET" else None
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int):
            self.answer(fault)
        else:
            self.answer(206 if part else 200, headers, data[start : end + 1], cut=fault == "cut")

    def json(self, value: object) -> None:
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def answer(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b"", cut: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.wfile.flush()
            self.close_connection = True


def preupload(path: str) -> dict[str, object]:
    """Weights are large files, everything else is in the commit itself."""
    large = path.endswith((".safetensors", ".bin"))
    return {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}


def etag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()}"'


def entry(file: str, data: bytes) -> dict[str, object]:
    return {
        "type": "file",
        "path": file,
        "size": len(data),
        "oid": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
    }


def directory(path: str) -> dict[str, object]:
    return {"type": "directory", "path": path, "size": 0, "oid": "0" * 40}


def listing(files: dict[str, bytes], folder: str) -> list[dict[str, object]]:
    """What lies directly in a folder, the folders in it included."""
    inside = [file for file in files if file.startswith(folder)]
    if not inside:
        return []
    folders = {
        folder + file.removeprefix(folder).split("/")[0]
        for file in inside
        if "/" in file.removeprefix(folder)
    }
    here = [entry(file, files[file]) for file in inside if "/" not in file.removeprefix(folder)]
    return [directory(path) for path in sorted(folders)] + here
