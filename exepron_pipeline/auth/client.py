"""The client of the token endpoint: one method for each grant.

Here: what is sent for a grant, and how the client proves who it is. Not here: the exchange itself
(``endpoint.py``), which grant is tried when (``keeper.py``), the words of refusals (``refusal.py``).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2.client import OAuth2Client

from exepron_pipeline.auth.discovery import Provider
from exepron_pipeline.auth.endpoint import Endpoint, OAuthError, encode_basic
from exepron_pipeline.auth.refusal import GrantRefusedError, refusal
from exepron_pipeline.auth.token import GrantName, Tokens
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError, PermanentError
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
OFFLINE = "offline_access"

_OF_USERS = {"openid", "profile", "email", "address", "phone", OFFLINE}  # OpenID Connect Core, 5.4 and 11


class TokenClient:
    """Asks one identity server for tokens.

    Args:
        provider: What discovery found.
        connection: Client id, secret, user, password, scope.
        transport: Sends the requests.
        clock: Seconds since 1970.

    """

    def __init__(
        self,
        provider: Provider,
        connection: Connection,
        transport: Transport,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider, self._connection, self._clock = provider, connection, clock
        self._endpoint = Endpoint(transport)
        self._method = _method(provider, connection)
        self._asks_offline = OFFLINE in provider.scopes

    def password(self) -> Tokens:
        """Sign in with user name and password.

        A refresh token is asked for where discovery offers ``offline_access``, so that the password is sent
        once and not in each run; a client that may not have it is signed in without.

        Raises:
            GrantRefusedError: The server refuses; the code says why.
            AuthRejectedError: Something else than an OAuth answer came.
            TransientError: The server cannot be reached now.

        """
        scopes = self._connection.scope.split()
        asks_more = self._asks_offline and OFFLINE not in scopes
        try:
            return self._sign_in([*scopes, OFFLINE] if asks_more else scopes)
        except GrantRefusedError as error:
            if not asks_more or error.code != "invalid_scope":
                raise
        self._asks_offline = False
        return self._sign_in(scopes)

    def _sign_in(self, scopes: list[str]) -> Tokens:
        user, password = self._connection.username, _plain(self._connection, "password")
        return self._fetch("password", username=user, password=password, scope=" ".join(scopes))

    def client_credentials(self) -> Tokens:
        """Sign in as the client itself; raises as `password` does.

        Scopes that tell of a user are left out: there is none, and IdentityServer refuses to be asked.
        """
        scopes = [scope for scope in self._connection.scope.split() if scope not in _OF_USERS]
        return self._fetch("client_credentials", scope=" ".join(scopes))

    def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token; raises as `password` does.

        The answer's refresh token is the one to use from now on, whether it is new or the same.
        """
        # Without a scope the server grants what it granted before, which may be less than was asked.
        return self._tokens(
            "refresh_token",
            lambda client: client.refresh_token(self._provider.token_endpoint, refresh_token=refresh_token),
        )

    def _fetch(self, grant: GrantName, **fields: str | None) -> Tokens:
        endpoint = self._provider.token_endpoint
        return self._tokens(grant, lambda client: client.fetch_token(endpoint, grant_type=grant, **fields))

    def _tokens(self, grant: GrantName, ask: Callable[[OAuth2Client], Mapping[str, Any]]) -> Tokens:
        try:
            return self._answer(grant, ask)
        except GrantRefusedError as error:
            # A server that lists no method may take the secret in the form only, as the vendor's samples send it.
            if error.code != "invalid_client" or self._method != BASIC or self._provider.auth_methods:
                raise
        self._method = POST
        return self._answer(grant, ask)

    def _answer(self, grant: GrantName, ask: Callable[[OAuth2Client], Mapping[str, Any]]) -> Tokens:
        asked_at = self._clock()
        try:
            answer = ask(self._oauth())
        except OAuthError as error:
            raise refusal(self._provider.issuer, grant, error.code, error.description) from None
        except PermanentError as error:
            message = f"The identity server gave no token: {error.message}"
            raise AuthRejectedError(message, hint="Check EXEPRON_IDENTITY_URL.") from None
        if not answer.get("access_token") or answer.get("token_type", "bearer").lower() != "bearer":
            message = f"{self._provider.token_endpoint} answered without a bearer token."
            raise AuthRejectedError(message, hint="Check EXEPRON_IDENTITY_URL.")
        return Tokens(
            access_token=answer["access_token"],
            grant=grant,
            obtained_at=asked_at,
            expires_in=answer.get("expires_in"),
            refresh_token=answer.get("refresh_token"),
            scope=answer.get("scope"),
        )

    def _oauth(self) -> OAuth2Client:
        client = OAuth2Client(
            self._endpoint,
            client_id=self._connection.client_id,
            client_secret=_plain(self._connection, "client_secret"),
            token_endpoint_auth_method=self._method,
        )
        client.oauth_error_class = OAuthError
        client.register_client_auth_method((BASIC, encode_basic))
        return client


def _plain(connection: Connection, name: str) -> str | None:
    secret = getattr(connection, name)
    return secret.get_secret_value() if secret else None


def _method(provider: Provider, connection: Connection) -> str:
    if not connection.client_secret:
        return NONE
    found = [method for method in (BASIC, POST) if method in (provider.auth_methods or (BASIC,))]
    if not found:
        offered = ", ".join(provider.auth_methods)
        hint = "Register a client that signs in with a secret, or without any."
        raise ConfigurationError(f"{provider.issuer} takes no client secret, only {offered}.", hint=hint)
    return found[0]
