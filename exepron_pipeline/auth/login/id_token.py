"""The id_token: whether it may be believed (OpenID Connect Core, 3.1.3.7). Not here: who it is about (``person.py``)."""

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.provider import is_same_issuer
from exepron_pipeline.auth.refusal import printable
from exepron_pipeline.errors import AuthRejectedError, PermanentError
from exepron_pipeline.http.problems import raise_for_status
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.retry import FEW_ATTEMPTS, call_with_retries
from exepron_pipeline.http.transport import Response

LEEWAY = 300  # seconds by which clocks may differ, as the vendor's own sample allows

# Those that take a private key of the server's: with a shared secret, or none, others could make such tokens.
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip


def check_id_token(id_token: str, client: TokenClient, nonce: str | None) -> Mapping[str, Any]:
    """Return the claims of an id_token that is good.

    Args:
        id_token: As it came.
        client: Whom it must be for, and where the server's keys are.
        nonce: What was sent with the question; None when none was.

    Raises:
        AuthRejectedError: Its signature, issuer, audience, nonce or time is wrong.
        TransientError: The server's keys cannot be had now.

    """
    offered = client.provider.signing_algorithms
    algorithms = [each for each in _ALGORITHMS if offered is None or each in offered]
    if not algorithms:
        _refuse(client, f"signed by {', '.join(offered or ())}, which proves nothing")
    try:
        header = jws.extract_compact(id_token.encode()).headers()
        claims = _claims(id_token, _fitting(_keys(client), header.get("kid")), algorithms)
        _registry(client, nonce).validate(claims)
    except (JoseError, ValueError) as error:
        _refuse(client, redact(str(error)))
    if not is_same_issuer(claims["iss"], client.provider.issuer):
        _refuse(client, "it is of another issuer")
    if claims.get("azp", client.connection.client_id) != client.connection.client_id:
        _refuse(client, "it was made for another client")
    return claims


def _registry(client: TokenClient, nonce: str | None) -> jwt.JWTClaimsRegistry:
    named: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in ("iss", "sub", "exp", "iat")}
    named["aud"] = {"essential": True, "value": client.connection.client_id or ""}
    if nonce:
        named["nonce"] = {"essential": True, "value": nonce}
    return jwt.JWTClaimsRegistry(now=int(client.clock()), leeway=LEEWAY, **named)


def _claims(id_token: str, keys: list[Key], algorithms: list[str]) -> dict[str, Any]:
    """What it says, signed by one of the keys: a token need not name which."""
    registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
    failure: Exception = ValueError("no key of the server's fits it")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", SecurityWarning
        )  # of EdDSA, an old name that servers still sign under
        for key in keys:
            try:
                return jwt.decode(id_token, key, algorithms, registry).claims
            except (JoseError, ValueError) as error:
                failure = error
    raise failure


def _fitting(keys: Iterator[Key], kid: str | None) -> list[Key]:
    return [key for key in keys if kid is None or key.kid in (kid, None)]


def _keys(client: TokenClient) -> Iterator[Key]:
    """The server's keys for signing (RFC 7517, 5); those of kinds that are not understood are left out."""
    for each in _key_documents(client):
        if each.get("use", "sig") == "sig" and each.get("kty") in {"RSA", "EC", "OKP"}:
            yield JWKRegistry.import_key(each)


def _key_documents(client: TokenClient) -> list[dict[str, Any]]:
    address = client.provider.jwks_uri
    if not address:
        _refuse(client, "the server names no keys to check it with")

    def fetch() -> Response:
        response = client.transport.get(address, {"Accept": "application/json"})
        raise_for_status(response, f"GET {address}")
        return response

    try:
        document = json.loads(call_with_retries(fetch, attempts=FEW_ATTEMPTS).body)
        return [each for each in document["keys"] if isinstance(each, dict)]
    except PermanentError as error:
        _refuse(client, f"the server's keys cannot be had: {error.message}")
    except (ValueError, TypeError, KeyError):
        _refuse(client, f"there are no keys at {address}")


def _refuse(client: TokenClient, reason: str) -> NoReturn:
    raise AuthRejectedError(
        f"The id_token of {client.provider.issuer} is not valid ({printable(reason).rstrip('.')}): nobody was signed in.",
        hint="Check this machine's clock and EXEPRON_IDENTITY_URL; when both are right, tell who runs the server.",
    )
