"""An identity server on loopback, written from the standards alone, and keepers that sign in at it."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest
import stamina

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.auth.store import StoreKind
from exepron_pipeline.http import redact
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

CLIENT, SECRET = "the client", "s:e+c%r e/t=ü"
USER, PASSWORD = "integration@example.com", "pass wörd&=1"

Reply = tuple[int, dict[str, str], bytes]


class Identity:
    """Discovery and a token endpoint with rotation. Tests change its members to change how it behaves."""

    def __init__(self) -> None:
        self.document: dict[str, Any] | None = {}
        self.methods: list[str] | None = ["client_secret_basic", "client_secret_post", "none"]
        self.accepts = {"basic", "post", "none"}
        self.scopes: list[str] | None = ["openid", "profile", "exepron.restapi", "offline_access"]
        self.forbidden_scopes: set[str] = set()
        self.grants = {"password", "client_credentials", "refresh_token"}
        self.public_clients = {"public"}
        self.expires_in: object = 3600
        self.extra: dict[str, Any] = {}
        self.reply: Callable[[], Reply] | None = None
        self.before: Callable[[], None] = lambda: None
        self.clock: Callable[[], float] = time.time
        self.requests: list[dict[str, str]] = []
        self.discoveries = 0
        self.refresh_tokens: set[str] = set()
        self.rotates = True
        self.minted = 0
        self.answers_to_lose = 0
        self.api_status = 404
        self.discovery_page: bytes | None = None
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def asked(self) -> list[str]:
        """The grants that were asked for, in order."""
        return [request["grant_type"] for request in self.requests]

    def discover(self) -> Reply:
        """Answer the discovery request."""
        self.discoveries += 1
        if self.discovery_page is not None:
            return 200, {"Content-Type": "text/html"}, self.discovery_page
        if self.document is None:
            return 404, {}, b"not found"
        members = {
            "issuer": self.url + "/",
            "token_endpoint": f"{self.url}/connect/token",
            "token_endpoint_auth_methods_supported": self.methods,
            "scopes_supported": self.scopes,
        }
        return _json(200, {**members, **self.document})

    def token(self, form: dict[str, str], authorization: str) -> Reply:
        """Answer a token request."""
        self.before()
        with self._lock:
            self.requests.append({**form, "authorization": authorization})
            if self.reply:
                return self.reply()
            if not self._knows(form, authorization):
                return _json(401, {"error": "invalid_client"})
            return self._perhaps_lost(self._grant(form))

    def _perhaps_lost(self, reply: Reply) -> Reply:
        """What was done stays done when its answer is cut off on the way."""
        if not self.answers_to_lose:
            return reply
        self.answers_to_lose -= 1
        status, headers, body = reply
        return status, {**headers, "Content-Length": str(len(body))}, body[:5]

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        if authorization:
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            return "basic" in self.accepts and [unquote_plus(part) for part in pair] == [CLIENT, SECRET]
        if "client_secret" in form:
            return "post" in self.accepts and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        return "none" in self.accepts and form.get("client_id") in self.public_clients

    def _grant(self, form: dict[str, str]) -> Reply:
        grant, scope = form["grant_type"], form.get("scope", "").split()
        if grant not in self.grants:
            return _json(400, {"error": "unauthorized_client"})
        if self.forbidden_scopes & set(scope):
            return _json(400, {"error": "invalid_scope"})
        if grant == "password" and (form["username"], form["password"]) != (USER, PASSWORD):
            said = f"Ungültig: {form['password']}"
            return _json(400, {"error": "invalid_grant", "error_description": said})
        if grant == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                self.refresh_tokens.clear()  # a token used again kills its family
                return _json(400, {"error": "invalid_grant"})
            if not self.rotates:
                return _json(200, self._tokens(with_refresh=False))
            self.refresh_tokens.remove(form["refresh_token"])
        return _json(200, self._tokens(with_refresh=grant == "refresh_token" or "offline_access" in scope))

    def _tokens(self, *, with_refresh: bool) -> dict[str, Any]:
        number = len(self.requests)
        answer = {"access_token": f"access-{number}", "token_type": "Bearer", "expires_in": self.expires_in}
        if with_refresh:
            answer["refresh_token"] = f"refresh-{number}"
            self.refresh_tokens.add(f"refresh-{number}")
            self.minted += 1
        return {**answer, **self.extra}


def _json(status: int, document: dict[str, Any]) -> Reply:
    found = {name: value for name, value in document.items() if value is not None}
    return status, {"Content-Type": "application/json"}, json.dumps(found).encode()


def _handler(identity: Identity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/.well-known/openid-configuration"
            self.give(identity.discover() if found else (identity.api_status, {}, b""))

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent, keep_blank_values=True).items()}
            self.give(identity.token(form, self.headers.get("authorization", "")))

        def give(self, reply: Reply) -> None:
            status, headers, body = reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp or identity.clock())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler


class Clock:
    """A time of day that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redact, "_SECRETS", redact._Secrets())
    with stamina.set_testing(True, attempts=6, cap=True):
        yield


@pytest.fixture
def identity() -> Iterator[Identity]:
    """Give an identity server that lists and accepts everything."""
    running = Identity()
    yield running
    running.close()


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    """Give one transport for all: reading the system's authorities takes long."""
    with Transport(timeout=30) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def connect(identity: Identity) -> Callable[..., Connection]:
    """Make connections to the identity server: by default client, secret, user and password."""

    def make(**changes: Any) -> Connection:
        known = {"client_id": CLIENT, "client_secret": SECRET, "username": USER, "password": PASSWORD}
        return Connection(**{"identity_url": identity.url, **known, **changes})

    return make


@pytest.fixture
def keep(
    identity: Identity,
    connect: Callable[..., Connection],
    transport: Transport,
    tmp_path: Path,
    clock: Clock,
) -> Callable[..., Keeper]:
    """Make keepers that share a folder and a clock, as processes do; the identity server's clock is the same."""
    identity.clock = clock

    def make(
        store: StoreKind = "file",
        listen: Callable[[Any], None] = lambda _: None,
        transport: Transport = transport,
        **changes: Any,
    ) -> Keeper:
        return Keeper(connect(**changes), transport, tmp_path / "data" / "state", store, clock, listen)

    return make
