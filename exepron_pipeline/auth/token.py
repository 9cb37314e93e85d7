"""Tokens: what a sign-in gave, and how long it is good for.

Here: the values, their expiry, their JSON form. Not here: where they are kept (``store.py``) and how they
are got (``client.py``).
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from exepron_pipeline.http.redact import remember_secret

GrantName = Literal["token", "refresh_token", "password", "client_credentials"]

SPENT = 0.8  # a token is renewed after this share of its life: a fixed margin could exceed a short life
SKEW = 60.0  # seconds that a clock may have been set back without harm


@dataclass(frozen=True)
class Tokens:
    """The answer of a token endpoint. Times are seconds since 1970; secrets are not in the representation.

    ``expires_in`` is None when the server did not say: then the token is good until it is refused.
    """

    access_token: str = field(repr=False)
    grant: GrantName
    obtained_at: float
    expires_in: float | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scope: str | None = None
    proof: str | None = field(default=None, repr=False)
    """Of the credentials that gave them; see ``proof.py``."""

    def is_fresh(self, now: float) -> bool:
        """True while less than 80 % of its life is spent."""
        if self.expires_in is None:
            return True
        return -SKEW <= now - self.obtained_at < SPENT * self.expires_in

    @property
    def expires_at(self) -> datetime | None:
        """When it ends, in UTC; None when that is not known."""
        return None if self.expires_in is None else _instant(self.obtained_at + self.expires_in)

    def to_json(self) -> str:
        """Its stored form; it holds secrets."""
        return json.dumps(self.__dict__)


def tokens_from_json(text: str) -> Tokens:
    """Read the stored form; its secrets are remembered for redaction.

    Raises:
        ValueError: It is not what `Tokens.to_json` writes; the error shows nothing of it.

    """
    try:
        tokens = Tokens(**json.loads(text))
    except (ValueError, TypeError):
        raise ValueError("no stored tokens") from None
    for secret in (tokens.access_token, tokens.refresh_token):
        remember_secret(secret)
    return tokens


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JWT says, unverified; an empty dict for an opaque token.

    Only to tell the user when a token ends and whose it is; nothing is decided on it, as the API alone may
    judge its tokens.
    """
    from joserfc import jws  # noqa: PLC0415 # slow to import, and only people need it
    from joserfc.errors import JoseError  # noqa: PLC0415 # as above

    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (ValueError, JoseError):
        return {}
    return claims if isinstance(claims, dict) else {}


def expiry_of(token: str) -> datetime | None:
    """When a JWT ends (claim ``exp``), in UTC; None for an opaque token."""
    ends = claims_of(token).get("exp")
    return _instant(ends) if isinstance(ends, int | float) else None


def _instant(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
