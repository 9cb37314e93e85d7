"""The grants without a browser: password, client credentials, refresh token.

Here belongs how each finds its user, and what all grants have in common. Not here: those for people
(``authorize.py``, ``device.py``), the tokens (``issuing.py``).
"""

from typing import Any

from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError

from exepron_pipeline.sandbox.identity.clients import Client
from exepron_pipeline.sandbox.identity.refresh import RefreshToken
from exepron_pipeline.sandbox.identity.session import Session

CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]


class Issuing:
    """What all grants share; stands before authlib's class of a grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTHENTICATION
    GRANT_TYPE: str
    request: Any
    server: Any

    def authenticate_token_endpoint_client(self) -> Client:
        """The client that asks; known to every later step."""
        self.request.client = super().authenticate_token_endpoint_client()  # type: ignore[misc]  # of the class behind
        return self.request.client  # type: ignore[no-any-return]  # authlib ships no types

    def generate_token(self, scope: str | None = None, **_: object) -> dict[str, Any]:
        """The answer to a grant that is good, its tokens kept."""
        client, used = self.request.client, self.request.refresh_token
        return self.server.issuer.answer(self.GRANT_TYPE, client, self.session(), scope, used)  # type: ignore[no-any-return]  # authlib ships no types

    def session(self) -> Session:
        """A new one, of the user whom the request names."""
        server, client = self.server, self.request.client
        user_id = self.request.user or server.directory.service_user()
        return Session(client.client_id, user_id, self.request.payload.scope or "", server.now())


class PasswordGrant(Issuing, grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]  # authlib ships no types
    """RFC 6749, 4.3."""

    def authenticate_user(self, username: str, password: str) -> int:
        """The user's id."""
        user_id = self.server.directory.sign_in(username, password)
        if user_id is None:
            raise InvalidGrantError("invalid_username_or_password")
        return int(user_id)


class ClientCredentialsGrant(Issuing, grants.ClientCredentialsGrant):  # type: ignore[misc]  # authlib ships no types
    """RFC 6749, 4.4; for the service user of the first account."""


class RefreshTokenGrant(Issuing, grants.RefreshTokenGrant):  # type: ignore[misc]  # authlib ships no types
    """RFC 6749, 6, with rotation.

    A used token that comes again may have been stolen: the whole session ends, the newest refresh token and
    the access tokens included (RFC 9700, 4.14.2).
    """

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        """The token when this client may use it now."""
        token = self.server.refresh_tokens.find(refresh_token, self.request.client)
        if token is not None and token.used:
            self.server.issuer.end(token.session)
            return None
        return token  # type: ignore[no-any-return]  # authlib ships no types

    def authenticate_user(self, refresh_token: RefreshToken) -> int:
        """The user's id."""
        return refresh_token.session.user_id

    def revoke_old_credential(self, _refresh_token: RefreshToken) -> None:
        """Nothing: a token is used up when another one is kept in its place."""

    def session(self) -> Session:
        """The one whose token this is."""
        return self.request.refresh_token.session  # type: ignore[no-any-return]  # authlib ships no types
