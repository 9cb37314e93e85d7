"""Service: asks one API, with a token, within its rate, patiently.

Here: one question and its answer, whatever it takes. Not here: where a token comes from (a `TokenSource`
is handed in), what to ask (``query.py``), what the answer holds (``page.py``). The token goes to the API's own
origin and below its base path, and nowhere else.
"""

import re
import threading
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

from exepron_pipeline.errors import NotPermittedError, PermanentError, RateLimitedError, TransientError
from exepron_pipeline.events import Listener, nobody
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.retry import call_with_retries
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Response, Transport

_DEFAULT_PORTS = {"http": 80, "https": 443}


class TokenSource(Protocol):
    """Gives access tokens; safe to share between threads."""

    def token(self) -> str:
        """Return a token that is valid now."""

    def renew(self, refused: str) -> str:
        """Return another token than the one that the API refused.

        Raises:
            AuthRejectedError: There is no other.

        """

    def not_granted(self) -> tuple[str, ...]:
        """Return the scopes that were asked for and not granted: they may explain what is not permitted."""


class Service:
    """One API below one base address; safe to share between threads.

    Args:
        base_url: Such as ``https://api.exepron.com/api/v1``.
        transport: Sends the requests.
        tokens: Gives the access tokens.
        throttle: Shared by all parts of a run.
        listen: Is told of waits before new attempts.

    """

    def __init__(
        self,
        base_url: str,
        transport: Transport,
        tokens: TokenSource,
        throttle: Throttle,
        *,
        listen: Listener = nobody,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._transport, self._tokens, self._throttle, self._listen = transport, tokens, throttle, listen
        self._lock = threading.Lock()
        self._requests = 0
        self._refused_anew = ""

    @property
    def requests(self) -> int:
        """Requests sent so far, failed attempts included."""
        return self._requests

    def get(self, address: str) -> Response:
        """Return the good answer (2xx, no web page) to a GET.

        What passes is tried again; a refused token is renewed once. Where the new one is refused too, it is not
        renewed again for the next question: an API that refuses everything would cost a token each time.

        Args:
            address: Below the base (``Accounts/1/Users?$top=5``), an absolute path, or a whole address; the
                query is sent as it is written.

        Raises:
            PermanentError: The address is not below the base address; nothing was sent.
            AuthRejectedError: The renewed token was refused as well.
            NotPermittedError: 403; the message names the scopes that were not granted, if there are any.
            ExepronError: As `raise_for_status` tells.

        """
        target = resolve(self.base_url, address)
        what = f"GET {target.partition('?')[0].removeprefix(self.base_url).lstrip('/')}"
        try:
            response = self._accepted(target, what)
        except NotPermittedError as error:
            raise self._explained(error) from None
        raise_for_status(response, what)
        raise_for_html(response, what)
        return response

    def _accepted(self, target: str, what: str) -> Response:
        """Return a good answer, or the second 401."""
        response, token = self._ask(target, what)
        if response.status == HTTPStatus.UNAUTHORIZED and token != self._refused_anew:
            self._tokens.renew(token)
            response, token = self._ask(target, what)
        self._refused_anew = token if response.status == HTTPStatus.UNAUTHORIZED else ""
        return response

    def _explained(self, error: NotPermittedError) -> NotPermittedError:
        missing = " ".join(self._tokens.not_granted())
        if not missing:
            return error
        message = f"{error.message} The token was granted without the scope {missing}, which was asked for."
        return NotPermittedError(
            message, hint=f"Allow the client that scope at the identity server. {error.hint}"
        )

    def _ask(self, url: str, what: str) -> tuple[Response, str]:
        """Return a good answer or a 401, after as many attempts as it takes, and the token that it is for."""
        try:
            return call_with_retries(lambda: self._try(url, what), listen=self._listen)
        except _NoTokenError as error:
            raise error.cause from None

    def _try(self, url: str, what: str) -> tuple[Response, str]:
        with self._throttle:
            token = self._token()  # only now: while we waited, an earlier one may have ended
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            with self._lock:
                self._requests += 1
            response = self._transport.get(url, headers)
        try:
            if response.status != HTTPStatus.UNAUTHORIZED:
                raise_for_status(response, what)
        except RateLimitedError as error:
            self._throttle.hold(error.retry_after or 0.0)
            raise
        return response, token

    def _token(self) -> str:
        try:
            return self._tokens.token()
        except TransientError as error:
            raise _NoTokenError(error) from None


class _NoTokenError(Exception):
    """The source of tokens has tried again itself: what it says is not tried once more here."""

    def __init__(self, cause: TransientError) -> None:
        super().__init__()
        self.cause = cause


def resolve(base_url: str, address: str) -> str:
    """Return the whole address of ``address``, which must be at or below ``base_url``.

    Only path and query of an absolute address are taken, once its origin is seen to be the base's own:
    whatever two parsers may think of an address, the token goes to the configured host.

    Raises:
        PermanentError: Another origin, a user in front of the host, a path outside of the base or with dots.

    """
    base = urlsplit(base_url)
    path, mark, query = address.partition("?")
    if re.search(r"[\x00-\x20\x7f\\#]", path) or re.search(r"[\x00-\x1f\x7f#]", query):
        raise _refused(address, base_url)
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|/", path):
        path = f"{base.path.rstrip('/')}/{path}"
    elif not path.startswith("/") or path.startswith("//"):
        path = _path_of_own(path, address, base_url)
    if not f"{path}/".casefold().startswith(f"{base.path.rstrip('/')}/".casefold()):
        raise _refused(address, base_url)
    if any(segment in {".", ".."} for segment in re.split(r"[/\\]", unquote(path))):
        raise _refused(address, base_url)
    return f"{base.scheme}://{base.netloc}{path}{mark}{query}"


def _path_of_own(absolute: str, address: str, base_url: str) -> str:
    if _origin(absolute) is None or _origin(absolute) != _origin(base_url):
        raise _refused(address, base_url)
    return urlsplit(absolute).path


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None when there is a user, no host, or no sense in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if "@" in parts.netloc or not parts.hostname or port is None:
        return None
    return parts.scheme, parts.hostname, port


def _refused(address: str, base_url: str) -> PermanentError:
    place = address.partition("?")[0].rpartition("@")[2][:200]
    message = f"Refused to send the token to {place!r}: it is not below {base_url}."
    return PermanentError(message, hint="If the API has been moved, correct EXEPRON_API_URL.")
