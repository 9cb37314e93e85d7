"""A web server that must never see who we are: it notes each request, and answers like anything that is asked for.

Here: what it notes. Not here: how tests try to lead the pipeline there.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_FIELDS = (
    "client_secret=",
    "password=",
    "refresh_token=",
    "assertion=",
    "code=",
    "code_verifier=",
    "token=",
)


@dataclass
class Canary:
    """Its requests, and what of them it should not have seen."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def note(self, line: str, headers: dict[str, str], body: str) -> None:
        """Keep a request."""
        self.requests.append(line)
        self.seen.extend(f"{line}: {name}" for name in headers if name.lower() in {"authorization", "cookie"})
        self.seen.extend(f"{line}: {name}" for name in SECRET_FIELDS if name in f"{line} {body}")


@contextmanager
def canary_at(host: str) -> Iterator[Canary]:
    """Run one at an address of this machine for the time of the block."""
    canary = Canary()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            canary.note(self.requestline, dict(self.headers), sent)
            body = b'{"value": [], "access_token": "a", "token_type": "Bearer"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((host, 0), Handler) as server:
        canary.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield canary
        finally:
            server.shutdown()
            thread.join()
