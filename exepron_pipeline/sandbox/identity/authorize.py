"""The authorization code grant with PKCE, for a user at a browser.

Here belong the rules of its two requests. Not here: the pages between them (``sign_in.py``), the codes
(``codes.py``).

Sources: RFC 6749, 4.1; RFC 7636; RFC 9700, 2.1.1; OpenID Connect Core 1.0, 3.1.
"""

from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError
from authlib.oidc.core.grants.util import is_openid_scope, validate_request_prompt

from exepron_pipeline.sandbox.identity.clients import Client
from exepron_pipeline.sandbox.identity.codes import Code
from exepron_pipeline.sandbox.identity.grants import Issuing
from exepron_pipeline.sandbox.identity.session import Session

CODE_CHALLENGE_METHODS = ["S256"]


class AuthorizationCodeGrant(Issuing, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # authlib ships no types
    """RFC 6749, 4.1. A second use of a code ends the tokens of the first (4.1.2)."""

    @classmethod
    def check_authorization_endpoint(cls, request: OAuth2Request) -> bool:
        """True for ``code``, and for none at all: what is wrong then is said to the client."""
        return request.payload.response_type in {"code", None}

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Keep a code with what the request and the user said."""
        asked = request.payload.data
        session = Session(
            request.client.client_id,
            request.user,
            request.scope,
            self.server.now(),
            asked.get("nonce"),
            present=True,
        )
        self.server.codes.keep(
            code,
            session,
            request.payload.redirect_uri,
            asked.get("code_challenge"),
            asked.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """The code when it is good now; whatever comes of the request, it is used with it."""
        found: Code | None = self.server.codes.find(code, client.client_id)
        if found is None or self.server.codes.is_over(found):
            return None
        if found.used:
            self.server.issuer.end(found.session)
            return None
        found.used = True
        return found

    def delete_authorization_code(self, _authorization_code: Code) -> None:
        """Nothing: a used code is kept, to be known again."""

    def authenticate_user(self, authorization_code: Code) -> int:
        """The user's id."""
        return authorization_code.session.user_id

    def session(self) -> Session:
        """The one that began with the consent."""
        return self.request.authorization_code.session  # type: ignore[no-any-return]  # authlib ships no types


class RequestRules(CodeChallenge):  # type: ignore[misc]  # authlib ships no types
    """What an authorization request must and must not hold, beyond authlib's own rules.

    PKCE is asked of public clients, and its method is ``S256`` in words: the default would be ``plain``.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = CODE_CHALLENGE_METHODS
    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012 -- authlib's own form

    def __call__(self, grant: Any) -> None:
        """Take part in the steps of this grant."""
        super().__call__(grant)
        if is_openid_scope(grant.request.payload.scope):
            grant.register_hook("after_validate_consent_request", validate_request_prompt)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse what cannot be obeyed.

        Raises:
            OAuth2Error: the client learns it at its redirect URI.
        """
        asked = grant.request.payload.data
        if "response_type" not in asked:
            raise InvalidRequestError("Missing 'response_type' in request.")
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("Unsupported 'response_mode' in request.")
        if "request" in asked:
            raise RequestNotSupportedError
        if "request_uri" in asked:
            raise RequestURINotSupportedError
        if grant.client.secret is None and "code_challenge" not in asked:
            raise InvalidRequestError("Missing 'code_challenge': public clients must use PKCE.")
        if "code_challenge" in asked and "code_challenge_method" not in asked:
            raise InvalidRequestError("Missing 'code_challenge_method': it must be S256.")
        super().validate_code_challenge(grant, redirect_uri)
