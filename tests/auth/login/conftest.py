"""An OpenID provider on loopback with browser, device and revocation endpoints, and a browser to walk through it."""

import hashlib
import json
import socket
import threading
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.discovery import discover
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

CLIENT = "desk"
Reply = tuple[int, dict[str, str], bytes]


class Issuer:
    """A provider that does all right. Tests change its members to make it do something else."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": "one", "use": "sig"})
        self.document: dict[str, Any] = {}
        self.redirect: dict[str, str | None] = {}
        """Parameters of the redirect, over the right ones; None leaves one out."""
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.keys: list[dict[str, Any]] | None = None
        self.polls: list[dict[str, Any]] = []
        """What polls of a device are answered with before the person has signed in."""
        self.refusals: dict[str, dict[str, Any]] = {}
        """OAuth errors by path."""
        self.person: dict[str, Any] = {"sub": "77", "name": "Ada & <Co>"}
        self.asked: dict[str, str] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.authorizations: list[str | None] = []
        self.revoked: list[tuple[str, str]] = []
        self._codes: set[str] = set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def reply(self, path: str, fields: dict[str, str], authorization: str | None) -> Reply:
        """Answer any request."""
        self.requests.append((path, fields))
        self.authorizations.append(authorization)
        if path in self.refusals:
            return _json(400, self.refusals[path])
        known: dict[str, Callable[[dict[str, str]], Reply]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/device": self._device,
            "/revoke": self._revoke,
            "/keys": lambda _: _json(200, {"keys": self.keys or [self.key.as_dict(private=False)]}),
            "/userinfo": lambda _: _json(200, self.person),
        }
        return known[path](fields) if path in known else (404, {}, b"")

    def _discovery(self, _: dict[str, str]) -> Reply:
        members = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
            "revocation_endpoint": f"{self.url}/revoke",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "exepron.restapi", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256"],
            "authorization_response_iss_parameter_supported": True,
            **self.document,
        }
        return _json(200, _given(members))

    def _authorize(self, fields: dict[str, str]) -> Reply:
        self.asked = fields
        code = f"code-{len(self.requests)}"
        self._codes.add(code)
        sent = _given({"code": code, "state": fields["state"], "iss": self.url, **self.redirect})
        return 302, {"Location": f"{fields['redirect_uri']}?{urlencode(sent)}"}, b""

    def _token(self, fields: dict[str, str]) -> Reply:
        if fields["grant_type"].endswith("device_code") and self.polls:
            return _json(400, self.polls.pop(0))
        if fields["grant_type"] == "authorization_code":
            proof = hashlib.sha256(fields["code_verifier"].encode()).digest()
            challenge = urlsafe_b64encode(proof).rstrip(b"=").decode()
            is_good = challenge == self.asked["code_challenge"] and fields["code"] in self._codes
            if not is_good or fields["redirect_uri"] != self.asked["redirect_uri"]:
                return _json(400, {"error": "invalid_grant"})
            self._codes.remove(fields["code"])
        return _json(200, self._tokens())

    def _tokens(self) -> dict[str, Any]:
        number, now = len(self.requests), int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "77", "iat": now, "exp": now + 60}
        claims = _given({**claims, "nonce": self.asked.get("nonce"), **self.claims})
        header = _given({"alg": "ES256", "kid": "one", **self.header})
        answer = {
            "access_token": f"access-{number}",
            "refresh_token": f"refresh-{number}",
            "token_type": "Bearer",
            "expires_in": 3600,
            **self.answer,
        }
        if "id_token" not in answer:
            registry = JWSRegistry(algorithms=[header["alg"]])
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", SecurityWarning
                )  # EdDSA has a newer name that servers do not use
                answer["id_token"] = jwt.encode(header, claims, self.key, registry=registry)
        return _given(answer)

    def _device(self, fields: dict[str, str]) -> Reply:
        self.asked = {"scope": fields["scope"]}
        there = f"{self.url}/go"
        return _json(
            200,
            {
                "device_code": "the-device-code",
                "user_code": "WDJB-MJHT",
                "verification_uri": there,
                "verification_uri_complete": f"{there}?user_code=WDJB-MJHT",
                "expires_in": 60,
                "interval": 5,
                **self.answer,
            },
        )

    def _revoke(self, fields: dict[str, str]) -> Reply:
        self.revoked.append((fields["token_type_hint"], fields["token"]))
        return 200, {"Content-Type": "text/html"}, b""


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _json(status: int, document: dict[str, Any]) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self.give(parts.path, parts.query)

        def do_POST(self) -> None:
            self.give(self.path, self.rfile.read(int(self.headers["content-length"])).decode())

        def give(self, path: str, sent: str) -> None:
            fields = {name: values[0] for name, values in parse_qs(sent, keep_blank_values=True).items()}
            status, headers, body = issuer.reply(path, fields, self.headers.get("authorization"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        """Follow nothing."""


class Browser:
    """Goes to an address and on to where it is sent, as a person's browser does; keeps what it saw last."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.page = ""
        self.address = ""
        self._threads: list[threading.Thread] = []

    def go(self, address: str) -> None:
        """Follow redirects to the end, in this thread."""
        opener = build_opener(ProxyHandler({}))
        try:
            answer = opener.open(address, timeout=60)
        except HTTPError as error:
            answer = error
        with answer:
            self.status, self.page = answer.status, answer.read().decode()
            self.headers, self.address = dict(answer.headers), answer.url

    def start(self, address: str) -> None:
        """The same in a thread of its own: what a sign-in shows its address to."""
        thread = threading.Thread(target=self.go, args=(address,))
        thread.start()
        self._threads.append(thread)

    def end_of(self, address: str) -> str:
        """Return where the identity server sends the browser, without going there."""
        try:
            build_opener(ProxyHandler({}), _Stay()).open(address, timeout=60)
        except HTTPError as error:
            with error:
                return str(error.headers["Location"])
        raise AssertionError(address)

    def join(self) -> None:
        """Wait for all that was started."""
        for thread in self._threads:
            thread.join()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a provider that does all right."""
    running = Issuer()
    yield running
    running.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Give a browser; what it started has ended at the end of the test."""
    opened = Browser()
    yield opened
    opened.join()


@pytest.fixture
def redirect_uri() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/callback"


@pytest.fixture
def connect_to(issuer: Issuer, redirect_uri: str) -> Callable[..., Connection]:
    """Make connections to the provider, by default as a public client."""
    known = {"identity_url": issuer.url, "client_id": CLIENT, "redirect_uri": redirect_uri}
    return lambda **changes: Connection(**{**known, **changes})


@pytest.fixture
def client_of(
    issuer: Issuer, connect_to: Callable[..., Connection], transport: Transport
) -> Callable[..., TokenClient]:
    """Make clients of the provider, as it describes itself now."""

    def make(*, offline: bool = True, **changes: Any) -> TokenClient:
        return TokenClient(discover(issuer.url, transport), connect_to(**changes), transport, offline=offline)

    return make


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state folder that is not there yet."""
    return tmp_path / "data" / "state"
