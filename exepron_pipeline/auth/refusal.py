"""Refusals: each OAuth error code in words, with its cure. Not here: asking (``client.py``).

The codes are those of RFC 6749 (4.1.2.1 and 5.2), RFC 8628 (3.5), RFC 7009 (2.2.1) and OpenID Connect Core (3.1.2.6).
"""

from typing import Literal

from exepron_pipeline.auth.token import GrantName
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.http.redact import redact

Attempt = GrantName | Literal["revocation"]

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
_AGAIN = "Run `exepron login` again."
_CONSENT = "Run `exepron login` again and consent there, or ask who may consent for you."
_SCOPE = (
    "does not grant the scope that was asked for",
    "Set EXEPRON_SCOPE to what the client is allowed; where it may have no refresh token: `exepron login --online`.",
)
_OTHERS = "{others}"
_OF_PEOPLE = {"authorization_code", "device_code"}
_WORDS: dict[tuple[str, Attempt | None], tuple[str, str]] = {
    ("invalid_client", None): _SECRET,
    ("invalid_grant", "password"): (
        "does not accept the user name and password",
        _NOT_AGAIN,
    ),
    ("invalid_grant", "refresh_token"): (
        "does not accept the stored refresh token any more",
        f"To sign in again, {_LOGIN}.",
    ),
    ("invalid_grant", "authorization_code"): (
        "does not accept the code that the browser brought: it has expired, was used before, or is not ours",
        f"Codes live for minutes only. {_AGAIN}",
    ),
    ("invalid_grant", "device_code"): ("does not accept the device code any more", _AGAIN),
    ("expired_token", "device_code"): ("waited too long for the code to be typed in", _AGAIN),
    ("access_denied", "authorization_code"): (
        "was not given the consent of the person in the browser",
        _CONSENT,
    ),
    ("access_denied", "device_code"): ("was not given the consent of the person", _CONSENT),
    ("unauthorized_client", None): ("does not allow this client the grant {grant}", _OTHERS),
    ("unsupported_grant_type", None): ("does not offer the grant {grant}", _OTHERS),
    ("unsupported_response_type", None): ("does not offer the grant {grant}", _OTHERS),
    ("invalid_scope", None): _SCOPE,
    ("server_error", None): ("met an error of its own", "Try again later."),
    ("temporarily_unavailable", None): ("is too busy now", "Try again later."),
    ("unsupported_token_type", "revocation"): ("does not revoke tokens of this kind", ""),
}


class GrantRefusedError(AuthRejectedError):
    """The identity server refuses a grant.

    Args:
        message: What was refused, by whom.
        code: The OAuth error code.
        hint: What the reader can do about it.

    """

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


def refusal(
    issuer: str, attempt: Attempt, code: str, description: str, others: str = ""
) -> GrantRefusedError:
    """Put an OAuth error into words.

    Args:
        issuer: Who refuses.
        attempt: What was tried.
        code: The member ``error`` of the answer.
        description: The server's own words; redacted and shortened here.
        others: What else is worth trying, for refusals that only another grant cures.

    """
    found = _WORDS.get((code, attempt)) or _WORDS.get((code, None))
    words, hint = found or (f"refuses the {_named(attempt)}", _AGAIN if attempt in _OF_PEOPLE else "")
    said = " ".join(redact(f"{code}: {description}" if description else code).split())[:_LONGEST]
    message = f"The identity server {issuer} {words.format(grant=attempt)} ({printable(said)})."
    return GrantRefusedError(message, code=code, hint=hint.format(others=others))


def nobody_signed_in(issuer: str) -> AuthRejectedError:
    """The error when there is nothing to sign in with."""
    return AuthRejectedError(f"Nobody is signed in at {issuer}.", hint=f"To sign in, {_LOGIN}.")


def _named(attempt: Attempt) -> str:
    return attempt if attempt == "revocation" else f"grant {attempt}"


def printable(text: str) -> str:
    """Return a server's text without what a terminal would obey."""
    return "".join(character for character in text if character.isprintable())
