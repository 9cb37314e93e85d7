"""Refresh tokens: single use, in families.

Here belongs what is kept of them, in memory: they end with the server. Not here: the grant (``grants.py``).
Each use gives a new token of the same session. There are two caps, for one user at one client and at all of
them; past a cap the oldest token ends, and nobody is told. The lifetime is that of the session's first token.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from exepron_pipeline.sandbox.identity.session import Session


@dataclass
class RefreshToken:
    """One token; the methods are those that authlib's refresh grant calls."""

    text: str = field(repr=False)
    session: Session
    ends: float
    used: bool = False

    def check_client(self, client: object) -> bool:
        """True when it was issued to this client."""
        return bool(getattr(client, "client_id", None) == self.session.client_id)

    def get_scope(self) -> str:
        """The scope that was granted with it."""
        return self.session.scope


@dataclass
class RefreshTokens:
    """All refresh tokens that are good, or were used once; the caps count those that are good."""

    per_client: int
    per_user: int
    lifetime: int
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, RefreshToken] = field(default_factory=dict, repr=False)

    def keep(self, session: Session, before: RefreshToken | None = None) -> str:
        """A new token of this session, in place of ``before`` or as its first one."""
        text = secrets.token_urlsafe(32)
        if before:
            before.used = True
        ends = before.ends if before else self.clock() + self.lifetime
        self._tokens[text] = RefreshToken(text, session, ends)
        good = [(key, each.session) for key, each in self._good() if each.session.user_id == session.user_id]
        of_user = [key for key, _ in good]
        at_client = [key for key, each in good if each.client_id == session.client_id]
        for key in {*of_user[: -self.per_user], *at_client[: -self.per_client]}:
            del self._tokens[key]
        return text

    def find(self, text: str, client: object) -> RefreshToken | None:
        """The token of this client, used before or not; ``None`` when there is none, or none any more."""
        token = self._tokens.get(text)
        if token is None or not token.check_client(client) or token.ends <= self.clock():
            return None
        return token

    def get(self, text: str) -> RefreshToken | None:
        """The token, whoever asks and whether it was used."""
        return self._tokens.get(text)

    def end(self, session: Session) -> None:
        """Forget all tokens of a session."""
        self._tokens = {key: each for key, each in self._tokens.items() if each.session.id != session.id}

    def alive(self) -> Counter[tuple[int, str]]:
        """How many are good now, by user and client."""
        return Counter((each.session.user_id, each.session.client_id) for _, each in self._good())

    def _good(self) -> list[tuple[str, RefreshToken]]:
        now = self.clock()
        return [(key, each) for key, each in self._tokens.items() if not each.used and each.ends > now]
