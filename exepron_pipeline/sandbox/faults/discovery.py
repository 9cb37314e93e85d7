"""Faults of the discovery document: absent, somebody else's, or not telling all.

Here belongs what a client reads before it asks for anything. Not here: what it is told then
(``identity.py``).
"""

import json
from collections.abc import Callable

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.identity.subjects import Visit

_LEAST = ("issuer", "token_endpoint", "jwks_uri")


def _is_discovery(visit: Visit) -> bool:
    return visit.endpoint == "discovery"


def _answering(make: Callable[[], Response]) -> Callable[[Visit], None]:
    def act(visit: Visit) -> None:
        visit.response = make()

    return act


def _changed(change: Callable[[dict[str, object]], dict[str, object]]) -> Callable[[Visit], None]:
    def act(visit: Visit) -> None:
        if visit.response is not None:
            visit.response = JSONResponse(change(json.loads(bytes(visit.response.body))))

    return act


FAULTS = (
    Fault(
        "discovery-missing", "there is no discovery document: 404", "visit",
        _answering(lambda: PlainTextResponse("Not Found", 404)), _is_discovery,
    ),
    Fault(
        "discovery-unavailable", "503 with a web page in place of the discovery document, once", "visit",
        _answering(lambda: HTMLResponse("<h1>Service Unavailable</h1>", 503)), _is_discovery, when="1",
    ),
    Fault(
        "discovery-web-page", "200 with a web page in place of the discovery document", "visit",
        _answering(lambda: HTMLResponse("<!DOCTYPE html><title>Welcome</title>")), _is_discovery,
    ),
    Fault(
        "discovery-other-issuer", "the discovery document is that of another issuer", "answer",
        _changed(lambda document: document | {"issuer": "https://elsewhere.example"}), _is_discovery,
    ),
    Fault(
        "discovery-least", "the discovery document names issuer, token endpoint and keys, and nothing else", "answer",
        _changed(lambda document: {name: document[name] for name in _LEAST}), _is_discovery,
    ),
)  # fmt: skip
