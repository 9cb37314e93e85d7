"""Access tokens: signed JWTs, as the API's side checks them and the identity server issues them.

Here belong the signing key and the claims. Not here: who gets a token (``identity.py``). The key follows
from the seed: a token stays good when the sandbox is stopped and started again, as it would with a
service that runs on.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from exepron_pipeline.sandbox.credentials import derive
from exepron_pipeline.sandbox.refusals import Unauthorized

API_SCOPE = "exepron.restapi"
"""The scope that a token needs at the API, and the name of the API as the token's audience."""

_ALGORITHM = "ES256"


@dataclass(frozen=True)
class AccessTokens:
    """Issues and checks the tokens of one issuer; ``lifetime`` and ``clock`` are in seconds."""

    issuer: str
    key: ECKey
    lifetime: int
    clock: Callable[[], float] = time.time

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

    def issue(self, user_id: int, client_id: str, scope: str) -> str:
        """A token for a user, asked for by a client."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer, "aud": API_SCOPE, "sub": str(user_id), "client_id": client_id, "scope": scope,
            "iat": now, "exp": now + self.lifetime, "jti": uuid.uuid4().hex,
        }  # fmt: skip
        return jwt.encode({"alg": _ALGORITHM, "kid": self.key.kid, "typ": "at+jwt"}, claims, self.key)

    def user_of(self, authorization: str | None) -> int:
        """The user for whom the bearer token in a header was issued.

        Raises:
            Unauthorized: no token, a foreign, forged or expired one, or one without the API's scope.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized
        claims = self._verified(token.strip())
        if API_SCOPE not in str(claims.get("scope", "")).split():
            raise Unauthorized("insufficient_scope")
        return int(claims["sub"])

    def public_keys(self) -> dict[str, Any]:
        """The JWKS document (RFC 7517, 5)."""
        public = {**self.key.as_dict(private=False), "kid": self.key.kid, "alg": _ALGORITHM, "use": "sig"}
        return {"keys": [public]}

    def _verified(self, token: str) -> Mapping[str, Any]:
        expected = jwt.JWTClaimsRegistry(
            now=int(self.clock()),
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": API_SCOPE},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, self.key, algorithms=[_ALGORITHM]).claims
            expected.validate(claims)
        except (JoseError, ValueError) as error:
            raise Unauthorized("invalid_token") from error
        return claims
