"""The client of the identity server: one method for each thing that it can be asked.

Here: what is sent for a grant. Not here: the exchange itself (``exchange.py``), which grant is tried when
(``keeper.py``), the people in front of a browser (``login/``).
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from authlib.oauth2.client import DEFAULT_HEADERS, OAuth2Client

from exepron_pipeline.auth.device_code import DeviceCode, read_device_code
from exepron_pipeline.auth.discovery import Discovery
from exepron_pipeline.auth.exchange import Exchange, Granted
from exepron_pipeline.auth.offer import DEVICE_GRANT
from exepron_pipeline.auth.provider import Provider
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.auth.token import OF_USERS, GrantName, Tokens
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

OFFLINE = "offline_access"

T = TypeVar("T")


class TokenClient:
    """Asks one identity server for tokens.

    Args:
        provider: What discovery found.
        connection: Client id, secret, user, password, scope.
        transport: Sends the requests.
        clock: Seconds since 1970.
        rediscover: Asked once when an endpoint is gone.
        offline: Ask for a refresh token, where the server offers one or the settings want it.

    """

    def __init__(
        self,
        provider: Provider,
        connection: Connection,
        transport: Transport,
        clock: Callable[[], float] = time.time,
        rediscover: Callable[[], Provider] | None = None,
        *,
        offline: bool = True,
    ) -> None:
        self.connection, self.transport, self.clock = connection, transport, clock
        self._exchange = Exchange(provider, connection, transport, clock, rediscover)
        self._own_scopes = connection.scope.split()
        self._asks_offline = offline and (OFFLINE in provider.scopes or OFFLINE in self._own_scopes)

    @property
    def provider(self) -> Provider:
        """The server, as it described itself last."""
        return self._exchange.provider

    @property
    def unanswered(self) -> int:
        """Attempts of the last request that got no usable answer: the server may have acted on them."""
        return self._exchange.unanswered

    @property
    def scopes(self) -> list[str]:
        """Those of the settings, and ``offline_access`` where it is offered."""
        plain = [scope for scope in self._own_scopes if scope != OFFLINE]
        return [*plain, OFFLINE] if self._asks_offline else plain

    def password(self) -> Tokens:
        """Sign in with user name and password.

        A refresh token is asked for where discovery offers ``offline_access``, so that the password is sent
        once and not in each run; a client that may not have it is signed in without.

        Raises:
            GrantRefusedError: The server refuses; the code says why.
            AuthRejectedError: Something else than an OAuth answer came.
            TransientError: The server cannot be reached now.

        """
        password = self.connection.password
        return self._with_scopes(
            lambda scope: self._fetch(
                "password",
                username=self.connection.username,
                password=password.get_secret_value() if password else None,
                scope=scope,
            )
        ).tokens

    def client_credentials(self) -> Tokens:
        """Sign in as the client itself; raises as `password` does.

        Scopes that tell of a user are left out: there is none, and IdentityServer refuses to be asked.
        """
        scopes = [scope for scope in self.connection.scope.split() if scope not in OF_USERS]
        return self._fetch("client_credentials", scope=" ".join(scopes)).tokens

    def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token; raises as `password` does.

        The answer's refresh token is the one to use from now on, whether it is new or the same.
        """

        # Without a scope the server grants what it granted before, which may be less than was asked.
        def ask(client: OAuth2Client, provider: Provider) -> Mapping[str, Any]:
            return client.refresh_token(provider.token_endpoint, refresh_token=refresh_token)  # type: ignore[no-any-return]  # authlib ships no types

        return self._exchange.tokens("refresh_token", ask).tokens

    def exchange_code(self, code: str, verifier: str, redirect_uri: str) -> Granted:
        """Redeem the code that a browser brought (RFC 6749, 4.1.3; RFC 7636, 4.5); raises as `password` does.

        Args:
            code: As the redirect carried it.
            verifier: Whose hash was sent with the question.
            redirect_uri: The same as in the question.

        """
        return self._fetch("authorization_code", code=code, code_verifier=verifier, redirect_uri=redirect_uri)

    def start_device(self) -> DeviceCode:
        """Ask for a code to type in on another device (RFC 8628, 3.1); raises as `password` does."""
        return self._with_scopes(self._device_code)

    def poll_device(self, device_code: str) -> Granted:
        """Ask whether the person has signed in; raises as `password` does.

        While one has to wait, that is a `GrantRefusedError` with the code ``authorization_pending`` or
        ``slow_down``.
        """
        return self._fetch("device_code", DEVICE_GRANT, device_code=device_code)

    def revoke(self, token: str, kind: Literal["access_token", "refresh_token"]) -> None:
        """Make a token worthless (RFC 7009); a token that is so already is no error.

        Raises:
            GrantRefusedError: The server refuses, such as with ``unsupported_token_type``.
            AuthRejectedError: Something else than an OAuth answer came.
            TransientError: The server cannot be reached now.

        """

        def ask(client: OAuth2Client, provider: Provider) -> Mapping[str, Any]:
            answer = client.revoke_token(provider.revocation_endpoint, token, token_type_hint=kind)
            return answer.checked()  # type: ignore[no-any-return]  # authlib ships no types

        self._exchange.answer("revocation", ask)

    def _with_scopes(self, ask: Callable[[str], T]) -> T:
        """Ask with ``offline_access`` where it is offered; a client that may not have it asks without."""
        try:
            return ask(" ".join(self.scopes))
        except GrantRefusedError as error:
            if error.code != "invalid_scope" or not self._asks_offline or OFFLINE in self._own_scopes:
                raise
        self._asks_offline = False
        return ask(" ".join(self.scopes))

    def _device_code(self, scope: str) -> DeviceCode:
        def ask(client: OAuth2Client, provider: Provider) -> Mapping[str, Any]:
            auth = client.client_auth(client.token_endpoint_auth_method)
            form = {"scope": scope}
            answer = client.session.post(provider.device_authorization_endpoint, form, DEFAULT_HEADERS, auth)
            return answer.checked()  # type: ignore[no-any-return]  # authlib ships no types

        return read_device_code(self._exchange.answer("device_code", ask))

    def _fetch(self, grant: GrantName, grant_type: str | None = None, **fields: str | None) -> Granted:
        def ask(client: OAuth2Client, provider: Provider) -> Mapping[str, Any]:
            return client.fetch_token(provider.token_endpoint, grant_type=grant_type or grant, **fields)  # type: ignore[no-any-return]  # authlib ships no types

        return self._exchange.tokens(grant, ask)


def open_client(
    connection: Connection,
    transport: Transport,
    state_dir: Path,
    clock: Callable[[], float] = time.time,
    *,
    anew: bool = False,
    offline: bool = True,
) -> TokenClient:
    """Return the client for a connection's identity server, by what is known of the server.

    Args:
        connection: The credentials.
        transport: Sends the requests.
        state_dir: What is known is kept below it.
        clock: Seconds since 1970.
        anew: Ask the server what it offers, even when that is known.
        offline: Ask for a refresh token, where there may be one.

    Raises:
        ConfigurationError: There is no such server.
        TransientError: It cannot be reached now.
        WarehouseError: The folder cannot be used.

    """
    discovery = Discovery(connection.identity_url, transport, state_dir, clock)
    provider = discovery.ask() if anew else discovery.provider()
    return TokenClient(provider, connection, transport, clock, discovery.ask, offline=offline)
