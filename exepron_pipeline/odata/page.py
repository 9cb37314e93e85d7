"""One answer of a service: where its records, its count and its next link are. Pure functions.

Not here: what the records mean (``normalise``), and which page comes next (``paging.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.dialect import Dialect

_ERRORS = frozenset({"error", "odata.error", "Message", "message"})
_HINT = "Check EXEPRON_API_URL; EXEPRON_GENERATION can name the dialect if it was guessed wrongly."


@dataclass(frozen=True)
class Envelope:
    """What an answer says besides its records."""

    count: int | None = None
    """Number of all records that match, over all pages."""
    next_link: str | None = None
    """Address of the next page, as the service wrote it."""


class Page(Protocol):
    """A decoded page, as far as paging has to know it."""

    @property
    def rows(self) -> int:
        """Records in the answer, rejected ones included: `$skip` counts them too."""

    @property
    def first_key(self) -> tuple[Any, ...] | None:
        """Key of the first accepted record; None when there is none."""

    @property
    def last_key(self) -> tuple[Any, ...] | None:
        """Key of the last accepted record; None when there is none."""

    @property
    def keys_ascending(self) -> bool:
        """True when the keys of the accepted records are strictly ascending; of 0 or 1 they are."""

    @property
    def envelope(self) -> Envelope:
        """Count and next link."""


def open_envelope(
    document: object, headers: Mapping[str, str], dialect: Dialect
) -> tuple[list[object], Envelope]:
    """Find the records, the count and the next link in a parsed JSON document.

    Args:
        document: What the JSON parser gave.
        headers: Response headers with lower-case names: some services count there.
        dialect: Where to look.

    Raises:
        ResponseError: The document holds no list of records, for instance an error object.

    """
    if isinstance(document, list):
        return document, read_envelope({}, headers, dialect)
    if not isinstance(document, dict):
        raise ResponseError(
            f"The answer is a JSON {type(document).__name__}, no list of records.", hint=_HINT
        )
    envelope = read_envelope(document, headers, dialect)
    for path in dialect.rows:
        found = _member(document, path)
        if isinstance(found, list):
            return found, envelope
    if dialect.single_object and not _ERRORS & document.keys() and not _has_rows(document, dialect):
        return [document], envelope
    names = ", ".join(sorted(document)[:8]) or "none"
    raise ResponseError(
        f"The answer is an object without a list of records (its members: {names}).", hint=_HINT
    )


def read_envelope(members: Mapping[str, object], headers: Mapping[str, str], dialect: Dialect) -> Envelope:
    """Find the count and the next link in the members beside the records (top level, or inside ``d``)."""
    inner = members.get("d")
    places = [members, inner] if isinstance(inner, Mapping) else [members]
    counts = [place[key] for place in places for key in dialect.count_keys if key in place]
    counts += [headers[name] for name in dialect.count_headers if name in headers]
    links = [place[key] for place in places for key in dialect.next_keys if key in place]
    return Envelope(
        count=next((number for number in map(_number, counts) if number is not None), None),
        next_link=next((link for link in map(_link, links) if link), None),
    )


def _member(document: dict[str, Any], path: str) -> object:
    found: object = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _has_rows(document: dict[str, Any], dialect: Dialect) -> bool:
    return any(path.partition(".")[0] in document for path in dialect.rows)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _link(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("uri")
    return value if isinstance(value, str) and value else None
