"""A publisher of weights: a local server that can stop early, refuse ranges and change its content."""

from __future__ import annotations

import contextlib
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 12_000
WEIGHTS_SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Publisher(ThreadingHTTPServer):
    content = CONTENT
    stops_after: int | None = None
    ranges = True
    asked: list[str | None]
    paths: list[str]
    files: dict[str, bytes]


class Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        self.server.paths.append(self.path)
        start = int(asked[len("bytes=") : -1]) if asked and self.server.ranges else 0
        whole = self.server.files.get(self.path.rpartition("/")[2], self.server.content)
        if start >= len(whole):
            self.send_error(416)
            return
        body = whole[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body if self.server.stops_after is None else body[: self.server.stops_after])

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def address(publisher: Publisher) -> str:
    return f"http://127.0.0.1:{publisher.server_address[1]}"
