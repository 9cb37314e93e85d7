"""Service: asks one API, with a token, within its rate, patiently.

Here: one question and its answer, whatever it takes. Not here: where a token comes from (a `TokenSource`
is handed in), where it may be sent (``address.py``), what to ask (``query.py``), what the answer holds (``page.py``).
"""

import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from exepron_pipeline.errors import (
    NetworkError,
    NotPermittedError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from exepron_pipeline.events import Listener, Notice, nobody
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.retirement import retirement
from exepron_pipeline.http.retry import call_with_retries
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Response, Transport
from exepron_pipeline.odata.address import resolve
from exepron_pipeline.odata.conditions import Conditions
from exepron_pipeline.odata.dialect import JSON
from exepron_pipeline.odata.negotiation import in_json, is_xml

_CLOSED_BY = {b"{": b"}", b"[": b"]"}
_BLANK, _ENDS = b"\xef\xbb\xbf \t\r\n", 64  # bytes; a mark of byte order may stand in front


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
        self._names_format = False
        self._conditions = Conditions()
        self.headers: Mapping[str, str] = JSON
        """What goes with each question besides the token: those of the dialect, once it is known."""
        self.slowed = 0
        """Requests that were refused for the rate (429)."""
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

    def get(
        self, address: str, headers: Mapping[str, str] | None = None, *, until: float | None = None
    ) -> Response:
        """Return the good answer (2xx, no web page) to a GET.

        What passes is tried again; a refused token is renewed once. Where the new one is refused too, it is not
        renewed again for the next question: an API that refuses everything would cost a token each time.

        Args:
            address: Below the base (``Accounts/1/Users?$top=5``), an absolute path, or a whole address; the
                query is sent as it is written.
            headers: What goes with the question besides the token; names in lower case. None: JSON is asked for,
                in the address too where the service needs it.
            until: Value of `time.monotonic` after which nothing is tried again; None: only the usual limits hold.

        Raises:
            PermanentError: The address is not below the base address; nothing was sent.
            AuthRejectedError: The renewed token was refused as well.
            NotPermittedError: 403; the message names the scopes that were not granted, if there are any.
            ExepronError: As `raise_for_status` tells.

        """
        if headers is not None:
            return self._get(address, headers, until)
        response = self._get(in_json(address) if self._names_format else address, self.headers, until)
        return self._again(address, response, until) if is_xml(response) else response

    def _again(self, address: str, in_xml: Response, until: float | None) -> Response:
        """Ask for JSON in the address, and from then on always if that helps; else the XML is the answer."""
        if in_json(address) == address or self._names_format:
            return in_xml
        try:
            response = self._get(in_json(address), self.headers, until)
        except PermanentError:
            return in_xml
        self._names_format = not is_xml(response)
        return response

    def _get(self, address: str, headers: Mapping[str, str], until: float | None) -> Response:
        target = resolve(self.base_url, address)
        what = f"GET {target.partition('?')[0].removeprefix(self.base_url).lstrip('/')}"
        try:
            response = self._accepted(target, what, headers, until)
        except NotPermittedError as error:
            raise self._explained(error) from None
        self._note_retirement(response, what)
        raise_for_status(response, what)
        raise_for_html(response, what)
        return response

    def _accepted(self, target: str, what: str, headers: Mapping[str, str], until: float | None) -> Response:
        """Return a good answer, or the second 401."""
        response, token = self._ask(target, what, headers, until)
        if response.status == HTTPStatus.UNAUTHORIZED and token != self._refused_anew:
            self._tokens.renew(token)
            response, token = self._ask(target, what, headers, until)
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

    def _ask(
        self, url: str, what: str, headers: Mapping[str, str], until: float | None
    ) -> tuple[Response, str]:
        """Return a good answer or a 401, after as many attempts as it takes, and the token that it is for."""
        try:
            return call_with_retries(lambda: self._try(url, what, headers), listen=self._listen, until=until)
        except _NoTokenError as error:
            raise error.cause from None

    def _try(self, url: str, what: str, headers: Mapping[str, str]) -> tuple[Response, str]:
        with self._throttle:
            token = self._token()  # only now: while we waited, an earlier one may have ended
            with self._lock:
                self._requests += 1
            began = time.monotonic()
            try:
                response = self._answer(url, what, {**headers, "authorization": f"Bearer {token}"})
            except TransientError as error:
                with self._lock:
                    self.slowed += isinstance(error, RateLimitedError)
                self._throttle.window.judge(time.monotonic() - began, 0, refused=True)
                self._throttle.hold(getattr(error, "retry_after", None) or 0.0)
                raise
            self._throttle.window.judge(response.seconds, len(response.body), refused=False)
        return response, token

    def _token(self) -> str:
        try:
            return self._tokens.token()
        except TransientError as error:
            raise _NoTokenError(error) from None

    def _answer(self, url: str, what: str, headers: Mapping[str, str]) -> Response:
        """Return a good and whole answer or a 401, after one attempt."""
        response = self._transport.get(url, headers)
        self._conditions.judge(url, response, what)
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


class _NoTokenError(Exception):
    """The source of tokens has tried again itself: what it says is not tried once more here."""

    def __init__(self, cause: TransientError) -> None:
        super().__init__()
        self.cause = cause


def raise_for_cut(response: Response, what: str) -> None:
    """Raise `NetworkError` when a JSON document ends before it is closed: some answers do not tell their length."""
    begin, end = response.body[:_ENDS].lstrip(_BLANK)[:1], response.body[-_ENDS:].rstrip(_BLANK)[-1:]
    if begin in _CLOSED_BY and end != _CLOSED_BY[begin]:
        raise NetworkError(f"The answer to {what} was cut off after {len(response.body)} bytes.")
