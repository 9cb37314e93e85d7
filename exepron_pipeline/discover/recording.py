"""A browser's recording (HAR 1.2) as addresses of lists: everything else in it is forgotten at once.

Here: reading a file that nobody vouches for. A recording holds passwords, cookies, tokens and data: of each entry only
the method, the status, the address and the outline of the answer are looked at, and only the address is given on, which
``addresses.py`` strips in turn. Nothing of the file stands in a message.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.odata.page import wrapping_of
from exepron_pipeline.odata.wrapped import find_rows

LARGEST = 256 << 20
"""Bytes of a recording; a morning in the browser, pictures included, has less."""
_GOOD = {200, 201, 202, 203, 206, 304}
_WRITING = {"POST", "PUT", "PATCH", "MERGE", "DELETE"}
_CUT = 4096
"""Characters before the end within which the JSON of an answer that was cut off breaks: in its last text or number."""
_HINT = "Record anew: open the browser's developer tools, Network, make the calls, then 'Save all as HAR with content'."
_NO_DATA = (
    "image/",
    "font/",
    "audio/",
    "video/",
    "text/html",
    "text/css",
    "javascript",
    "wasm",
    "event-stream",
)
_FILES = {
    "js",
    "css",
    "map",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "ico",
    "woff",
    "woff2",
    "ttf",
    "html",
    "webp",
    "txt",
}


@dataclass(frozen=True)
class Recording:
    """What is left of a recording.

    ``lists`` are the addresses that answered with a list, or whose answer was not kept; ``others`` the number of calls
    that answered with something else, ``written`` that of calls that were no GET; ``entries`` that of all.
    """

    lists: tuple[str, ...]
    others: int
    written: int
    entries: int


def read_recording(path: Path) -> Recording:
    """Read a HAR file.

    Raises:
        ConfigurationError: It cannot be read, is too large, or is no recording.

    """
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(
                f"{path} has more than {LARGEST >> 20} MB.", hint="Record only the calls that list data."
            )
        raw = path.read_bytes()
        document = json.loads(raw.decode(json.detect_encoding(raw), errors="replace"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{path} cannot be read: {reason}.", hint="Check --har.") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{path} is no recording: it is no whole JSON.", hint=_HINT) from None
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise ConfigurationError(f"{path} is no recording: it has no log.entries.", hint=_HINT)
    return _left_of([each for each in entries if isinstance(each, dict)])


def _left_of(entries: list[dict[str, Any]]) -> Recording:
    lists: dict[str, None] = {}
    others = written = 0
    for entry in entries:
        request, response = _object(entry, "request"), _object(entry, "response")
        url = request.get("url")
        if not isinstance(url, str) or not _is_data(url, response):
            continue
        method = str(request.get("method", "GET")).upper()
        if method == "GET" and _is_list(response):
            lists.setdefault(url)
        else:
            others += method == "GET"
            written += method in _WRITING
    return Recording(tuple(lists), others, written, len(entries))


def _object(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = members.get(name)
    return found if isinstance(found, dict) else {}


def _is_data(url: str, response: Mapping[str, Any]) -> bool:
    """True for a good answer that is no part of a page, as far as its type and its address tell."""
    status, kind = response.get("status"), str(_object(response, "content").get("mimeType", "")).lower()
    if not isinstance(status, int) or status not in _GOOD or any(word in kind for word in _NO_DATA):
        return False
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return url.startswith(("http://", "https://")) and path.rpartition(".")[2].lower() not in _FILES


def _is_list(response: Mapping[str, Any]) -> bool:
    """True when the answer was a list of records, or was not kept whole: browsers cut off what is large."""
    text = _text(_object(response, "content"))
    if text is None:
        return True
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        return text.lstrip()[:1] in {"[", "{"} and error.pos >= len(text) - _CUT
    except (ValueError, RecursionError):
        return False
    if isinstance(document, dict):
        return bool(wrapping_of(document) or find_rows(document))
    return isinstance(document, list) and all(isinstance(item, dict) for item in document)


def _text(content: Mapping[str, Any]) -> str | None:
    text = content.get("text")
    if not isinstance(text, str) or not text:
        return None
    if content.get("encoding") != "base64":
        return text.removeprefix("\ufeff")
    try:
        return base64.b64decode(text, validate=False).decode("utf-8-sig", errors="replace")
    except (binascii.Error, ValueError):
        return None
