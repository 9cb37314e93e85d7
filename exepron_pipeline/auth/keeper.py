"""The keeper: gives the access token that is good now, and has another got when it is not.

Here: when a token is renewed, and what an operator is told of it. Not here: by what it is renewed (``renewal.py``),
where it is kept and who waits for whom (``shelf.py``), how a token is asked for (``client.py``).
"""

import copy
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from exepron_pipeline.auth import signin
from exepron_pipeline.auth.client import TokenClient, open_client
from exepron_pipeline.auth.grant import given_token
from exepron_pipeline.auth.renewal import Renewal
from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.shelf import Shelf
from exepron_pipeline.auth.signin import SignIn
from exepron_pipeline.auth.store import StoreKind, key_of
from exepron_pipeline.auth.token import Tokens, expiry_of, missing_scopes, shown
from exepron_pipeline.errors import AuthRejectedError, TransientError
from exepron_pipeline.events import Listener, Notice, nobody
from exepron_pipeline.http.redact import remember_secret
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

PATIENCE = 30.0  # seconds until a server that could not be reached is asked again, while the token is alive


class Keeper:
    """The `TokenSource` of one connection; safe to share between threads, and between processes by its store.

    Args:
        connection: The credentials.
        transport: Sends requests to the identity server.
        state_dir: Sessions and locks are in ``tokens/`` below it.
        store: ``file``, or ``keyring`` for the system's.
        clock: Seconds since 1970.
        listen: Is told by a `Notice` what an operator should know: when runs will stop, what was not granted.

    Raises:
        ConfigurationError: The given token cannot be one.

    """

    def __init__(
        self,
        connection: Connection,
        transport: Transport,
        state_dir: Path,
        store: StoreKind = "file",
        clock: Callable[[], float] = time.time,
        listen: Listener = nobody,
    ) -> None:
        self._connection, self._transport = connection, transport
        self._state_dir, self._clock, self._listen = state_dir, clock, listen
        self._key = key_of(connection)
        self._shelf = Shelf(self._key, state_dir, store, clock, self._tell)
        self._client: TokenClient | None = None
        self._renewal = Renewal(connection, self._opened_client, self._shelf, clock, self._tell)
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._patient_until = 0.0
        self._refusal: AuthRejectedError | None = None
        self._told: set[str] = set()
        for secret in (connection.client_secret, connection.password, connection.token):
            remember_secret(secret.get_secret_value() if secret else None)
        self._given = given_token(connection)

    def __repr__(self) -> str:
        return f"Keeper(issuer={self._key.issuer!r}, client_id={self._key.client_id!r})"

    def token(self) -> str:
        """Return an access token that does not end at once.

        Raises:
            AuthRejectedError: The identity server refuses; it is not asked again by this keeper.
            ConfigurationError: There is no such server, or the store cannot be used.
            TransientError: The identity server cannot be reached now.
            WarehouseError: The tokens cannot be stored.

        """
        if self._given:
            self._tell(self._outlook_of_given)
            return self._given
        return self._valid(None).access_token

    def renew(self, refused: str) -> str:
        """Return another token than ``refused``, which the API answered with 401; raises as `token` does."""
        if self._given:
            expiry = expiry_of(self._given)
            ended = f" It ended at {shown(expiry.timestamp())}." if expiry else ""
            message = f"The API does not accept the token in EXEPRON_TOKEN.{ended}"
            raise AuthRejectedError(message, hint="Get another one, or set other credentials.")
        return self._valid(refused).access_token

    def not_granted(self) -> tuple[str, ...]:
        """Return the scopes that were asked for and that the present token does not have."""
        return missing_scopes(self._connection.scope, self._tokens) if self._tokens else ()

    def adopt(self, tokens: Tokens) -> None:
        """Keep tokens that a person's sign-in gave, so that every later run refreshes from them.

        When this returns, they survive a power cut. What was stored before is replaced.

        Raises:
            ConfigurationError: The store cannot be used.
            NetworkError: Another process has been signing in for too long.
            WarehouseError: The tokens cannot be stored.

        """
        with self._lock, self._shelf.taken():
            self._refusal = None
            self._tokens = self._renewal.keep(tokens)

    def forget(self) -> Tokens | None:
        """Drop the stored session and give back its tokens, to be revoked; None when there were none.

        A refusal is forgotten too: the next run asks the identity server. Raises as `adopt` does.
        """
        with self._lock, self._shelf.taken() as (session, _):
            self._shelf.drop()
            self._renewal.forget()
            self._tokens = self._refusal = None
            return session.tokens

    def describe(self) -> SignIn:
        """Tell who is signed in, without asking the server; from the store when no token was asked for yet.

        Raises:
            ConfigurationError: The store cannot be used.
            WarehouseError: The folder cannot be read.

        """
        if self._given:
            return signin.describe(self._connection, Session(), self._clock())
        session = Session(self._tokens) if self._tokens else self._shelf.peek()
        return signin.describe(self._connection, session, self._clock(), self._shelf.place())

    def check_store(self) -> str:
        """See that tokens can be kept here and now, by this process; gives the place in words.

        Raises:
            ConfigurationError: There is no keyring, or others can read what is stored.
            WarehouseError: The folder cannot be written to, or locks have no effect there.

        """
        if self._given:
            return "not needed: the token in EXEPRON_TOKEN is used as it is"
        return f"{self._shelf.check()}. {self._shelf.elsewhere()}".rstrip(". ")

    def _valid(self, refused: str | None) -> Tokens:
        with self._lock:
            tokens = self._tokens
            if tokens is None or not self._serves(tokens, refused):
                if self._refusal:
                    raise copy.copy(self._refusal)
                tokens = self._tokens = self._stored_or_new(refused)
                self._tell_of(tokens)
            return tokens

    def _serves(self, tokens: Tokens, refused: str | None) -> bool:
        now = self._clock()
        is_good = tokens.is_fresh(now) or (now < self._patient_until and tokens.is_alive(now))
        return is_good and tokens.access_token != refused

    def _stored_or_new(self, refused: str | None) -> Tokens:
        """Take what is stored, now or after another process has renewed it, else renew it."""
        self._tell(self._shelf.elsewhere())
        found = self._usable(self._shelf.peek(), refused)
        if found:
            return found
        with self._shelf.taken() as (session, since):
            return self._usable(session, refused) or self._renewed(session, since, refused)

    def _usable(self, session: Session, refused: str | None) -> Tokens | None:
        tokens = session.tokens
        if tokens and self._serves(tokens, refused) and self._renewal.is_ours(tokens):
            return tokens
        return None

    def _renewed(self, session: Session, since: float, refused: str | None) -> Tokens:
        try:
            return self._renewal.next_tokens(session, since)
        except AuthRejectedError as error:
            self._refusal = error
            raise
        except TransientError as error:
            # A token is renewed before it ends: until then, a server that is down stops nobody.
            self._patient_until = self._clock() + PATIENCE
            tokens = self._usable(session, refused)
            if tokens is None:
                raise
            self._tell(f"The token could not be renewed yet; the present one still holds. {error.message}")
            return tokens

    @cached_property
    def _outlook_of_given(self) -> str:
        return self.describe().outlook

    def _opened_client(self) -> TokenClient:
        if self._client is None:
            self._client = open_client(self._connection, self._transport, self._state_dir, self._clock)
        return self._client

    def _tell_of(self, tokens: Tokens) -> None:
        self._tell(signin.outlook(self._connection, tokens))
        missing = " ".join(missing_scopes(self._connection.scope, tokens))
        if missing:
            self._tell(f"The identity server did not grant the whole scope: {missing} is missing.")

    def _tell(self, text: str) -> None:
        """Tell an operator, each thing once."""
        if text and text not in self._told:
            self._told.add(text)
            self._listen(Notice(None, text))
