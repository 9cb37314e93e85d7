"""A sandbox on a real port whose every request and token is seen, and may be answered by a test instead.

Here: what stands between the wire and the sandbox's application. Not here: the sandbox, and what tests expect.
"""

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from exepron_pipeline.sandbox import credentials
from exepron_pipeline.sandbox.app import create_app
from exepron_pipeline.sandbox.faults.schedule import faults_of
from exepron_pipeline.sandbox.offer import GenerationName, Offer
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.server import Server, listen_on
from exepron_pipeline.sandbox.world import World

TOKENS = ("access_token", "refresh_token", "id_token", "device_code", "code")
TOKEN_PATH = "/identity/connect/token"


@dataclass
class Asked:
    """One request; its form is empty for a GET."""

    method: str
    path: str
    query: str
    authorization: str
    form: dict[str, str] = field(default_factory=dict)


@dataclass
class Reply:
    """An answer in place of the sandbox's, or the sandbox's own to be changed."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def document(self) -> dict[str, Any]:
        """The body where it is a JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


async def _untouched(_asked: Asked, reply: Reply) -> Reply:
    return reply


@dataclass
class Tap:
    """The sandbox, and what came by.

    ``instead`` may answer in place of the sandbox; ``after`` sees each answer when the sandbox has made up its
    mind and nothing is sent yet, and may change it.
    """

    url: str
    username: str
    seed: int
    asked: list[Asked] = field(default_factory=list)
    under_way: int = 0
    """Requests that came and are not yet answered."""
    given: list[dict[str, Any]] = field(default_factory=list)
    instead: Callable[[Asked], Reply | None] = lambda _asked: None
    after: Callable[[Asked, Reply], Awaitable[Reply]] = _untouched

    @property
    def token_requests(self) -> list[Asked]:
        """Requests to the token endpoint, in order."""
        return [asked for asked in self.asked if asked.path == TOKEN_PATH]

    @property
    def refresh_tokens(self) -> list[str]:
        """Refresh tokens in the order in which they were minted."""
        return [each["refresh_token"] for each in self.given if "refresh_token" in each]

    @property
    def tokens(self) -> set[str]:
        """Every token ever issued."""
        return {each[name] for each in self.given for name in TOKENS if name in each}

    @property
    def connection(self) -> dict[str, Any]:
        """Settings of a connection as the service user, with a password."""
        return {
            "identity_url": f"{self.url}/identity",
            "api_url": f"{self.url}/api/v1",
            "client_id": credentials.CLIENT_ID,
            "client_secret": credentials.client_secret(self.seed, credentials.CLIENT_ID),
            "username": self.username,
            "password": credentials.password(self.seed, self.username),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as variables, without a limit of the rate."""
        named = {f"EXEPRON_{name.upper()}": value for name, value in self.connection.items()}
        return {**named, "EXEPRON_RATE": "0"}


class _Tapped:
    """The application between."""

    def __init__(self, app: Any, tap: Tap) -> None:
        self._app, self._tap = app, tap

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self._tap.under_way += 1
        try:
            await self._exchange(scope, await _whole(receive), send)
        except ConnectionError:
            pass  # killed while it asked: nobody waits for an answer
        finally:
            self._tap.under_way -= 1

    async def _exchange(self, scope: dict[str, Any], body: bytes, send: Any) -> None:
        asked = _asked(scope, body)
        self._tap.asked.append(asked)
        reply = self._tap.instead(asked)
        if reply is None:
            reply = await self._tap.after(asked, await self._answered(scope, body))
        headers = [pair for pair in reply.headers if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _answered(self, scope: dict[str, Any], body: bytes) -> Reply:
        reply = Reply(500)

        async def keep(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], list(message["headers"])
            reply.body += message.get("body", b"")

        await self._app(scope, _again(body), keep)
        if scope["path"].startswith("/identity/"):
            self._tap.given.append(reply.document | _brought_back(reply))
        return reply


def _brought_back(reply: Reply) -> dict[str, str]:
    """What a redirect hands to the browser: the code (RFC 6749, 4.1.2)."""
    query = urlsplit(dict(reply.headers).get(b"location", b"").decode()).query
    return {name: values[0] for name, values in parse_qs(query).items() if name in TOKENS}


async def _whole(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _again(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _asked(scope: dict[str, Any], body: bytes) -> Asked:
    headers = dict(scope["headers"])
    form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    return Asked(
        scope["method"],
        scope["path"],
        scope["query_string"].decode(),
        headers.get(b"authorization", b"").decode(),
        form,
    )


@contextmanager
def tapped(
    portfolio: Portfolio,
    *limits: str,
    faults: tuple[str, ...] = (),
    generation: GenerationName = "g2",
    clock: Callable[[], float] | None = None,
) -> Iterator[Tap]:
    """Serve a portfolio with these limits (``token-lifetime=5``), faults and time for the time of the block."""
    world = World(portfolio, faults=faults_of(faults))
    if clock:
        world.clock = clock  # type: ignore[method-assign]  # a day of our own
    offer = Offer(generation, limits=limits, faults=faults)
    listener = listen_on(0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    tap = Tap(url, str(world.service_user()["email"]), world.seed)
    ready = threading.Event()
    server = Server(_Tapped(create_app(world, url, offer=offer), tap), ready.set)
    thread = threading.Thread(target=server.run_on, args=(listener,))
    thread.start()
    try:
        assert ready.wait(60)
        yield tap
    finally:
        server.should_exit = True
        thread.join(60)
