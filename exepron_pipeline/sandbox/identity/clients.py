"""The clients registered at the sandbox's identity server.

Here belongs what each may do, in the words of authlib's ``ClientMixin``, and those that users add
themselves. Not here: the ids and secrets of the others (``credentials.py``), the pages that add them
(``self_service.py``).
"""

import re
import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import ClientMixin

from exepron_pipeline.sandbox.credentials import (
    CLIENT_ID,
    PUBLIC_CLIENT_ID,
    REDIRECT_URI,
    SERVICE_CLIENT_ID,
    WEB_REDIRECT_URI,
    client_secret,
)
from exepron_pipeline.sandbox.identity.tokens import API_SCOPE

OFFLINE_ACCESS = "offline_access"
SCOPES = ("openid", "profile", "email", API_SCOPE, OFFLINE_ACCESS)

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

_LOOPBACK_REDIRECTS = (REDIRECT_URI, REDIRECT_URI.replace("127.0.0.1", "[::1]"))
_LOOPBACK = re.compile(r"\A(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/[^#]*)\Z")
_FORM_ENCODED = re.compile(r"(?:[A-Za-z0-9*._~+-]|%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]  # authlib ships no types
    """One registered client; ``secret`` is ``None`` for a public one."""

    client_id: str
    secret: str | None
    grants: frozenset[str]
    scopes: tuple[str, ...]
    redirects: tuple[str, ...] = ()
    """Where a browser may be sent back to."""

    def get_client_id(self) -> str:
        """Its name."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: each request names its own."""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """True for a registered one, to the letter; at an address of the loopback with any port (RFC 8252, 7.3)."""
        return _without_port(redirect_uri) in map(_without_port, self.redirects)

    def check_response_type(self, response_type: str | None) -> bool:
        """True for ``code`` where it may have one; that it is named at all is checked elsewhere."""
        return response_type in {"code", None} and self.check_grant_type("authorization_code")

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The asked scopes that it may have; without a question all but ``offline_access``."""
        asked = scope.split() if scope else [each for each in self.scopes if each != OFFLINE_ACCESS]
        return " ".join(each for each in asked if each in self.scopes) or None

    def check_client_secret(self, client_secret: str) -> bool:
        """True for its secret."""
        return secrets.compare_digest((self.secret or "").encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """A public client sends its id alone, a confidential one its secret in header or form."""
        return (method == "none") == (self.secret is None)

    def check_grant_type(self, grant_type: str) -> bool:
        """True for the grants it is registered for."""
        return grant_type in self.grants


def _without_port(uri: str) -> str:
    """An address of the loopback without its port; any other as it is."""
    return _LOOPBACK.sub(r"\1\2", uri)


def registered_clients(seed: int) -> dict[str, Client]:
    """The three clients of the sandbox with this seed, by id."""
    at_a_browser = frozenset({"authorization_code", DEVICE_CODE, "refresh_token"})
    clients = (
        Client(
            CLIENT_ID,
            client_secret(seed, CLIENT_ID),
            at_a_browser | {"password"},
            SCOPES,
            (*_LOOPBACK_REDIRECTS, WEB_REDIRECT_URI),
        ),
        Client(
            SERVICE_CLIENT_ID,
            client_secret(seed, SERVICE_CLIENT_ID),
            frozenset({"client_credentials"}),
            (API_SCOPE,),
        ),
        Client(PUBLIC_CLIENT_ID, None, at_a_browser, SCOPES, _LOOPBACK_REDIRECTS),
    )
    return {client.client_id: client for client in clients}


class TooManyClients(Exception):  # noqa: N818 -- an answer, not a failure of the sandbox
    """A user who has as many active clients as one may have wants another one."""


@dataclass
class Clients:
    """All clients by id: those that come with the sandbox, and up to ``limit`` that each user added."""

    seed: int
    limit: int
    _own: dict[str, tuple[int, Client]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._registered = registered_clients(self.seed)

    def find(self, client_id: str) -> Client | None:
        """The client with this id while it is active."""
        owned = self._own.get(client_id)
        return owned[1] if owned else self._registered.get(client_id)

    def of_user(self, user_id: int) -> list[Client]:
        """The active clients that a user added."""
        return [client for owner, client in self._own.values() if owner == user_id]

    def add(self, user_id: int) -> Client:
        """Another client of a user, for the password grant as the personal access token template has it.

        Raises:
            TooManyClients: the user has as many as one may have.
        """
        if len(self.of_user(user_id)) >= self.limit:
            raise TooManyClients
        grants = frozenset({"password", "refresh_token"})
        client = Client(f"client-{secrets.token_hex(6)}", secrets.token_urlsafe(24), grants, SCOPES)
        self._own[client.client_id] = (user_id, client)
        return client

    def remove(self, user_id: int, client_id: str) -> bool:
        """Deactivate a client of this user; false when there is none with this id."""
        if self._own.get(client_id, (None,))[0] != user_id:
            return False
        del self._own[client_id]
        return True


def authenticate_basic(query_client: Callable[[str], Client], request: Any) -> Client | None:
    """The client of a Basic header whose id and secret are form-encoded (RFC 6749, 2.3.1).

    authlib takes the raw form too; a client that sends it would fail at a service that does not.
    """
    scheme, _, credentials = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        raw_id, _, raw_secret = b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    if not (_FORM_ENCODED.fullmatch(raw_id) and _FORM_ENCODED.fullmatch(raw_secret)):
        return None
    client = query_client(unquote_plus(raw_id))
    return client if client.check_client_secret(unquote_plus(raw_secret)) else None
