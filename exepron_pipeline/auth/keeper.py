"""The keeper: gives the access token that is good now, and gets another when it is not.

Here: when a token is renewed, and by what. Not here: which grant serves a connection (``grant.py``), how a token
is asked for (``client.py``), where it is kept (``store.py``), who waits for whom (``turn.py``).
"""

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.discovery import discover
from exepron_pipeline.auth.grant import first_grant, given_token
from exepron_pipeline.auth.proof import is_proven, make_proof
from exepron_pipeline.auth.refusal import GrantRefusedError, nobody_signed_in
from exepron_pipeline.auth.store import FileStore, TokenStore, key_of
from exepron_pipeline.auth.token import GrantName, Tokens, claims_of, expiry_of
from exepron_pipeline.auth.turn import Turn
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.http.redact import remember_secret
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

FOLDER = "tokens"

# A refresh token refused with one of these is of no more use; any other refusal concerns the client itself.
_SPENT_CODES = {"invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type"}


@dataclass(frozen=True)
class SignIn:
    """Who we are, for people to read; no secret is in it.

    ``scope`` is what was granted where that is known, else what is asked for. ``expires_at`` and
    ``subject`` are None where the token does not say.
    """

    issuer: str
    client_id: str | None
    username: str | None
    scope: str
    expires_at: datetime | None
    grant: GrantName | None
    subject: str | None


class Keeper:
    """The `TokenSource` of one connection; safe to share between threads, and between processes by its store.

    Args:
        connection: The credentials.
        transport: Sends requests to the identity server.
        state_dir: Tokens and locks are in ``tokens/`` below it.
        store: ``file``, or ``keyring`` for the system's.
        clock: Seconds since 1970.

    Raises:
        ConfigurationError: The given token cannot be one.

    """

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        state_dir: Path,
        store: Literal["file", "keyring"] = "file",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connection, self._transport, self._clock = connection, transport, clock
        self._key = key_of(connection)
        folder = state_dir / FOLDER
        self._store = _keyring_store() if store == "keyring" else FileStore(folder)
        self._turn = Turn(folder, self._key.digest, clock)
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._refusal: AuthRejectedError | None = None
        for secret in (connection.client_secret, connection.password, connection.token):
            remember_secret(secret.get_secret_value() if secret else None)
        self._given = given_token(connection)

    def __repr__(self) -> str:
        return f"Keeper(issuer={self._key.issuer!r}, client_id={self._key.client_id!r})"

    def token(self) -> str:
        """Return an access token with at least a fifth of its life left.

        Raises:
            AuthRejectedError: The identity server refuses; it is not asked again by this keeper.
            ConfigurationError: There is no such server, or the stored tokens are unusable.
            TransientError: The identity server cannot be reached now.
            WarehouseError: The tokens cannot be stored.

        """
        return self._given or self._valid(None).access_token

    def renew(self, refused: str) -> str:
        """Return another token than ``refused``, which the API answered with 401; raises as `token` does."""
        if self._given:
            expiry = expiry_of(self._given)
            ended = f" It ended at {expiry:%Y-%m-%d %H:%M} UTC." if expiry else ""
            message = f"The API does not accept the token in EXEPRON_TOKEN.{ended}"
            raise AuthRejectedError(message, hint="Get another one, or set other credentials.")
        return self._valid(refused).access_token

    def describe(self) -> SignIn:
        """Tell who is signed in, without asking the server; from the store when no token was asked for yet."""
        given = self._given
        tokens = None if given else self._tokens or self._store.load(self._key)
        claims = claims_of(given or (tokens.access_token if tokens else ""))
        subject = claims.get("sub")
        return SignIn(
            issuer=self._connection.identity_url,
            client_id=self._connection.client_id,
            username=self._connection.username,
            scope=(tokens and tokens.scope) or self._connection.scope,
            expires_at=expiry_of(given) if given else tokens.expires_at if tokens else None,
            grant="token" if given else tokens.grant if tokens else None,
            subject=str(subject) if subject is not None else None,
        )

    def _valid(self, refused: str | None) -> Tokens:
        with self._lock:
            tokens = self._good(self._tokens, refused)
            if tokens is None:
                if self._refusal:
                    raise copy.copy(self._refusal)
                tokens = self._tokens = self._stored_or_new(refused)
            return tokens

    def _good(self, tokens: Tokens | None, refused: str | None) -> Tokens | None:
        is_good = tokens and tokens.is_fresh(self._clock()) and tokens.access_token != refused
        return tokens if is_good else None

    def _stored_or_new(self, refused: str | None) -> Tokens:
        """Take what another process got while we waited, else sign in."""
        with self._turn.taken() as since:
            stored = self._store.load(self._key)
            is_ours = stored is not None and is_proven(self._connection, stored.proof)
            tokens = self._good(stored, refused)
            if tokens and is_ours:
                return tokens
            try:
                self._turn.raise_if_refused(since)
                return self._sign_in(stored, is_ours=is_ours)
            except AuthRejectedError as error:
                self._refusal = error
                if isinstance(error, GrantRefusedError):
                    self._turn.note_refusal(error)
                raise

    def _sign_in(self, stored: Tokens | None, *, is_ours: bool) -> Tokens:
        """Refresh where that can be done, else sign in anew; the store has it before anybody uses it.

        A refresh proves the client's secret and not the password: with another one, that is asked for again.
        """
        may_refresh = is_ours or first_grant(self._connection) != "password"
        tokens = (self._refreshed(stored) if may_refresh else None) or self._new()
        tokens = replace(tokens, proof=make_proof(self._connection))
        self._store.save(self._key, tokens)
        return tokens

    def _refreshed(self, stored: Tokens | None) -> Tokens | None:
        if not stored or not stored.refresh_token or self._connection.grant == "client_credentials":
            return None
        try:
            return self._client.refresh(stored.refresh_token)
        except GrantRefusedError as error:
            if error.code not in _SPENT_CODES:
                raise
            self._store.drop(self._key)
            if first_grant(self._connection) is None:
                raise
            return None

    def _new(self) -> Tokens:
        grant = first_grant(self._connection)
        if grant == "password":
            return self._client.password()
        if grant == "client_credentials":
            return self._client.client_credentials()
        raise nobody_signed_in(self._key.issuer)

    @cached_property
    def _client(self) -> TokenClient:
        provider = discover(self._connection.identity_url, self._transport)
        return TokenClient(provider, self._connection, self._transport, self._clock)


def _keyring_store() -> TokenStore:
    from exepron_pipeline.auth.keyring_store import KeyringStore  # noqa: PLC0415 # slow to import, seldom used

    return KeyringStore()
