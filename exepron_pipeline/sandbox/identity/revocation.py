"""The end of a token before its time, at its client's wish (RFC 7009).

Here belongs finding and ending it. Not here: what ends with it (``issuing.py``).
"""

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.errors import UnsupportedTokenTypeError
from authlib.oauth2.rfc7009 import RevocationEndpoint as _Endpoint

from exepron_pipeline.sandbox.identity.clients import Client
from exepron_pipeline.sandbox.identity.grants import CLIENT_AUTHENTICATION
from exepron_pipeline.sandbox.identity.refresh import RefreshToken


@dataclass(frozen=True)
class _AccessToken:
    number: str
    client_id: str

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client_id


class RevocationEndpoint(_Endpoint):  # type: ignore[misc]  # authlib ships no types
    """A refresh token ends with its whole session, an access token alone; an unknown one is no error (2.2)."""

    CLIENT_AUTH_METHODS = CLIENT_AUTHENTICATION

    def check_params(self, request: OAuth2Request, _client: Client) -> None:
        """Refuse a request without token, and a kind of token that does not exist."""
        try:
            super().check_params(request, _client)
        except UnsupportedTokenTypeError as error:
            error.status_code = 400  # as 2.2.1 has it; authlib says 401
            raise

    def query_token(
        self, token_string: str, _token_type_hint: str | None
    ) -> RefreshToken | _AccessToken | None:
        """The token while it is good; the kinds are told apart without a hint."""
        issuer = self.server.issuer
        found: RefreshToken | None = issuer.refresh_tokens.get(token_string)
        if found is not None:
            return found
        claims = issuer.tokens.claims(token_string)
        return _AccessToken(claims["jti"], claims["client_id"]) if claims else None

    def revoke_token(self, token: RefreshToken | _AccessToken, _request: OAuth2Request) -> None:
        """End it."""
        if isinstance(token, RefreshToken):
            self.server.issuer.end(token.session)
        else:
            self.server.issuer.tokens.end(token.number)
