"""Tokens: what a sign-in gave, and how long it is good for.

Here: the values, their expiry, what they grant. Not here: where they are kept (``store.py``) and how they are got
(``client.py``).
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from joserfc.util import urlsafe_b64decode

GrantName = Literal[
    "token", "refresh_token", "password", "client_credentials", "authorization_code", "device_code"
]

OF_USERS = {"openid", "profile", "email", "address", "phone", "offline_access"}
"""Scopes that tell of a user (OpenID Connect Core, 5.4 and 11): never asked for where a client acts for itself."""

SPENT = 0.8  # a token is renewed after this share of its life: a fixed margin could exceed a short life
SPENT_AT_LEAST = 2 / 3  # however far the clocks are apart: else a short life would be renewed at each request
SET_BACK = 60.0  # seconds that a clock may have been set back without harm


@dataclass(frozen=True)
class Tokens:
    """The answer of a token endpoint. Times are seconds since 1970; secrets are not in the representation.

    ``expires_in`` is None when the server did not say: then the token is good until it is refused.
    ``refresh_expires_in`` is told by some servers only. ``skew`` is how far the server's clock was ahead of ours.
    """

    access_token: str = field(repr=False)
    grant: GrantName
    obtained_at: float
    expires_in: float | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scope: str | None = None
    proof: str | None = field(default=None, repr=False)
    """Of the credentials that gave them; see ``proof.py``."""
    refresh_expires_in: float | None = None
    skew: float = 0.0
    subject: str | None = None
    """Whose they are, as a verified id_token said: an access token may be opaque."""

    def is_fresh(self, now: float) -> bool:
        """True until it should be renewed: while less than 80 % of its life is spent.

        Clocks that are apart may be set right at any moment, which makes a token older or younger than it
        seems: the more they are apart, the sooner it is renewed, yet never before two thirds of its life.
        """
        if self.expires_in is None:
            return True
        life = self.expires_in
        renewed_after = max(SPENT_AT_LEAST * life, SPENT * life - abs(self.skew))
        return -SET_BACK <= now - self.obtained_at < renewed_after

    def is_alive(self, now: float) -> bool:
        """True until it ends: then a server that cannot be reached for a moment is no reason to stop."""
        return self.expires_in is None or -SET_BACK <= now - self.obtained_at < self.expires_in

    @property
    def expires_at(self) -> datetime | None:
        """When it ends, in UTC; None when that is not known."""
        return None if self.expires_in is None else instant(self.obtained_at + self.expires_in)

    @property
    def refresh_expires_at(self) -> datetime | None:
        """When its refresh token ends, in UTC; None when there is none, or the server did not say."""
        if not self.refresh_token or self.refresh_expires_in is None:
            return None
        return instant(self.obtained_at + self.refresh_expires_in)


def missing_scopes(asked: str, tokens: Tokens) -> tuple[str, ...]:
    """Return the scopes that were asked for and not granted; none are when the server is silent (RFC 6749, 5.1).

    Scopes that tell of the user count only where the server names such: one may name those of the access token
    alone. Whether offline access was granted shows by the refresh token.
    """
    if tokens.scope is None:
        return ()
    granted = {*tokens.scope.split(), "offline_access"}
    named = granted if granted & OF_USERS - {"offline_access"} else granted | OF_USERS
    return tuple(each for each in asked.split() if each not in named)


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JWT says, unverified; an empty dict for an opaque token.

    Only to tell the user when a token ends and whose it is; nothing is decided on it, as the API alone may
    judge its tokens.
    """
    try:
        _, payload, _ = token.encode().split(b".")
        claims = json.loads(urlsafe_b64decode(payload))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def expiry_of(token: str) -> datetime | None:
    """When a JWT ends (claim ``exp``), in UTC; None for an opaque token."""
    ends = claims_of(token).get("exp")
    return instant(ends) if isinstance(ends, int | float) else None


def instant(seconds: float) -> datetime | None:
    """Return the moment, in UTC; None when there is no such."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def shown(seconds: float) -> str:
    """Return a moment for people to read, in UTC."""
    moment = instant(seconds)
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "a time that is none"
