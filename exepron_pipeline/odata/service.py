"""Service: asks one API, with a token, within its rate, patiently.

Here: one question and its answer, whatever it takes. Not here: where a token comes from (a `TokenSource`
is handed in), what to ask (``query.py``), what the answer holds (``page.py``). The token goes to the API's own
origin and below its base path, and nowhere else.
"""

import re
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

from exepron_pipeline.errors import NetworkError, PermanentError, TransientError
from exepron_pipeline.events import Listener, Notice, nobody
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.retirement import retirement
from exepron_pipeline.http.retry import call_with_retries
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Response, Transport
from exepron_pipeline.odata.dialect import JSON
from exepron_pipeline.odata.negotiation import in_json, is_xml

_CLOSED_BY = {b"{": b"}", b"[": b"]"}
_BLANK, _ENDS = b"\xef\xbb\xbf \t\r\n", 64  # bytes; a mark of byte order may stand in front
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
        self._names_format = False
        self.headers: Mapping[str, str] = JSON
        """What goes with each question besides the token: those of the dialect, once it is known."""
        self.retirements: dict[str, str] = {}
        """What answers said of their own end, with the question that was answered so first."""

    @property
    def requests(self) -> int:
        """Requests sent so far, failed attempts included."""
        return self._requests

    @property
    def in_flight(self) -> int:
        """Requests that may be under way together, when the service takes it well."""
        return self._throttle.window.most

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Response:
        """Return the good answer (2xx, no web page) to a GET.

        What passes is tried again; a refused token is renewed once.

        Args:
            address: Below the base (``Accounts/1/Users?$top=5``), an absolute path, or a whole address; the
                query is sent as it is written.
            headers: What goes with the question besides the token; names in lower case. None: JSON is asked for,
                in the address too where the service needs it.

        Raises:
            PermanentError: The address is not below the base address; nothing was sent.
            AuthRejectedError: The renewed token was refused as well.
            ExepronError: As `raise_for_status` tells.

        """
        if headers is not None:
            return self._get(address, headers)
        response = self._get(in_json(address) if self._names_format else address, self.headers)
        return self._again(address, response) if is_xml(response) else response

    def _again(self, address: str, in_xml: Response) -> Response:
        """Ask for JSON in the address, and from then on always if that helps; else the XML is the answer."""
        if in_json(address) == address or self._names_format:
            return in_xml
        try:
            response = self._get(in_json(address), self.headers)
        except PermanentError:
            return in_xml
        self._names_format = not is_xml(response)
        return response

    def _get(self, address: str, headers: Mapping[str, str]) -> Response:
        target = resolve(self.base_url, address)
        what = f"GET {target.partition('?')[0].removeprefix(self.base_url).lstrip('/')}"
        token = self._tokens.token()
        response = self._ask(target, what, token, headers)
        if response.status == HTTPStatus.UNAUTHORIZED:
            response = self._ask(target, what, self._tokens.renew(token), headers)
        self._note_retirement(response, what)
        raise_for_status(response, what)
        raise_for_html(response, what)
        return response

    def _ask(self, url: str, what: str, token: str, headers: Mapping[str, str]) -> Response:
        """Return a good answer or a 401, after as many attempts as it takes."""
        sent = {**headers, "authorization": f"Bearer {token}"}
        return call_with_retries(lambda: self._try(url, what, sent), listen=self._listen)

    def _try(self, url: str, what: str, headers: Mapping[str, str]) -> Response:
        with self._throttle:
            with self._lock:
                self._requests += 1
            began = time.monotonic()
            try:
                response = self._answer(url, what, headers)
            except TransientError as error:
                self._throttle.window.judge(time.monotonic() - began, 0, refused=True)
                self._throttle.hold(getattr(error, "retry_after", None) or 0.0)
                raise
            self._throttle.window.judge(response.seconds, len(response.body), refused=False)
        return response

    def _answer(self, url: str, what: str, headers: Mapping[str, str]) -> Response:
        """Return a good and whole answer or a 401, after one attempt."""
        response = self._transport.get(url, headers)
        if response.status != HTTPStatus.UNAUTHORIZED:
            raise_for_status(response, what)
            raise_for_cut(response, what)
        return response

    def _note_retirement(self, response: Response, what: str) -> None:
        """Tell once of each announcement of an end that an answer makes in its headers."""
        said = retirement(response.headers)
        with self._lock:
            if said is None or said in self.retirements:
                return
            self.retirements[said] = what
        self._listen(Notice(None, f"{what}: {said}."))


def raise_for_cut(response: Response, what: str) -> None:
    """Raise `NetworkError` when a JSON document ends before it is closed: some answers do not tell their length."""
    begin, end = response.body[:_ENDS].lstrip(_BLANK)[:1], response.body[-_ENDS:].rstrip(_BLANK)[-1:]
    if begin in _CLOSED_BY and end != _CLOSED_BY[begin]:
        raise NetworkError(f"The answer to {what} was cut off after {len(response.body)} bytes.")


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
