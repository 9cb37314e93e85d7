"""The sandbox's own documentation page, with a console on which its operations are tried.

Here belongs what the page shows of a generation, and how its files are served. Not here: the page itself
(``console.html``, ``console.js``, ``console.css``), and the API behind it (``api.py``).

The model is what the vendor's site has: a page that lists the operations of the API, with a "Test" button that sends a
real request from the browser, after a sign-in or with a pasted token. A recording of such a page is what people have at
hand who cannot tell which paths their API has.
"""

import json
import re
from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from exepron_pipeline.sandbox import credentials
from exepron_pipeline.sandbox.generations import Endpoint, Generation

PATH = "/docs"
"""Where the page is, below the sandbox's address."""

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_VARIABLES = {"a": ("accountId", "0"), "u": ("userId", "0"), "p": ("projectId", "-1"), "t": ("taskId", "-1")}
"""Placeholders of paths: what people call them, and what stands for "mine" or "all"."""
_SHOWN = ("$top", "$skip", "$filter", "$orderby", "$select", "$expand", "$count")


def console_routes(generation: Generation) -> list[Route]:
    """The page and its files."""
    page = _page(generation)

    def index(_request: Request) -> Response:
        return HTMLResponse(page, headers=_HEADERS)

    def part(request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in _TYPES:
            return Response(status_code=404)
        return Response(_read(f"console.{kind}"), media_type=_TYPES[kind], headers=_HEADERS)

    return [
        Route(PATH, lambda _request: RedirectResponse(f"{PATH}/")),
        Route(f"{PATH}/", index),
        Route(f"{PATH}/console.{{kind}}", part),
    ]


def _page(generation: Generation) -> str:
    operations = [_operation(each, generation) for each in generation.endpoints]
    text = json.dumps(operations).replace("<", "\\u003c")  # nothing in it ends the script element
    facts = {
        "api": generation.bases[0],
        "token": "/identity/connect/token",
        "client": credentials.CLIENT_ID,
        "title": f"sandbox, {generation.name}, below {generation.bases[0]}",
    }
    page = _read("console.html").decode()
    for name, value in facts.items():
        page = page.replace(f"{{{name}}}", escape(value))
    return page.replace("{operations}", text)


def _operation(endpoint: Endpoint, generation: Generation) -> dict[str, object]:
    names = [_VARIABLES[letter] for letter in re.findall(r"\{(\w)\}", endpoint.path)]
    path = re.sub(r"\{(\w)\}", lambda found: f"{{{_VARIABLES[found[1]][0]}}}", endpoint.path)
    return {
        "name": re.sub(r"\{\w+\}/", "", path),
        "path": path,
        "usual": dict(names),
        "options": [option for option in _SHOWN if option in generation.options],
    }


def _read(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()
