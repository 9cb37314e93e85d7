"""Who is signed in, for people to read: nothing here asks a server, and no secret is in it.

Here: what is told of a session. Not here: keeping one (``keeper.py``).
"""

import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from exepron_pipeline.auth.grant import first_grant, given_token
from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.shelf import Shelf
from exepron_pipeline.auth.store import StoreKind, key_of
from exepron_pipeline.auth.token import GrantName, Tokens, claims_of, expiry_of, missing_scopes, shown
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.settings import Connection

WARNED_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class SignIn:
    """Who we are, for people to read; no secret is in it.

    ``scope`` is what was granted where that is known, else what is asked for; ``not_granted`` is what is missing.
    Moments and ``subject`` are None where the token does not say. ``trouble`` tells how the last sign-in failed,
    ``outlook`` when runs will stop and why; both are empty when all is well.
    """

    issuer: str
    client_id: str | None
    username: str | None
    scope: str
    expires_at: datetime | None
    grant: GrantName | None
    subject: str | None
    refresh_expires_at: datetime | None = None
    not_granted: tuple[str, ...] = ()
    skew: float = 0.0
    """Seconds by which the identity server's clock was ahead of ours."""
    store: str = ""
    trouble: str = ""
    outlook: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def in_words(self) -> str:
        """One line: who, by what, until when, for what, from where."""
        if self.grant is None:
            return self.trouble or f"nobody is signed in at {self.issuer}"
        who = self.username or self.subject or self.client_id
        until = f" until {self.expires_at:%Y-%m-%d %H:%M} UTC" if self.expires_at else ""
        renewed = (
            f", to be renewed until {self.refresh_expires_at:%Y-%m-%d %H:%M} UTC"
            if self.refresh_expires_at
            else ""
        )
        kept = f", kept as {self.store}" if self.store else ""
        as_whom = f" as {who}" if who else ""
        return f"by {self.grant}{as_whom}{until}{renewed}, scope {self.scope}{kept}"

    def lines(self) -> list[str]:
        """The same, and what is wrong or will be."""
        missing = f"asked for and not granted: {' '.join(self.not_granted)}" if self.not_granted else ""
        return list(
            dict.fromkeys(line for line in (self.in_words(), self.trouble, missing, self.outlook) if line)
        )


def stored_sign_in(connection: Connection, state_dir: Path, kind: StoreKind) -> SignIn:
    """Tell who is signed in by what is stored; a store that cannot be read is the trouble that is told."""
    now = time.time()
    shelf = Shelf(key_of(connection), state_dir, kind, time.time, lambda _: None)
    try:
        if given_token(connection):
            return describe(connection, Session(), now)
        return describe(connection, shelf.peek(), now, shelf.place())
    except ExepronError as error:
        return replace(_nobody(connection), trouble=str(error))


def describe(connection: Connection, session: Session, now: float, store: str = "") -> SignIn:
    """Tell who is signed in.

    Args:
        connection: The credentials.
        session: What is stored for them.
        now: Seconds since 1970.
        store: Where that is, for people; nowhere for a given token.

    Raises:
        ConfigurationError: The given token cannot be one.

    """
    given = given_token(connection)
    if given:
        return _given(connection, given, now)
    tokens, refusal = session.tokens, session.refusal
    told = replace(
        _nobody(connection), store=store, trouble=refusal.told_again(now).message if refusal else ""
    )
    if tokens is None:
        return told
    return replace(
        told,
        scope=tokens.scope or connection.scope,
        expires_at=tokens.expires_at or expiry_of(tokens.access_token),
        grant=tokens.grant,
        subject=tokens.subject or _subject(tokens.access_token),
        refresh_expires_at=tokens.refresh_expires_at,
        not_granted=missing_scopes(connection.scope, tokens),
        skew=tokens.skew,
        outlook=outlook(connection, tokens),
    )


def _nobody(connection: Connection) -> SignIn:
    who = (connection.identity_url, connection.client_id, connection.username)
    return SignIn(*who, scope=connection.scope, expires_at=None, grant=None, subject=None)


def _given(connection: Connection, token: str, now: float) -> SignIn:
    expires_at = expiry_of(token)
    told = replace(_nobody(connection), expires_at=expires_at, grant="token", subject=_subject(token))
    return replace(told, outlook=_outlook_of_given(expires_at, now))


def _subject(token: str) -> str | None:
    subject = claims_of(token).get("sub")
    return None if subject is None else str(subject)


def _outlook_of_given(expires_at: datetime | None, now: float) -> str:
    if expires_at is None or expires_at.timestamp() > now + WARNED_AHEAD.total_seconds():
        return ""
    days = int((expires_at.timestamp() - now) // 86_400)
    when = shown(expires_at.timestamp())
    ends = f"ends at {when}, in {days} days" if days >= 0 else f"ended at {when}"
    return f"The token in EXEPRON_TOKEN {ends}: runs stop then. Get another one."


def outlook(connection: Connection, tokens: Tokens) -> str:
    """Say when runs will stop because nothing renews these tokens; empty when something does."""
    if tokens.refresh_token or first_grant(connection) is not None:
        return ""
    ends = (
        f"at {shown(tokens.expires_at.timestamp())}" if tokens.expires_at else "when the present token ends"
    )
    return (
        f"Runs will stop {ends}: the identity server gave no refresh token, and no password is set. "
        "Allow this client offline access (offline_access) and run `exepron login` again, or set EXEPRON_USERNAME "
        "and EXEPRON_PASSWORD."
    )
