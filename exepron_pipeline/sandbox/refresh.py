"""Refresh tokens: single use, in families.

Here belongs what is kept of them, in memory: they end with the server. Not here: the grant
(``identity.py``). Each use gives a new token of the same family; a used one that comes again may have
been stolen, so the whole family dies, the newest member included (RFC 9700, 4.14.2). There are two caps, for one user at
one client and at all of them; past a cap the oldest token ends, and nobody is told.
"""

import secrets
import uuid
from dataclasses import dataclass, field


@dataclass
class RefreshToken:
    """One token; the methods are those that authlib's refresh grant calls."""

    client_id: str
    user_id: int
    scope: str
    family: str
    used: bool = False

    def check_client(self, client: object) -> bool:
        """True when it was issued to this client."""
        return bool(getattr(client, "client_id", None) == self.client_id)

    def get_scope(self) -> str:
        """The scope that was granted with it."""
        return self.scope


@dataclass
class RefreshTokens:
    """All refresh tokens that are good, or were used once; the caps count those that are good."""

    per_client: int
    per_user: int
    _tokens: dict[str, RefreshToken] = field(default_factory=dict, repr=False)

    def keep(self, text: str, client_id: str, user_id: int, scope: str, before: RefreshToken | None) -> None:
        """Remember a token that was issued, after ``before`` of the same family or as the first."""
        family = before.family if before else uuid.uuid4().hex
        self._tokens[text] = RefreshToken(client_id, user_id, scope, family)
        mine = [(key, each) for key, each in self._tokens.items() if each.user_id == user_id]
        good = [key for key, each in mine if not each.used and each is not before]
        at_client = [key for key in good if self._tokens[key].client_id == client_id]
        for key in {*good[: -self.per_user], *at_client[: -self.per_client]}:
            del self._tokens[key]

    def find(self, text: str, client: object) -> RefreshToken | None:
        """The token when this client may use it now; a second use ends its family."""
        token = self._tokens.get(text)
        if token is None or not token.check_client(client):
            return None
        if token.used:
            self._tokens = {key: each for key, each in self._tokens.items() if each.family != token.family}
            return None
        return token


def new_refresh_token(**_: object) -> str:
    """A text that nobody guesses; takes and ignores what authlib tells its token generators."""
    return secrets.token_urlsafe(32)
