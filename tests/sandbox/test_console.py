"""The sandbox's documentation page: what it lists is what is served, and its console can reach it."""

import json
import re
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.routing import Match

from exepron_pipeline.sandbox.console import console_routes
from exepron_pipeline.sandbox.profiles import service


def get(path, *names):
    """What stands at a path of the page of a generation."""
    parts = urlsplit(path)
    scope = {"type": "http", "method": "GET", "path": parts.path, "query_string": b"", "headers": []}
    for route in console_routes(service(*names)):
        match, more = route.matches(scope)
        if match is Match.FULL:
            return route.endpoint(Request({**scope, **more}))
    return None


@pytest.mark.parametrize("names", [("g2", "full"), ("g3", "confirmed"), ("g2", "stranger")])
def test_it_lists_what_is_served(names):
    """Each endpoint is an operation whose path, with its usual values, leads to it."""
    generation = service(*names)
    page = get("/docs/", *names).body.decode()
    known = json.loads(re.search(r'id="known">(.*?)</script>', page, re.DOTALL)[1])
    assert len(known) == len(generation.endpoints)
    for operation in known:
        path = re.sub(
            r"\{(\w+)\}", lambda found, usual=operation["usual"]: usual[found[1]], operation["path"]
        )
        assert generation.find(path)
        assert set(operation["options"]) <= generation.options
    assert "{operations}" not in page
    assert "{api}" not in page


def test_its_parts_are_served_and_no_others():
    """Script, style and picture come with their types; the page runs no script but its own."""
    for kind, type_ in {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}.items():
        assert get(f"/docs/console.{kind}", "g2", "full").headers["content-type"].startswith(type_)
    assert get("/docs", "g2", "full").headers["location"] == "/docs/"
    assert get("/docs/console.py", "g2", "full").status_code == 404
    assert get("/docs/console.html", "g2", "full").status_code == 404
    assert "default-src 'self'" in get("/docs/", "g2", "full").headers["content-security-policy"]
