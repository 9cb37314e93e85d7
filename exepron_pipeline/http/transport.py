"""Transport: one request, one answer. The only importer of httpx.

Here: connections, TLS, time-outs, bodies. Not here: retries (``retry.py``), rate (``throttle.py``),
what a status means (``problems.py``), who we are (``auth``). No httpx object leaves this file: their
representations and tracebacks can show headers.
"""

import http.cookiejar
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from posixpath import normpath
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import unquote, urlencode, urlsplit

import httpx

from exepron_pipeline.errors import ConfigurationError, ExepronError, NetworkError, PermanentError
from exepron_pipeline.http.body import read_body
from exepron_pipeline.http.redact import redact, redacting_logger
from exepron_pipeline.http.tls import tls_context, tls_failure

BODY_LIMIT = 512 << 20  # bytes, unpacked
SLOWEST = 10  # an answer may take this many time-outs in all, however steadily it drips

_FORM = "application/x-www-form-urlencoded"
_LOOPBACK: dict[str, httpx.BaseTransport | None] = {
    f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")
}
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")


@dataclass(frozen=True)
class Response:
    """An answer of any status.

    ``headers`` have lower-case names; ``body`` is unpacked; ``seconds`` is the time from the question
    to the last byte. Body and headers may hold tokens and are not in the representation.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str
    seconds: float

    @property
    def media_type(self) -> str:
        """``Content-Type`` in lower case, without parameters; empty when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Transport:
    """Sends requests; safe to share between threads.

    Redirects are not followed, cookies are not kept, ``HTTPS_PROXY`` and ``NO_PROXY`` are honoured, and
    loopback is never sent through a proxy. TLS is 1.2 or newer.

    Args:
        timeout: Seconds to wait for a connection, and for each part of an answer.
        ca_bundle: PEM file of the only authorities to trust; without it the system's and certifi's.
        client_certificate: PEM file with our certificate and its key.
        concurrency: Requests that may be in flight together.
        read_only_below: Address of the API: only GET is allowed at and below it.

    """

    def __init__(
        self,
        *,
        timeout: float,
        ca_bundle: Path | None = None,
        client_certificate: Path | None = None,
        concurrency: int = 4,
        read_only_below: str | None = None,
    ) -> None:
        for name in _LOGGERS:
            redacting_logger(name)
        self._read_only_below = httpx.URL(read_only_below) if read_only_below else None
        self._posts: frozenset[str] = frozenset()
        self._longest = SLOWEST * timeout
        self._client = httpx.Client(
            verify=tls_context(httpx.create_ssl_context, ca_bundle, client_certificate),
            timeout=timeout,
            limits=httpx.Limits(max_connections=concurrency + 1),  # one more for the identity server
            headers={
                "User-Agent": f"exepron-pipeline/{version('exepron-pipeline')}",
                "Accept-Encoding": "gzip",
            },
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            mounts=_LOOPBACK,
        )

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """Ask for an address, sent as it is written.

        Raises:
            NetworkError: No connection, a time-out, or a body that ended too early.
            ResponseError: The body is too large or in an encoding that was not offered.
            PermanentError: The address or a header is malformed.
            ConfigurationError: The server's certificate is not trusted.

        """
        return self._send("GET", url, headers, None)

    def allow_posts(self, addresses: Iterable[str], issuer: str) -> None:
        """Allow forms to be posted to exactly these addresses; without this call to none at all.

        Args:
            addresses: Endpoints of an identity server.
            issuer: That server. Where it is itself below the API's address, as on one host without paths, its
                endpoints may be so too; else none of them may.

        Raises:
            ConfigurationError: The identity server names an address of the API as its own, or goes from https to http.

        """
        allowed = frozenset(addresses)
        for address in sorted(allowed):
            if self._is_api(address) and not self._is_api(issuer):
                _refuse_endpoint(issuer, "an address of the API as its own", address)
            if issuer.startswith("https:") and not address.startswith("https:"):
                _refuse_endpoint(issuer, "an address without TLS", address)
        self._posts |= allowed

    def post_form(self, url: str, fields: Mapping[str, str] | str, headers: Mapping[str, str]) -> Response:
        """Send a form, given as fields or already encoded; raises as `get` does.

        Raises:
            PermanentError: The address was not allowed by `allow_posts`.

        """
        form = fields if isinstance(fields, str) else urlencode(fields)
        return self._send("POST", url, {**headers, "Content-Type": _FORM}, form.encode())

    def _send(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        _check_headers(url, headers)
        if method != "GET" and url not in self._posts:
            hint = "Only GET is used, but for the endpoints that the identity server names."
            raise PermanentError(f"Refused to {method} to {_shown(url)}.", hint=hint)
        try:
            return self._exchange(method, url, headers, content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = _failure(error, url)
        raise failure  # outside of the handler, so that nothing of httpx hangs on it as its context

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        started = time.monotonic()
        with self._client.stream(method, url, headers=dict(headers), content=content) as answer:
            encoding = answer.headers.get("content-encoding", "").strip().lower()
            chunks = _until(started + self._longest, answer.iter_raw(), url)
            body = read_body(chunks, encoding, BODY_LIMIT, _shown(url))
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, found, body, url, time.monotonic() - started)

    def _is_api(self, address: str) -> bool:
        return self._read_only_below is not None and _is_below(httpx.URL(address), self._read_only_below)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _until(deadline: float, chunks: Iterator[bytes], url: str) -> Iterable[bytes]:
    for chunk in chunks:
        yield chunk
        if time.monotonic() > deadline:
            raise NetworkError(f"{_shown(url)} answers too slowly.", hint="Raise EXEPRON_TIMEOUT.")


def _check_headers(url: str, headers: Mapping[str, str]) -> None:
    # httpx would put the value, which may be a token, into its error.
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise PermanentError(
                f"Refused to ask {_shown(url)}: the header {name} holds characters that no header may hold."
            )


def _refuse_endpoint(issuer: str, kind: str, address: str) -> NoReturn:
    message = f"The identity server {issuer} names {kind}: {_shown(address)}."
    raise ConfigurationError(message, hint="Check EXEPRON_IDENTITY_URL and EXEPRON_API_URL.")


def _is_below(asked: httpx.URL, protected: httpx.URL) -> bool:
    if (asked.host, asked.port) != (protected.host, protected.port):
        return False
    path, root = (normpath(unquote(item.path)).lower().rstrip("/") + "/" for item in (asked, protected))
    return path.startswith(root)


def _shown(url: str) -> str:
    """The address without its query: enough to find the place, and nothing to hide."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "That"
    return redact(f"{parts.scheme}://{parts.netloc}{parts.path}")


def _failure(error: Exception, url: str) -> ExepronError:
    place = _shown(url)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return PermanentError(f"{place} is no address that can be asked.")
    if tls := tls_failure(error, place):
        return tls
    if isinstance(error, httpx.TimeoutException):
        return NetworkError(f"{place} did not answer in time.", hint="Raise EXEPRON_TIMEOUT if it is slow.")
    if isinstance(error, httpx.ProxyError):
        return NetworkError(
            f"The proxy did not connect to {place}: {redact(str(error))}.", hint="Check HTTPS_PROXY."
        )
    reason = redact(str(error)).rstrip(".") or type(error).__name__
    return NetworkError(f"No whole answer from {place}: {reason}.", hint="Check the address and the network.")
