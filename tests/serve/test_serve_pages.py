"""A page of another site in a real browser: it reads an answer where the server was told that it may."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from calling import SPEECH, server

from browser import browser

ASK = """async ([address, sound, path]) => {
  const form = new FormData();
  form.append("model", "fake");
  form.append("file", new Blob([Uint8Array.from(atob(sound), (one) => one.charCodeAt(0))]), "talk.flac");
  const key = { Authorization: "Bearer secret" };
  try {
    const answer = await fetch(address + path, { method: "POST", body: form, headers: key });
    return [answer.status, await answer.text()];
  } catch (error) {
    return [0, String(error)];
  }
}"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title>")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    """The address of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


def test_a_page_calls_where_it_may_and_nowhere_else(site: str) -> None:
    with (
        server(origin=(site,), api_key=("secret",)) as friend,
        server(api_key=("secret",)) as stranger,
        browser() as chromium,
    ):
        page = chromium.new_page()
        page.goto(site)
        asked = [base64.b64encode(SPEECH).decode(), "/v1/audio/transcriptions"]
        status, text = page.evaluate(ASK, [friend, *asked])
        assert status == 200
        assert '"text"' in text
        status, text = page.evaluate(ASK, [friend, asked[0], "/v1/audio/nothing"])
        assert (status, "there is no" in text) == (404, True), "it reads what is wrong, too"
        assert page.evaluate(ASK, [stranger, *asked])[0] == 0
