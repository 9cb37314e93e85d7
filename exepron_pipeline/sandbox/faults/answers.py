"""Faults that answer in place of the service: refusals, redirects, and what is no list of rows at all.

Here belong whole answers. Not here: answers that are damaged on the way (``transmission.py``).
"""

import time
from collections.abc import Callable
from email.utils import formatdate

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.refusals import Unauthorized

_TOKEN_USES = 5
_SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"


def _answering(make: Callable[[Exchange], Response]) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.response = make(exchange)

    return act


def _too_many(exchange: Exchange, **headers: str) -> None:
    exchange.response = PlainTextResponse("API calls quota exceeded.", 429, headers)


def _elsewhere(exchange: Exchange) -> Response:
    return RedirectResponse(str(exchange.request.url.replace(hostname="localhost")), 302)


def _to_sign_in(exchange: Exchange) -> Response:
    return RedirectResponse(f"{exchange.origin}/identity/Account/Login?ReturnUrl=%2Fapi", 302)


FAULTS = (
    Fault(
        "rate-limited-seconds", "429 with `Retry-After: 1`", "request",
        lambda exchange: _too_many(exchange, **{"Retry-After": "1"}), when="3",
    ),
    Fault(
        "rate-limited-date", "429 with an HTTP date, two seconds ahead, in `Retry-After`", "request",
        lambda exchange: _too_many(exchange, **{"Retry-After": formatdate(time.time() + 2, usegmt=True)}),
        when="3",
    ),
    Fault("rate-limited-nothing", "429 without `Retry-After`", "request", _too_many, when="3"),
    Fault(
        "error-on-page-3", "500 with a plain text on the third page of a read, once", "request",
        _answering(lambda _: PlainTextResponse("An error has occurred.", 500)),
        lambda exchange: exchange.reading.page == 3, when="1",
    ),
    Fault(
        "unavailable", "503 with a web page", "request",
        _answering(lambda _: HTMLResponse("<h1>Service Unavailable</h1>", 503)), when="2",
    ),
    Fault(
        "unauthorized-once", "401 for a good token, once", "request",
        _answering(lambda _: Unauthorized("invalid_token").response()), when="1",
    ),
    Fault(
        "unauthorized-always", "401 for every token", "request",
        _answering(lambda _: Unauthorized("invalid_token").response()),
    ),
    Fault(
        "token-expires", f"each access token is good for {_TOKEN_USES} requests only, whatever `expires_in` said",
        "request", _answering(lambda _: Unauthorized("invalid_token").response()),
        lambda exchange: exchange.uses > _TOKEN_USES,
    ),
    Fault("redirect-same-host", "302 to a page for signing in", "request", _answering(_to_sign_in), when="2"),
    Fault(
        "redirect-other-host", "302 to the same path at another host name", "request", _answering(_elsewhere),
        when="2",
    ),
    Fault(
        "web-page", "200 with a web page for signing in", "request",
        _answering(lambda _: HTMLResponse(_SIGN_IN_PAGE)), when="2",
    ),
    Fault(
        "error-object", "200 with an error object in place of rows", "request",
        _answering(lambda _: JSONResponse({"error": {"code": "", "message": "The operation has timed out."}})),
        when="2",
    ),
    Fault("no-content", "204 without a body", "request", _answering(lambda _: Response(status_code=204)), when="2"),
)  # fmt: skip
