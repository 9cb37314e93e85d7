"""Problems: an answer that is no success becomes one of our errors.

Here: what each status means, and one message out of bodies of every kind. Not here: whether to try again
(the error's type says it) and what a good body holds (``odata``). The kinds of bodies were measured on real
servers: OData V2 to V4, ASP.NET ``Message``, ProblemDetails, plain text, HTML, XML.
"""

import html
import json
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

LONGEST_DETAIL = 500

_BELOW = "The service may have been moved, or EXEPRON_API_URL is not its address."
_HINTS = {
    401: "Check the credentials and that EXEPRON_SCOPE covers the API.",
    403: "Ask the account's administrator for the permission, or use another user.",
    404: _BELOW,
    405: _BELOW,
    407: "Put user and password of the proxy into HTTPS_PROXY.",
    429: "Lower EXEPRON_RATE or EXEPRON_CONCURRENCY.",
}
_PERMANENT: dict[int, type[PermanentError]] = {
    401: AuthRejectedError,
    403: NotPermittedError,
    404: EntitySetMissingError,
    405: EntitySetMissingError,
}
_PASSING = {408, 425, *range(500, 600)} - {501, 505}


def raise_for_status(response: Response, what: str) -> None:
    """Raise the error that the answer's status stands for; do nothing on 2xx.

    Args:
        response: The answer.
        what: The question as the reader knows it, such as ``GET Accounts/1/Users``; redacted here.

    Raises:
        AuthRejectedError: 401.
        NotPermittedError: 403.
        EntitySetMissingError: 404 and 405.
        RateLimitedError: 429, with the seconds that the service asked us to wait.
        ServerUnavailableError: 408, 425 and 5xx but 501 and 505, with those seconds.
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
    message = f"{redact(what)} was answered with {_named(status)}{_quoted(detail, _named(status))}."
    hint = _HINTS.get(status, "")
    if status in _PERMANENT:
        return _PERMANENT[status](message, hint=hint)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status in _PASSING:
        kind = RateLimitedError if status == HTTPStatus.TOO_MANY_REQUESTS else ServerUnavailableError
        return kind(message, retry_after=retry_after_seconds(response.headers, datetime.now(UTC)), hint=hint)
    if status < HTTPStatus.BAD_REQUEST:
        return _redirect(response, what)
    return RequestRejectedError(message, status=status, detail=detail, hint=hint)


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
    text = response.body[:100_000].decode("utf-8", errors="replace").strip().lstrip("\ufeff")
    found = _from_json(text) if text[:1] in {"{", "[", '"'} else _from_markup(text)
    line = " ".join((found or _from_challenge(response)).split())
    return redact(line)[:LONGEST_DETAIL]


def _from_json(text: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return text
    return _said(document) or text


def _said(document: object) -> str:
    """The message of an error document: a text, or an object with one of the known members."""
    if isinstance(document, str):
        return document
    if not isinstance(document, dict):
        return ""
    members = {str(name).lower(): value for name, value in document.items()}
    title, detail = members.get("title"), members.get("detail")
    if isinstance(title, str) and title:
        return f"{title}: {detail}" if isinstance(detail, str) and detail else title
    if isinstance(members.get("error_description"), str):
        return f"{members.get('error', 'error')}: {members['error_description']}"
    nested = ("odata.error", "error", "message", "value", "detail")
    return next((said for name in nested if (said := _said(members.get(name)))), "")


def _from_markup(text: str) -> str:
    if not text.startswith("<"):
        return text
    found = _element(text, "title") or _element(text, r"(?:\w+:)?message") or _element(text, "h1")
    return html.unescape(found or re.sub(r"<[^>]*>", " ", text))


def _element(text: str, name: str) -> str | None:
    match = re.search(rf"(?is)<{name}\b[^>]*>(.*?)</{name}>", text)
    return re.sub(r"<[^>]*>", " ", match[1]) if match else None


def _from_challenge(response: Response) -> str:
    """The words of ``WWW-Authenticate`` (RFC 6750, 3): often all that a 401 says."""
    challenge = response.headers.get("www-authenticate", "")
    match = re.search(r'error_description="([^"]*)"', challenge) or re.search(r'error="([^"]*)"', challenge)
    return match[1] if match else ""
