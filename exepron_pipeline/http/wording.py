"""What an error document says, as one text. Pure; not here: what its status means (``problems.py``).

The kinds were measured on real servers, or are those of the standards: OData 2 to 4, ASP.NET (``Message``,
``ExceptionMessage``, ``ModelState``), problem details (RFC 9457), OAuth, plain text, HTML, XML.
"""

import codecs
import html
import json
import re
from collections.abc import Iterator
from typing import Any

from exepron_pipeline.http.transport import Response

_LONGEST = 100_000  # bytes that are looked at
_LONGEST_MARKUP = 8_000  # characters: what matters stands in front
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_MESSAGES = ("odata.error", "error", "message", "value", "faultstring", "reason", "detail")
"""Members that hold the message, or the object that does: the first one that says something."""

_MORE = ("messagedetail", "exceptionmessage", "innererror", "innerexception", "details", "errordetails")
"""Members that may say what the message does not."""

_BY_FIELD = ("modelstate", "errors")
"""Members that hold texts by the option or field that is wrong."""


def body_text(response: Response) -> str:
    """Decode a body: by its byte order mark, else as its header says, else as UTF-8; faults are shown as such."""
    body = response.body[:_LONGEST]
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    declared = re.search(r"(?i)charset=[\"']?([\w.:-]+)", response.headers.get("content-type", ""))
    try:
        text = body.decode(marked or (declared[1] if declared else "utf-8"), errors="replace")
    except LookupError:
        text = body.decode("utf-8", errors="replace")
    return text.strip().lstrip("\ufeff")


def said_in_json(text: str) -> str:
    """The messages of a JSON document, each once; the text itself when it is no JSON, or holds none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    said = ""
    for part in _parts(document):
        if part.strip(" .") not in said:
            said = f"{said.rstrip('. ')}. {part}" if said else part
    return said or text


def said_in_markup(text: str) -> str:
    """The title or the message of HTML or XML; of other text, the text."""
    if not text.startswith("<"):
        return text
    text = re.sub(r"<!\[CDATA\[(.*?)\]\]>", r"\1", text[:_LONGEST_MARKUP], flags=re.DOTALL)
    message, more = _element(text, r"(?:\w+:)?message"), _element(text, "ExceptionMessage")
    told = f"{message.rstrip('. ')}. {more}" if message and more else message
    found = _element(text, "title") or told or _element(text, "faultstring") or _element(text, "h1")
    return html.unescape(found or re.sub(r"<[^>]*>", " ", text))


def _parts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list):
        for item in document:
            yield from _parts(item)
    elif isinstance(document, dict):
        yield from _parts_of({str(name).lower(): value for name, value in document.items()})


def _parts_of(members: dict[str, Any]) -> Iterator[str]:
    for one, other in (("error", "error_description"), ("title", "detail")):
        first, second = members.get(one), members.get(other)
        if isinstance(first, str) and first and isinstance(second, str) and second:
            yield f"{first}: {second}"
            members = {name: value for name, value in members.items() if name not in {one, other}}
    for name in ("title", *_MESSAGES):
        found = [part for part in _parts(members.get(name)) if part.strip()]
        if found:
            yield from found
            break
    for name in _MORE:
        yield from _parts(members.get(name))
    for name in _BY_FIELD:
        yield from _by_field(members.get(name))


def _by_field(found: Any) -> Iterator[str]:
    if not isinstance(found, dict):
        yield from _parts(found)
        return
    for name, value in found.items():
        yield from (f"{name}: {part}" if name else part for part in _parts(value))


def _element(text: str, name: str) -> str | None:
    match = re.search(rf"(?is)<{name}\b[^>]*>(.*?)</{name}>", text)
    return re.sub(r"<[^>]*>", " ", match[1]) if match else None
