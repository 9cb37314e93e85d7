"""ID tokens: who signed in, when, and for which request (OpenID Connect Core 1.0, 2, 3.1.3.6 and 12.2).

Here belong their claims. Not here: the signature (``tokens.py``), what else is known of the user
(``userinfo.py``).
"""

from authlib.oidc.core.util import create_half_hash

from exepron_pipeline.sandbox.identity.session import Session
from exepron_pipeline.sandbox.identity.tokens import ALGORITHM, AccessTokens


def id_token(tokens: AccessTokens, session: Session, access_token: str, *, refreshed: bool) -> str:
    """The ID token that goes with an access token, good for as long; without nonce when it was ``refreshed``."""
    now = int(tokens.clock())
    claims = {
        "iss": tokens.issuer,
        "sub": str(session.user_id),
        "aud": session.client_id,
        "iat": now,
        "exp": now + tokens.lifetime,
        "auth_time": session.since,
        "at_hash": create_half_hash(access_token, ALGORITHM).decode(),
    }
    if session.nonce and not refreshed:
        claims["nonce"] = session.nonce
    return tokens.sign(claims, "JWT")
