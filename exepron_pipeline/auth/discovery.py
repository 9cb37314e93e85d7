"""Discovery: what the identity server says of itself (OpenID Connect Discovery 1.0).

Here: the document, and whether it may be believed. Not here: asking for tokens (``client.py``).
"""

import json
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from exepron_pipeline.errors import ConfigurationError, EntitySetMissingError, PermanentError
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.retry import FEW_ATTEMPTS, call_with_retries
from exepron_pipeline.http.transport import Response, Transport
from exepron_pipeline.settings import WebAddress

DOCUMENT = "/.well-known/openid-configuration"
FALLBACK = "/connect/token"  # where the vendor's Node sample posts, without discovery

_ADDRESS: TypeAdapter[str] = TypeAdapter(WebAddress)
_HINT = "Check EXEPRON_IDENTITY_URL."


@dataclass(frozen=True)
class Provider:
    """What is known of an identity server.

    ``auth_methods`` is empty when the server lists none; ``scopes`` are those it says it supports.
    """

    issuer: str
    token_endpoint: str
    auth_methods: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()


def discover(identity_url: str, transport: Transport) -> Provider:
    """Ask the identity server for its discovery document.

    A server without one is taken to have its token endpoint at ``/connect/token``.

    Args:
        identity_url: The issuer, with or without a slash at its end.
        transport: Sends the request.

    Raises:
        ConfigurationError: What answers is no identity server, is another one than was named, or has a
            token endpoint that is neither https nor loopback.
        TransientError: The server cannot be reached now.

    """
    issuer = identity_url.rstrip("/")
    try:
        response = call_with_retries(lambda: _fetch(issuer, transport), attempts=FEW_ATTEMPTS)
    except EntitySetMissingError:
        return Provider(issuer, issuer + FALLBACK)
    except PermanentError as error:
        raise ConfigurationError(f"No identity server at {issuer}: {error.message}", hint=_HINT) from None
    return _provider(issuer, _document(issuer, response.body))


def _fetch(issuer: str, transport: Transport) -> Response:
    response = transport.get(issuer + DOCUMENT, {"Accept": "application/json"})
    raise_for_status(response, f"GET {issuer}{DOCUMENT}")
    raise_for_html(response, f"GET {issuer}{DOCUMENT}")
    return response


def _document(issuer: str, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        _refuse(issuer, "is no JSON object")
    return document


def _provider(issuer: str, document: dict[str, Any]) -> Provider:
    named = document.get("issuer")
    if not isinstance(named, str) or _normal(named) != _normal(issuer):
        shown = redact(str(named))[:200]
        hint = f"If you trust {shown}, set EXEPRON_IDENTITY_URL to it."
        raise ConfigurationError(f"The identity server at {issuer} says that it is {shown}.", hint=hint)
    return Provider(
        issuer=issuer,
        token_endpoint=_endpoint(issuer, document.get("token_endpoint")),
        auth_methods=_texts(document.get("token_endpoint_auth_methods_supported")),
        scopes=frozenset(_texts(document.get("scopes_supported"))),
    )


def _normal(address: str) -> tuple[str, str, str]:
    parts = urlsplit(address)
    host = parts.netloc.lower().removesuffix(":443" if parts.scheme.lower() == "https" else ":80")
    return parts.scheme.lower(), host, parts.path.rstrip("/")


def _endpoint(issuer: str, address: object) -> str:
    try:
        _ADDRESS.validate_python(str(address or "").partition("?")[0])
    except ValidationError as error:
        reason = error.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        _refuse(issuer, f"names a token endpoint that {reason}")
    return str(address)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _refuse(issuer: str, reason: str) -> NoReturn:
    raise ConfigurationError(f"The discovery document of {issuer} {reason}.", hint=_HINT)
