"""Finds the next link in a body that is not decoded yet, so that its page is fetched while this one is decoded.

A guess: what is found is used only where the decoded page has the same link.
"""

import json
import re

from exepron_pipeline.odata.page import WRAPPINGS

_WINDOW = 8_192  # bytes: links stand before or after the records
_NAMES = "|".join(re.escape(name) for wrapping in WRAPPINGS for name in wrapping.links)
_LINK = re.compile(rf'"(?:{_NAMES})"\s*:\s*')
_DECODER = json.JSONDecoder()


def peek_link(body: bytes) -> str | None:
    """Look for the address of the next page at both ends of a body; None when none is seen there."""
    for window in (body[-_WINDOW:], body[:_WINDOW]):
        text = window.decode("utf-8", "replace")
        found = list(_LINK.finditer(text))
        link = _value(text, found[-1].end()) if found else None
        if link:
            return link
    return None


def _value(text: str, start: int) -> str | None:
    try:
        value, _ = _DECODER.raw_decode(text, start)
    except ValueError:
        return None
    if isinstance(value, dict):
        value = value.get("uri")
    return value if isinstance(value, str) else None
