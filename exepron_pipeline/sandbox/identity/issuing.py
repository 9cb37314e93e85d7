"""What is handed out for a grant that was found good: access, refresh and ID tokens.

Here belongs which tokens come together. Not here: whether the grant is good (``grants.py``,
``authorize.py``, ``device.py``), what a token looks like (``tokens.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidScopeError

from exepron_pipeline.sandbox.identity.clients import OFFLINE_ACCESS, Client
from exepron_pipeline.sandbox.identity.counts import Counts
from exepron_pipeline.sandbox.identity.id_token import id_token
from exepron_pipeline.sandbox.identity.refresh import RefreshToken, RefreshTokens
from exepron_pipeline.sandbox.identity.session import Session
from exepron_pipeline.sandbox.identity.subjects import Issue
from exepron_pipeline.sandbox.identity.tokens import AccessTokens


@dataclass(frozen=True)
class Issuer:
    """Makes and keeps tokens."""

    tokens: AccessTokens
    refresh_tokens: RefreshTokens
    counts: Counts
    disturb: Callable[[Issue], None]
    """Lets the faults have their say."""

    def answer(
        self,
        grant: str,
        client: Client,
        session: Session,
        scope: str | None,
        used: RefreshToken | None = None,
    ) -> dict[str, Any]:
        """The body of a token answer (RFC 6749, 5.1).

        Args:
            grant: Its name.
            client: Who asks.
            session: Of the user's consent.
            scope: Asked for; of it the client gets what it may have.
            used: The refresh token that was sent. There is one in the answer only after this one, or with
                ``offline_access`` (OpenID Connect Core 1.0, 11).

        Raises:
            InvalidScopeError: the client may have nothing of the scope.
        """
        granted = client.get_allowed_scope(scope)
        if granted is None:
            raise InvalidScopeError
        offline = OFFLINE_ACCESS in granted.split() and client.check_grant_type("refresh_token")
        issue = Issue(grant, granted, "new" if used or offline else "none")
        self.disturb(issue)
        access_token = self.tokens.issue(session, issue.scope, opaque=issue.opaque)
        answer = {
            "token_type": "Bearer",
            "access_token": access_token,
            "expires_in": self.tokens.lifetime,
            "scope": issue.scope,
        }
        self.counts.issued["access_token"] += 1
        if issue.refresh == "new":
            kept = session if used else replace(session, scope=issue.scope)
            answer["refresh_token"] = self.refresh_tokens.keep(kept, used)
            self.counts.issued["refresh_token"] += 1
        elif issue.refresh == "same" and used:
            answer["refresh_token"] = used.text
        if session.present and "openid" in issue.scope.split():
            answer["id_token"] = id_token(self.tokens, session, access_token, refreshed=used is not None)
            self.counts.issued["id_token"] += 1
        return answer

    def end(self, session: Session) -> None:
        """Let no token of a session be good any longer."""
        self.refresh_tokens.end(session)
        self.tokens.end(session.id)
