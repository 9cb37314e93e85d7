"""Renewal: gets the next tokens, by a refresh where that can be done, else by signing in anew.

Here: what is tried, and that all of it is durable: what is begun before it is sent, what came before it is used, what
was refused before it could be sent again. Not here: when tokens are renewed (``keeper.py``), why a session is over
(``ending.py``), how the server is asked (``client.py``).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.ending import SPENT_CODES, ending
from exepron_pipeline.auth.grant import first_grant
from exepron_pipeline.auth.proof import is_proven, make_proof
from exepron_pipeline.auth.refusal import GrantRefusedError, nobody_signed_in
from exepron_pipeline.auth.session import Refusal, Session
from exepron_pipeline.auth.shelf import Shelf
from exepron_pipeline.auth.token import GrantName, Tokens
from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.settings import Connection


class Renewal:
    """Gets tokens for one connection; its callers hold the shelf's turn.

    Args:
        connection: The credentials.
        client: Gives the client of the identity server; asked when it is needed.
        shelf: Keeps the session.
        clock: Seconds since 1970.
        tell: Takes a sentence for the operator.

    """

    def __init__(
        self,
        connection: Connection,
        client: Callable[[], TokenClient],
        shelf: Shelf,
        clock: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        self._connection, self._client, self._shelf = connection, client, shelf
        self._clock, self._tell = clock, tell
        self._unsaved: Tokens | None = None
        self._proof: str | None = None

    def next_tokens(self, session: Session, since: float) -> Tokens:
        """Return new tokens; they are stored already.

        Args:
            session: What is stored now.
            since: When the caller began to wait for its turn.

        Raises:
            AuthRejectedError: The identity server refuses, or nobody can be signed in.
            TransientError: It cannot be reached now.
            WarehouseError, ConfigurationError: The tokens cannot be stored.

        """
        self._raise_if_refused(session, since)
        stored = session.tokens
        if self._unsaved and not (stored and stored.obtained_at > self._unsaved.obtained_at):
            return self.keep(self._unsaved)
        if stored and stored.refresh_token and self._may_refresh(stored):
            refreshed = self._refreshed(session, stored, stored.refresh_token)
            if refreshed:
                return self.keep(refreshed)
            session = Session()
        return self.keep(self._new(session))

    def keep(self, tokens: Tokens) -> Tokens:
        """Store tokens durably and give them back with the proof of who got them.

        Where that fails they are not used, but kept in this process for the next attempt: the token that they
        replace may be spent.

        Raises:
            WarehouseError, ConfigurationError: They cannot be stored.

        """
        self._unsaved = tokens
        kept = replace(tokens, proof=self._own_proof())
        try:
            self._shelf.save(Session(kept))
        except (WarehouseError, ConfigurationError) as error:
            message = f"New tokens came and cannot be stored, so they are not used: {error.message}"
            raise type(error)(message, hint=error.hint) from None
        self._unsaved = None
        return kept

    def forget(self) -> None:
        """Give up tokens that could not be stored: somebody signed out."""
        self._unsaved = None

    def is_ours(self, tokens: Tokens) -> bool:
        """True when the credentials that are set now gave these tokens."""
        return self._is_proven(tokens.proof)

    def _is_proven(self, proof: str | None) -> bool:
        """A proof is dear to check: once is enough."""
        if proof is not None and proof == self._proof:
            return True
        if not is_proven(self._connection, proof):
            return False
        self._proof = proof or self._proof
        return True

    def _own_proof(self) -> str:
        self._proof = self._proof or make_proof(self._connection)
        return self._proof

    def _may_refresh(self, tokens: Tokens) -> bool:
        """A refresh proves the client's secret and not the password: with another one, that is asked for again."""
        if "client_credentials" in {tokens.grant, self._connection.grant}:
            return False
        return first_grant(self._connection) != "password" or self.is_ours(tokens)

    def _refreshed(self, session: Session, stored: Tokens, refresh_token: str) -> Tokens | None:
        """Return what the refresh token gave; None when it is of no more use and another grant may go on."""
        client = self._client()
        self._own_proof()  # takes a while: not when a rotated token has come and is not on the disk yet
        # On the disk before the token is sent; it shows as well that what comes back can be stored.
        self._shelf.save(replace(session, refresh_begun_at=self._clock()))
        try:
            return _merged(stored, client.refresh(refresh_token))
        except GrantRefusedError as error:
            if error.code not in SPENT_CODES:
                self._refuse(session, "refresh_token", error)
            begun_at = self._clock() if client.unanswered else session.refresh_begun_at
            known = ending(error, session, begun_at, self._clock())
        if first_grant(self._connection) is None:
            self._refuse(Session(), "refresh_token", known)
        self._shelf.save(Session())
        self._tell(f"{known.message} Signing in anew.")
        return None

    def _new(self, session: Session) -> Tokens:
        grant = first_grant(self._connection)
        if grant is None and session.refusal:
            raise session.refusal.told_again(self._clock())
        if grant is None:
            raise nobody_signed_in(self._connection.identity_url)
        client = self._client()
        try:
            return client.password() if grant == "password" else client.client_credentials()
        except GrantRefusedError as error:
            self._refuse(session, grant, error)

    def _raise_if_refused(self, session: Session, since: float) -> None:
        """Raise the refusal that another met while we waited, or that holds for the password that is set."""
        refusal, now = session.refusal, self._clock()
        if refusal is None or not self._is_proven(refusal.proof):
            return
        if since < refusal.at <= now:
            raise GrantRefusedError(refusal.message, code=refusal.code, hint=refusal.hint)
        if refusal.is_held(now):
            raise refusal.told_again(now)

    def _refuse(self, session: Session, grant: GrantName, error: GrantRefusedError) -> NoReturn:
        """Tell those who come later; who waits must not send the same again, or the user is locked out."""
        before = session.refusal
        is_again = (
            before is not None
            and (before.grant, before.code) == (grant, error.code)
            and self._is_proven(before.proof)
        )
        times = before.times + 1 if before and is_again else 1
        refusal = Refusal(
            self._clock(), grant, error.message, error.code, error.hint, times, self._own_proof()
        )
        self._shelf.save(replace(session, refusal=refusal))
        raise error


def _merged(stored: Tokens, answer: Tokens) -> Tokens:
    """What a refresh does not say again stays as it was (RFC 6749, 6)."""
    ends = stored.refresh_expires_at
    is_same = answer.refresh_token in {None, stored.refresh_token}
    left = ends.timestamp() - answer.obtained_at if ends and is_same else None
    return replace(
        answer,
        grant=stored.grant,
        refresh_token=answer.refresh_token or stored.refresh_token,
        refresh_expires_in=answer.refresh_expires_in or left,
        scope=answer.scope or stored.scope,
        subject=stored.subject,
    )
