"""Faults of the identity server towards programs: refusals, and tokens that are not as asked for.

Here belongs what happens at the token and the revocation endpoint. Not here: the discovery document
(``discovery.py``), pages for people (``sign_in.py``), answers that are lost (``transmission.py``).
"""

import asyncio
import json
from collections.abc import Callable
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.identity.subjects import Issue, Visit

_LATE = 2.0
_API_SCOPE = "exepron.restapi"


class _Late(Response):
    """Sends nothing for two seconds, then all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(_LATE)
        await super().__call__(scope, receive, send)


def _answering(make: Callable[[], Response]) -> Callable[[Visit], None]:
    def act(visit: Visit) -> None:
        visit.response = make()

    return act


def _refusing(error: str, status: int = 400) -> Callable[[Visit], None]:
    challenge = {"WWW-Authenticate": "Basic"} if status == 401 else {}
    return _answering(
        lambda: JSONResponse({"error": error}, status, {"Cache-Control": "no-store", **challenge})
    )


def _late(visit: Visit) -> None:
    if visit.response is not None:
        visit.response = _Late(visit.response.body, visit.response.status_code, media_type="application/json")


def _without_expiry(visit: Visit) -> None:
    if visit.response is not None:
        body = json.loads(bytes(visit.response.body))
        visit.response = JSONResponse({name: value for name, value in body.items() if name != "expires_in"})


def _is_good_token(visit: Visit) -> bool:
    return _is_token(visit) and visit.response is not None and visit.response.status_code == 200


def _is_token(visit: Visit) -> bool:
    return visit.endpoint == "token"


def _is_grant(name: str) -> Callable[[Visit], bool]:
    return lambda visit: _is_token(visit) and visit.grant == name


def _authenticates_by(method: str) -> Callable[[Visit], bool]:
    return lambda visit: visit.client_authentication == method


def _leave_out(scope: str) -> Callable[[Issue], None]:
    def act(issue: Issue) -> None:
        issue.scope = " ".join(each for each in issue.scope.split() if each != scope)

    return act


def _holds(scope: str) -> Callable[[Issue], bool]:
    return lambda issue: len(issue.scope.split()) > 1 and scope in issue.scope.split()


def _refresh_token(which: Literal["same", "none"]) -> Callable[[Issue], None]:
    def act(issue: Issue) -> None:
        issue.refresh = which

    return act


def _begins(issue: Issue) -> bool:
    return issue.grant != "refresh_token" and issue.refresh == "new"


def _goes_on(issue: Issue) -> bool:
    return issue.grant == "refresh_token"


def _make_opaque(issue: Issue) -> None:
    issue.opaque = True


FAULTS = (
    Fault(
        "token-error", "500 with a plain text from the token endpoint, once", "visit",
        _answering(lambda: PlainTextResponse("An error has occurred.", 500)), _is_token, when="1",
    ),
    Fault(
        "token-unavailable", "503 with a web page from the token endpoint, once", "visit",
        _answering(lambda: HTMLResponse("<h1>Service Unavailable</h1>", 503)), _is_token, when="1",
    ),
    Fault(
        "token-rate-limited", "429 with `Retry-After: 1` from the token endpoint, once", "visit",
        _answering(lambda: PlainTextResponse("Too many requests.", 429, {"Retry-After": "1"})), _is_token, when="1",
    ),
    Fault(
        "token-web-page", "200 with a web page from the token endpoint, once", "visit",
        _answering(lambda: HTMLResponse("<!DOCTYPE html><title>Welcome</title>")), _is_token, when="1",
    ),
    Fault(
        "token-slow", "the token endpoint does its work and answers two seconds later, once", "answer", _late,
        _is_good_token, when="1",
    ),
    Fault("token-without-expiry", "no `expires_in` in the answer", "answer", _without_expiry, _is_good_token),
    Fault(
        "header-refused", "401 `invalid_client` for a secret in the header, whatever discovery says", "visit",
        _refusing("invalid_client", 401), _authenticates_by("client_secret_basic"),
    ),
    Fault(
        "form-refused", "401 `invalid_client` for a secret in the form, whatever discovery says", "visit",
        _refusing("invalid_client", 401), _authenticates_by("client_secret_post"),
    ),
    Fault(
        "password-refused", "`unauthorized_client` for the password grant", "visit", _refusing("unauthorized_client"),
        _is_grant("password"),
    ),
    Fault(
        "refresh-refused", "`invalid_grant` for a good refresh token, once", "visit", _refusing("invalid_grant"),
        _is_grant("refresh_token"), when="1",
    ),
    Fault(
        "revocation-unavailable", "503 from the revocation endpoint, once", "visit",
        _answering(lambda: PlainTextResponse("Service Unavailable", 503)),
        lambda visit: visit.endpoint == "revocation", when="1",
    ),
    Fault(
        "scope-narrowed", "less is granted than asked for: `profile` is left out", "issue", _leave_out("profile"),
        _holds("profile"),
    ),
    Fault(
        "scope-without-api", "less is granted than asked for: the API's scope is left out", "issue",
        _leave_out(_API_SCOPE), _holds(_API_SCOPE),
    ),
    Fault("no-refresh-token", "no refresh token, although asked for", "issue", _refresh_token("none"), _begins),
    Fault(
        "refresh-not-rotated", "no refresh token in the answer to a refresh; the one that was used stays good", "issue",
        _refresh_token("none"), _goes_on,
    ),
    Fault(
        "refresh-same", "the answer to a refresh brings the same refresh token, which stays good", "issue",
        _refresh_token("same"), _goes_on,
    ),
    Fault("opaque-tokens", "access tokens are texts that say nothing, not JWTs", "issue", _make_opaque),
)  # fmt: skip
