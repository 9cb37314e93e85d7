"""A proxy in front of the sandbox's API: it counts requests, and answers for it where a test says so."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Instead:
    """An answer that the proxy gives by itself; ``wait`` holds it back until it is set."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    wait: threading.Event | None = None


@dataclass
class Proxy:
    """What was asked, and what is answered instead, by a part of the path."""

    target: str
    port: int = 0
    asked: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    """When each of them came, in seconds of a clock that never goes back."""
    instead: dict[str, Instead] = field(default_factory=dict)
    noticed: threading.Event = field(default_factory=threading.Event)
    """Set when a request is answered instead."""

    @property
    def api_url(self) -> str:
        """The API's base, seen through the proxy."""
        return f"http://127.0.0.1:{self.port}{urlsplit(self.target).path}"

    def times(self, part: str) -> int:
        """How many requests had this part in their path."""
        return sum(part in path for path in self.asked)


@contextmanager
def proxy_for(api_url: str) -> Iterator[Proxy]:
    """Run a proxy in front of an API for the time of the block."""
    proxy = Proxy(api_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.asked.append(self.path)
            proxy.moments.append(time.monotonic())
            found = [answer for part, answer in proxy.instead.items() if part in self.path]
            if found:
                proxy.noticed.set()
                if found[0].wait:
                    found[0].wait.wait(60)
                self._send(found[0].status, found[0].media_type, found[0].body)
            else:
                self._send(*self._forwarded())

        def _forwarded(self) -> tuple[int, str, bytes]:
            connection = http.client.HTTPConnection(urlsplit(proxy.target).netloc, timeout=30)
            try:
                headers = {"Authorization": self.headers["Authorization"], "Accept": "application/json"}
                connection.request("GET", self.path, headers=headers)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
            finally:
                connection.close()

        def _send(self, status: int, media_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            for answer in proxy.instead.values():
                if answer.wait:
                    answer.wait.set()
            server.shutdown()
            thread.join()
