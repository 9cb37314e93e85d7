"""The person who signed in, as far as the identity server tells. Not here: whether it may be believed (``id_token.py``)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.refusal import printable
from exepron_pipeline.auth.token import Tokens, claims_of
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.problems import raise_for_status
from exepron_pipeline.http.redact import redacting_logger

_LOG = redacting_logger(__name__)
_NAMES = ("name", "preferred_username", "email")  # OpenID Connect Core, 5.1


@dataclass(frozen=True)
class Person:
    """Who signed in; None where the server does not say."""

    subject: str | None
    name: str | None

    def __str__(self) -> str:
        if self.name and self.subject:
            return f"{self.name} (subject {self.subject})"
        return self.name or (
            f"subject {self.subject}" if self.subject else "somebody whom the server does not name"
        )


def who_signed_in(client: TokenClient, tokens: Tokens, claims: Mapping[str, Any]) -> Person:
    """Return the person of these tokens.

    The userinfo endpoint is asked where the id_token holds no name (OpenID Connect Core, 5.3), and only when it is
    on the same origin as the token endpoint: the access token goes nowhere else.

    Args:
        client: The identity server.
        tokens: What it gave.
        claims: Of the id_token; empty when none came.

    """
    subject = claims.get("sub") or claims_of(tokens.access_token).get("sub")
    told = claims if _name(claims) else _userinfo(client, tokens.access_token)
    if claims and told.get("sub") != claims["sub"]:  # OpenID Connect Core, 5.3.2
        told = {}
    found = subject or told.get("sub")
    return Person(None if found is None else printable(str(found)), _name(told))


def _name(claims: Mapping[str, Any]) -> str | None:
    found = (claims.get(name) for name in _NAMES)
    return next((printable(name) for name in found if isinstance(name, str) and name.strip()), None)


def _userinfo(client: TokenClient, access_token: str) -> Mapping[str, Any]:
    address = client.provider.userinfo_endpoint
    if not address or _origin(address) != _origin(client.provider.token_endpoint):
        return {}
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
    try:
        response = client.transport.get(address, headers)
        raise_for_status(response, f"GET {address}")
        found = json.loads(response.body)
    except (ExepronError, ValueError):
        _LOG.info("The server did not tell who signed in.", exc_info=True)  # a name is no reason to fail
        return {}
    return found if isinstance(found, dict) else {}


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()
