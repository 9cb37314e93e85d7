"""Refusals: each OAuth error code in words, with its cure (RFC 6749, 5.2). Not here: asking (``client.py``)."""

from exepron_pipeline.auth.token import GrantName
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.http.redact import redact

_LONGEST = 200

_SECRET = (
    "does not accept the client id and secret",
    "Check EXEPRON_CLIENT_ID and EXEPRON_CLIENT_SECRET; client secrets may expire.",
)
_NOT_AGAIN = (
    "Check EXEPRON_USERNAME and EXEPRON_PASSWORD. Where a second factor or single sign-on is used, a password "
    "alone never works: run `exepron login`. It was tried once only, so that the user is not locked out."
)
_LOGIN = "run `exepron login`, or set EXEPRON_USERNAME and EXEPRON_PASSWORD"
_WORDS: dict[tuple[str, GrantName | None], tuple[str, str]] = {
    ("invalid_client", None): _SECRET,
    ("invalid_grant", "password"): (
        "does not accept the user name and password",
        _NOT_AGAIN,
    ),
    ("invalid_grant", "refresh_token"): (
        "does not accept the stored refresh token any more",
        f"To sign in again, {_LOGIN}.",
    ),
    ("unauthorized_client", None): (
        "does not allow this client the grant {grant}",
        "Allow it on the server's page of API clients, or choose another EXEPRON_GRANT.",
    ),
    ("unsupported_grant_type", None): ("does not offer the grant {grant}", "Choose another EXEPRON_GRANT."),
    ("invalid_scope", None): (
        "does not grant the scope that was asked for",
        "Set EXEPRON_SCOPE to what the client is allowed.",
    ),
}


class GrantRefusedError(AuthRejectedError):
    """The token endpoint refuses a grant.

    Args:
        message: What was refused, by whom.
        code: The OAuth error code.
        hint: What the reader can do about it.

    """

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


def refusal(issuer: str, grant: GrantName, code: str, description: str) -> GrantRefusedError:
    """Put an OAuth error into words.

    Args:
        issuer: Who refuses.
        grant: What was tried.
        code: The member ``error`` of the answer.
        description: The server's own words; redacted and shortened here.

    """
    words, hint = _WORDS.get((code, grant)) or _WORDS.get((code, None)) or ("refuses the grant {grant}", "")
    said = " ".join(redact(f"{code}: {description}" if description else code).split())[:_LONGEST]
    message = f"The identity server {issuer} {words.format(grant=grant)} ({said})."
    return GrantRefusedError(message, code=code, hint=hint)


def nobody_signed_in(issuer: str) -> AuthRejectedError:
    """The error when there is nothing to sign in with."""
    return AuthRejectedError(f"Nobody is signed in at {issuer}.", hint=f"To sign in, {_LOGIN}.")
