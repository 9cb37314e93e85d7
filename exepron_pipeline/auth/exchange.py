"""The exchange: one question to an endpoint of the identity server, as the client that we are.

Here: how the client proves who it is, and answers that become tokens or errors in words. Not here: what is asked
(``client.py``), the wire (``endpoint.py``), the words (``refusal.py``).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.client import OAuth2Client

from exepron_pipeline.auth.endpoint import Endpoint, OAuthError, encode_basic
from exepron_pipeline.auth.offer import worth_trying
from exepron_pipeline.auth.provider import HINT, Provider
from exepron_pipeline.auth.refusal import Attempt, GrantRefusedError, refusal
from exepron_pipeline.auth.token import GrantName, Tokens
from exepron_pipeline.errors import (
    AuthRejectedError,
    ConfigurationError,
    EntitySetMissingError,
    PermanentError,
)
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"

Ask = Callable[[OAuth2Client, Provider], Mapping[str, Any]]


@dataclass(frozen=True)
class Granted:
    """What a token endpoint gave; ``id_token`` is unverified (``login/id_token.py``)."""

    tokens: Tokens
    id_token: str | None = field(default=None, repr=False)


class Exchange:
    """Asks one identity server as one client.

    Args:
        provider: What discovery found.
        connection: Client id and secret.
        transport: Sends the requests.
        clock: Seconds since 1970.
        rediscover: Asked once when an endpoint is gone.

    """

    def __init__(
        self,
        provider: Provider,
        connection: Connection,
        transport: Transport,
        clock: Callable[[], float] = time.time,
        rediscover: Callable[[], Provider] | None = None,
    ) -> None:
        self._transport = transport
        self._use(provider)
        self._connection, self._clock, self._rediscover = connection, clock, rediscover
        self._endpoint = Endpoint(transport, clock)
        self._method = _method(provider, connection)

    @property
    def unanswered(self) -> int:
        """Attempts of the last request that got no usable answer: the server may have acted on them."""
        return self._endpoint.unanswered

    def tokens(self, grant: GrantName, ask: Ask) -> Granted:
        """Ask the token endpoint.

        Args:
            grant: What is tried, for the words of a refusal.
            ask: Sends the question by authlib.

        Raises:
            GrantRefusedError: The server refuses; the code says why.
            AuthRejectedError: Something else than an OAuth answer came.
            TransientError: The server cannot be reached now.

        """
        asked_at = self._clock()
        answer = self.answer(grant, ask)
        if not answer.get("access_token") or answer.get("token_type", "bearer").lower() != "bearer":
            message = f"{self.provider.token_endpoint} answered without a bearer token."
            raise AuthRejectedError(message, hint=HINT)
        tokens = Tokens(
            access_token=answer["access_token"],
            grant=grant,
            obtained_at=asked_at,
            expires_in=answer.get("expires_in"),
            refresh_token=answer.get("refresh_token"),
            scope=answer.get("scope"),
            refresh_expires_in=answer.get("refresh_expires_in") or answer.get("refresh_token_expires_in"),
            skew=self._endpoint.skew,
        )
        return Granted(tokens, answer.get("id_token"))

    def answer(self, attempt: Attempt, ask: Ask) -> Mapping[str, Any]:
        """Ask any endpoint that takes forms; arguments and errors as with `tokens`."""
        try:
            return self._asked(attempt, ask)
        except GrantRefusedError as error:
            # A server that lists no method may take the secret in the form only, as the vendor's samples send it.
            if error.code != "invalid_client" or self._method != BASIC or self.provider.auth_methods:
                raise
        self._method = POST
        return self._asked(attempt, ask)

    def _asked(self, attempt: Attempt, ask: Ask) -> Mapping[str, Any]:
        try:
            return self._asked_where_it_is(ask)
        except OAuthError as error:
            others = worth_trying(self.provider, self._connection, attempt)
            raise refusal(self.provider.issuer, attempt, error.code, error.description, others) from None
        except PermanentError as error:
            message = f"The identity server gave no answer that can be used: {error.message}"
            raise AuthRejectedError(message, hint=HINT) from None

    def _asked_where_it_is(self, ask: Ask) -> Mapping[str, Any]:
        """An endpoint that is gone may be elsewhere now: the remembered discovery document is asked for anew."""
        try:
            return ask(self._oauth(), self.provider)
        except EntitySetMissingError:
            found = self._rediscover() if self._rediscover else self.provider
            if found == self.provider:
                raise
        self._use(found)
        return ask(self._oauth(), self.provider)

    def _use(self, provider: Provider) -> None:
        """Nothing is posted anywhere but to these endpoints."""
        self.provider = provider
        named = (
            provider.token_endpoint,
            provider.device_authorization_endpoint,
            provider.revocation_endpoint,
        )
        self._transport.allow_posts([each for each in named if each], provider.issuer)

    def _oauth(self) -> OAuth2Client:
        secret = self._connection.client_secret
        client = OAuth2Client(
            self._endpoint,
            client_id=self._connection.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=self._method,
            revocation_endpoint_auth_method=self._method,
            code_challenge_method="S256",
        )
        client.oauth_error_class = OAuthError
        client.register_client_auth_method((BASIC, encode_basic))
        return client


def _method(provider: Provider, connection: Connection) -> str:
    if not connection.client_secret:
        return NONE
    found = [method for method in (BASIC, POST) if method in (provider.auth_methods or (BASIC,))]
    if not found:
        offered = ", ".join(provider.auth_methods)
        hint = "Register a client that signs in with a secret, or without any."
        raise ConfigurationError(f"{provider.issuer} takes no client secret, only {offered}.", hint=hint)
    return found[0]
