"""A provider: what an identity server says of itself (OpenID Connect Discovery 1.0, 3; RFC 8414, 2).

Here: the value, and whether a document may be believed. Not here: asking for it (``discovery.py``).
"""

from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.redact import redact
from exepron_pipeline.settings import WebAddress

HINT = "Check EXEPRON_IDENTITY_URL."

_ADDRESS: TypeAdapter[str] = TypeAdapter(WebAddress)


@dataclass(frozen=True)
class Provider:
    """What is known of an identity server.

    Endpoints that it does not name are None; so are lists that it does not give, which is not the same as
    an empty one: the server may offer anything then. ``auth_methods`` and ``scopes`` are empty instead.
    """

    issuer: str
    token_endpoint: str
    auth_methods: tuple[str, ...] = ()
    """How a client may prove who it is at the token endpoint."""
    scopes: frozenset[str] = frozenset()
    authorization_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    jwks_uri: str | None = None
    grants: tuple[str, ...] | None = None
    response_types: tuple[str, ...] | None = None
    code_challenge_methods: tuple[str, ...] | None = None
    prompts: tuple[str, ...] | None = None
    signing_algorithms: tuple[str, ...] | None = None
    """With which its id_tokens are signed."""
    names_itself: bool = False
    """True when each answer of the authorization endpoint carries ``iss`` (RFC 9207)."""
    is_described: bool = True
    """False where no discovery document was found: the token endpoint is a guess then."""


def read_provider(issuer: str, document: dict[str, Any]) -> Provider:
    """Read a discovery document.

    Args:
        issuer: Who was asked, without a slash at the end.
        document: Its answer.

    Raises:
        ConfigurationError: It is of another issuer, or names an endpoint that is neither https nor loopback.

    """
    named = document.get("issuer")
    if not isinstance(named, str) or not is_same_issuer(named, issuer):
        shown = redact(str(named))[:200]
        hint = f"If you trust {shown}, set EXEPRON_IDENTITY_URL to it."
        raise ConfigurationError(f"The identity server at {issuer} says that it is {shown}.", hint=hint)

    def optional(name: str) -> str | None:
        return _endpoint(issuer, name, document[name]) if document.get(name) else None

    def listed(name: str) -> tuple[str, ...] | None:
        return _texts(document[name]) if isinstance(document.get(name), list) else None

    return Provider(
        issuer=issuer,
        token_endpoint=_endpoint(issuer, "token_endpoint", document.get("token_endpoint")),
        auth_methods=_texts(document.get("token_endpoint_auth_methods_supported")),
        scopes=frozenset(_texts(document.get("scopes_supported"))),
        authorization_endpoint=optional("authorization_endpoint"),
        device_authorization_endpoint=optional("device_authorization_endpoint"),
        revocation_endpoint=optional("revocation_endpoint"),
        userinfo_endpoint=optional("userinfo_endpoint"),
        jwks_uri=optional("jwks_uri"),
        grants=listed("grant_types_supported"),
        response_types=listed("response_types_supported"),
        code_challenge_methods=listed("code_challenge_methods_supported"),
        prompts=listed("prompt_values_supported"),
        signing_algorithms=listed("id_token_signing_alg_values_supported"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def is_same_issuer(one: str, other: str) -> bool:
    """Compare two issuers; a slash at the end, the host's case and a default port make no difference."""
    return _normal(one) == _normal(other)


def refuse_document(issuer: str, reason: str) -> NoReturn:
    """Raise the `ConfigurationError` for a document that cannot be used."""
    raise ConfigurationError(f"The discovery document of {issuer} {reason}.", hint=HINT)


def _normal(address: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address, ""
    host = parts.netloc.lower().removesuffix(":443" if parts.scheme.lower() == "https" else ":80")
    return parts.scheme.lower(), host, parts.path.rstrip("/")


def _endpoint(issuer: str, name: str, address: object) -> str:
    try:
        _ADDRESS.validate_python(str(address or "").partition("?")[0])
    except ValidationError as error:
        reason = error.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
        refuse_document(issuer, f"names a {name.replace('_', ' ')} that {reason}")
    return str(address)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
