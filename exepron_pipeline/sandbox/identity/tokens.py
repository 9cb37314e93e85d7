"""Access tokens: issued by the identity server, checked at the API's side, ended before their time.

Here belong the signing key and the claims. Not here: who gets a token (``issuing.py``). The key follows from
the seed: a signed token stays good when the sandbox is stopped and started again, as it would with a service
that runs on. What was ended, and tokens that are no JWT, are forgotten then.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from exepron_pipeline.sandbox.credentials import derive
from exepron_pipeline.sandbox.identity.session import Session
from exepron_pipeline.sandbox.refusals import InsufficientScope, Unauthorized

API_SCOPE = "exepron.restapi"
"""The scope that a token needs at the API, and the name of the API as the token's audience."""

ALGORITHM = "ES256"


@dataclass(frozen=True)
class AccessTokens:
    """Issues and checks the tokens of one issuer; ``lifetime`` and ``clock`` are in seconds."""

    issuer: str
    key: ECKey
    lifetime: int
    clock: Callable[[], float] = time.time
    _opaque: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    _ended: set[str] = field(default_factory=set, repr=False)
    """Ids of tokens and sessions."""

    @classmethod
    def of_seed(
        cls, issuer: str, seed: int, lifetime: int, clock: Callable[[], float] = time.time
    ) -> "AccessTokens":
        """The tokens of the sandbox with this seed."""
        number = int.from_bytes(derive(seed, "signing key")) >> 1  # below the order of the curve
        private = ec.derive_private_key(number or 1, ec.SECP256R1())
        key = ECKey.import_key(private)
        key.ensure_kid()
        return cls(issuer, key, lifetime, clock)

    def issue(self, session: Session, scope: str, *, opaque: bool = False) -> str:
        """A token of a session: a JWT (RFC 9068), or a text that only this server understands."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer, "aud": API_SCOPE, "sub": str(session.user_id), "client_id": session.client_id,
            "scope": scope, "iat": now, "exp": now + self.lifetime, "jti": uuid.uuid4().hex, "sid": session.id,
        }  # fmt: skip
        if not opaque:
            return self.sign(claims, "at+jwt")
        text = secrets.token_urlsafe(32)
        self._opaque[text] = claims
        return text

    def sign(self, claims: Mapping[str, Any], kind: str) -> str:
        """A JWT with the server's key; ``kind`` is the ``typ`` of its header."""
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid, "typ": kind}, dict(claims), self.key)

    def end(self, number: str) -> None:
        """Let a token (by its ``jti``) or all tokens of a session (by its id) be good no longer."""
        self._ended.add(number)

    def user_of(self, authorization: str | None) -> int:
        """The user for whom the bearer token in a header was issued, for a call at the API.

        Raises:
            Unauthorized: no token, or a foreign, forged, ended or expired one.
            InsufficientScope: one without the API's scope.
        """
        return int(self.bearer(authorization, API_SCOPE)["sub"])

    def bearer(self, authorization: str | None, scope: str) -> Mapping[str, Any]:
        """The claims of the bearer token in a header, which needs this scope.

        Raises:
            Unauthorized, InsufficientScope: see ``user_of``.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized
        claims = self.claims(token.strip())
        if claims is None:
            raise Unauthorized("invalid_token")
        if scope not in str(claims["scope"]).split():
            raise InsufficientScope(scope)
        return claims

    def claims(self, token: str) -> Mapping[str, Any] | None:
        """What a token says; ``None`` for one that is not good here and now."""
        expected = jwt.JWTClaimsRegistry(
            now=int(self.clock()),
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": API_SCOPE},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            claims = self._opaque.get(token) or jwt.decode(token, self.key, algorithms=[ALGORITHM]).claims
            expected.validate(dict(claims))
        except (JoseError, ValueError):
            return None
        return None if self._ended & {claims.get("jti"), claims.get("sid")} else claims

    def public_keys(self) -> dict[str, Any]:
        """The JWKS document (RFC 7517, 5)."""
        public = {**self.key.as_dict(private=False), "kid": self.key.kid, "alg": ALGORITHM, "use": "sig"}
        return {"keys": [public]}
