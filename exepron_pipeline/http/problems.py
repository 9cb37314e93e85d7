"""Problems: an answer that is no success becomes one of our errors.

Here: what each status means. Not here: the words of a body (``wording.py``), whether to try again (the error's
type says it), and what a good body holds (``odata``).
"""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from exepron_pipeline.errors import (
    AuthRejectedError,
    EntitySetMissingError,
    ExepronError,
    NotPermittedError,
    PermanentError,
    RateLimitedError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.retry import retry_after_seconds
from exepron_pipeline.http.transport import Response
from exepron_pipeline.http.wording import body_text, said_in_json, said_in_markup

LONGEST_DETAIL = 500

_BELOW = "The service may have been moved, or EXEPRON_API_URL is not its address."
_LONG = "Ask for less: select fewer columns or shorten the filter in the catalogue."
_NO_JSON = "EXEPRON_GENERATION may name the wrong dialect: the service offers no JSON of that version here."
_HINTS = {
    401: "Check the credentials and that EXEPRON_SCOPE covers the API.",
    402: "Ask the vendor whether the account's plan covers the API.",
    403: "Ask the account's administrator for the permission, or use another user.",
    404: _BELOW,
    405: _BELOW,
    406: _NO_JSON,
    407: "Put user and password of the proxy into HTTPS_PROXY.",
    410: _BELOW,
    413: _LONG,
    414: _LONG,
    415: _NO_JSON,
    429: "Lower EXEPRON_RATE or EXEPRON_CONCURRENCY.",
    431: _LONG,
    511: "The network wants somebody to sign in, with a browser.",
}
_KINDS: dict[int, type[ExepronError]] = {
    401: AuthRejectedError,
    403: NotPermittedError,
    404: EntitySetMissingError,
    405: EntitySetMissingError,
    408: ServerUnavailableError,
    410: EntitySetMissingError,
    421: ServerUnavailableError,
    425: ServerUnavailableError,
    429: RateLimitedError,
    451: NotPermittedError,
    501: RequestRejectedError,
    505: RequestRejectedError,
    511: RequestRejectedError,
}
"""What each status means; of the others 4xx are refusals, and 5xx pass. docs/errors.md shows them all."""


def raise_for_status(response: Response, what: str) -> None:
    """Raise the error that the answer's status stands for; do nothing on 2xx.

    Args:
        response: The answer.
        what: The question as the reader knows it, such as ``GET Accounts/1/Users``; redacted here.

    Raises:
        AuthRejectedError: 401.
        NotPermittedError: 403 and 451.
        EntitySetMissingError: 404, 405 and 410.
        RateLimitedError: 429, with the seconds that the service asked us to wait.
        ServerUnavailableError: 408, 421, 425 and 5xx but 501, 505 and 511, with those seconds.
        RequestRejectedError: Any other 4xx or 5xx, with the service's own words.
        PermanentError: 1xx or 3xx; redirects are never followed.

    """
    if not HTTPStatus(200) <= response.status < HTTPStatus(300):
        raise _problem(response, what)


def raise_for_html(response: Response, what: str) -> None:
    """Raise `ResponseError` when a good answer is a page for people, such as a login page."""
    if response.media_type in {"text/html", "application/xhtml+xml"}:
        title = problem_text(response)
        hint = "Check the address: a login page or a proxy answers there."
        raise ResponseError(f"{redact(what)} was answered with a web page{_quoted(title)}.", hint=hint)


def _problem(response: Response, what: str) -> ExepronError:
    status, detail = response.status, problem_text(response)
    if status < HTTPStatus.BAD_REQUEST:
        return _redirect(response, what)
    message = f"{redact(what)} was answered with {_named(status)}{_quoted(detail, _named(status))}."
    hint = _HINTS.get(status, "")
    passes = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _KINDS.get(status, ServerUnavailableError if passes else RequestRejectedError)
    if issubclass(kind, ServerUnavailableError):
        wait = retry_after_seconds(response.headers, datetime.now(UTC))
        return kind(message, retry_after=wait, status=status, hint=hint)
    if issubclass(kind, RequestRejectedError):
        return kind(message, status=status, detail=detail, hint=hint)
    return kind(message, hint=hint)


def _redirect(response: Response, what: str) -> PermanentError:
    parts = urlsplit(response.headers.get("location", ""))
    place = redact(f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else parts.path)
    kind = "a login page" if re.search(r"(?i)log-?in|sign-?in|authorize", place) else "another address"
    message = (
        f"{redact(what)} was answered with {_named(response.status)}: it sends us to {kind}, {place or '?'}."
    )
    return PermanentError(message, hint=f"Redirects are not followed, as they could leak the token. {_BELOW}")


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _quoted(text: str, known: str = "") -> str:
    return f": {text.rstrip('.')}" if text and text not in known else ""


def problem_text(response: Response) -> str:
    """Return what a body of any kind says, in one redacted line of at most 500 characters."""
    text = body_text(response)
    found = said_in_json(text) if text[:1] in {"{", "[", '"'} else said_in_markup(text)
    line = " ".join((found or _from_challenge(response)).split())
    return redact(line)[:LONGEST_DETAIL]


def _from_challenge(response: Response) -> str:
    """The words of ``WWW-Authenticate`` (RFC 6750, 3): often all that a 401 says."""
    challenge = response.headers.get("www-authenticate", "")
    match = re.search(r'error_description="([^"]*)"', challenge) or re.search(r'error="([^"]*)"', challenge)
    return match[1] if match else ""
