"""The token endpoint: sends authlib's forms over our own transport, and reads the answers.

Here: the exchange. Not here: what is asked for (``client.py``). authlib's own sessions need an HTTP library of
their own; ``OAuth2Client`` takes any object with ``post``.
"""

import base64
import json
import math
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.auth import ClientAuth

from exepron_pipeline.auth.skew import skew_of
from exepron_pipeline.errors import TransientError
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.redact import remember_secret
from exepron_pipeline.http.retry import FEW_ATTEMPTS, call_with_retries
from exepron_pipeline.http.transport import Response, Transport

_OAUTH_ERRORS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_LIFETIMES = ("expires_in", "refresh_expires_in", "refresh_token_expires_in")
_SECRET_TEXTS = ("access_token", "refresh_token", "id_token", "device_code")
_TEXTS = (
    *_SECRET_TEXTS, "scope", "token_type", "error", "error_description",
    "user_code", "verification_uri", "verification_uri_complete",
)  # fmt: skip
_SECONDS = (*_LIFETIMES, "interval")


def encode_basic(
    client: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Form-encode id and secret first (RFC 6749, 2.3.1), which authlib's own does not."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    token = base64.b64encode(pair.encode()).decode()
    remember_secret(token)
    return uri, {**headers, "Authorization": f"Basic {token}"}, body


class OAuthError(Exception):
    """What authlib raises for us. Its own class refuses descriptions beyond ASCII with another error."""

    def __init__(self, error: str = "", description: str | None = None) -> None:
        super().__init__(error)
        self.code, self.description = error, description or ""


class Endpoint:
    """The session that authlib asks: sends a form, gives back a JSON object or an OAuth error.

    Args:
        transport: Sends the requests.
        clock: Seconds since 1970.

    """

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.time) -> None:
        self._transport, self._clock = transport, clock
        self.skew = 0.0
        """Seconds by which the server's clock was ahead of ours in its last answer."""
        self.unanswered = 0
        """Attempts of the last request that got no usable answer: the server may have acted on them."""

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> "Answer":
        """Send one form; what passes is tried again. authlib calls it."""
        self.unanswered = 0
        address, sent, form = auth.prepare("POST", url, dict(headers), urlencode(data))
        return Answer(call_with_retries(lambda: self._post(address, form, sent), attempts=FEW_ATTEMPTS))

    def _post(self, url: str, form: str, headers: Mapping[str, str]) -> Response:
        try:
            return self._checked(url, form, headers)
        except TransientError:
            self.unanswered += 1
            raise

    def _checked(self, url: str, form: str, headers: Mapping[str, str]) -> Response:
        asked_at = self._clock()
        response = self._transport.post_form(url, form, headers)
        self.skew = skew_of(response.headers, asked_at, self._clock())
        if not (response.status in _OAUTH_ERRORS and _members(response).get("error")):
            raise_for_status(response, f"POST {url}")
            if response.body.strip():  # a revocation is answered by nothing, of any media type
                raise_for_html(response, f"POST {url}")
        return response


class Answer:
    """The part of a response that authlib reads."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self.status_code = response.status

    def json(self) -> dict[str, Any]:
        """The members that we know, of the types that they should have; secrets are remembered first."""
        found = _members(self._response)
        for name in _SECRET_TEXTS:
            remember_secret(str(found.get(name) or ""))
        texts = {name: found[name] for name in _TEXTS if isinstance(found.get(name), str)}
        numbers = {name: seconds for name in _SECONDS if (seconds := _seconds(found.get(name)))}
        return texts | numbers

    def checked(self) -> dict[str, Any]:
        """The same; for answers that authlib does not look into.

        Raises:
            OAuthError: The answer is one.

        """
        members = self.json()
        if "error" in members:
            raise OAuthError(members["error"], members.get("error_description"))
        return members


def _members(response: Response) -> dict[str, Any]:
    try:
        document = json.loads(response.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(value: object) -> float | None:
    """A positive lifetime; servers send it as a number or, against RFC 6749, as text."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
