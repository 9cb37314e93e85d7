"""A scripted HTTP server on loopback, and a transport that asks it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stamina

from exepron_pipeline.http import redact
from exepron_pipeline.http.transport import Transport


@dataclass(frozen=True)
class Answer:
    """One answer; ``raw`` replaces everything by these bytes, after which the connection is cut."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class _Listener(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client hangs up: some tests do so."""


class Server:
    """Answers each request with the next of its answers; the last one stays."""

    def __init__(self) -> None:
        self.answers = [Answer()]
        self.asked: list[Asked] = []
        self._http = _Listener(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, *answers: Answer) -> None:
        """Set what the next requests get."""
        self.answers = list(answers)

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def next(self) -> Answer:
        """Take the answer whose turn it is."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.asked.append(Asked(self.command, self.path, headers, body))
                self.give(server.next())

            do_POST = do_GET  # noqa: N815 # the names are BaseHTTPRequestHandler's

            def give(self, answer: Answer) -> None:
                if answer.raw is not None:
                    self.wfile.write(answer.raw)
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=6, cap=True):
        yield


@pytest.fixture(autouse=True)
def _secrets_of_one_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_SECRETS", redact._Secrets())


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server that answers ``{}`` until a test tells it otherwise."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def answer() -> type[Answer]:
    """Give the class of scripted answers."""
    return Answer


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    """Give a transport for any address; reading the system's authorities for each test would take long."""
    with Transport(timeout=30) as opened:
        yield opened


@pytest.fixture
def guarded(server: Server) -> Iterator[Transport]:
    """Give a transport that knows where the API is, and where the token endpoint."""
    with Transport(timeout=30, read_only_below=f"{server.url}/api/v1") as opened:
        opened.allow_posts([f"{server.url}/connect/token"], server.url)
        yield opened
