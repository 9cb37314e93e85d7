"""The question that a browser takes to the identity server (RFC 6749, 4.1.1; RFC 7636; OpenID Connect Core, 3.1.2.1).

Not here: the answer (``answer.py``).
"""

import secrets
from dataclasses import dataclass, field

from authlib.oauth2.client import OAuth2Client

from exepron_pipeline.auth.client import OFFLINE, TokenClient
from exepron_pipeline.auth.offer import has_browser_grant, worth_trying
from exepron_pipeline.auth.provider import Provider
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.redact import remember_secret

_LENGTH = 48  # random bytes; 64 characters, of the 43 to 128 that RFC 7636 allows


@dataclass(frozen=True)
class Question:
    """What was asked, to compare the answer with."""

    address: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


def make_question(client: TokenClient) -> Question:
    """Return a question that no other sign-in asks.

    Raises:
        ConfigurationError: The server says that it has no authorization code with PKCE S256.

    """
    provider, connection = client.provider, client.connection
    if not has_browser_grant(provider):
        hint = worth_trying(provider, connection, "authorization_code")
        raise ConfigurationError(f"{provider.issuer} {_reason(provider)}.", hint=hint)
    state, nonce, verifier = (secrets.token_urlsafe(_LENGTH) for _ in range(3))
    remember_secret(verifier)
    asks_consent = OFFLINE in client.scopes and (provider.prompts is None or "consent" in provider.prompts)
    address, _ = OAuth2Client(
        None, connection.client_id, code_challenge_method="S256"
    ).create_authorization_url(
        provider.authorization_endpoint,
        state=state,
        code_verifier=verifier,
        redirect_uri=connection.redirect_uri,
        scope=" ".join(client.scopes),
        nonce=nonce,
        login_hint=connection.username,
        # OpenID Connect Core, 11: without it a server may give no refresh token.
        prompt="consent" if asks_consent else None,
    )
    return Question(address, connection.redirect_uri, state, nonce, verifier)


def _reason(provider: Provider) -> str:
    if not provider.authorization_endpoint:
        return "names no authorization endpoint: nobody can sign in there by a browser"
    if provider.code_challenge_methods is not None and "S256" not in provider.code_challenge_methods:
        return "has no PKCE with S256, without which a code could be stolen on its way back"
    return "does not offer the authorization code grant; its older implicit grant puts tokens into addresses"
