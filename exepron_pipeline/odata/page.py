"""One answer of a service: where its records, its count and its next link are. Pure functions.

How an answer is wrapped is told by the answer itself: the names are OData's own, and no two versions use
one name for two things. Not here: what the records mean (``normalise``), and which page comes next
(``paging.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.dialect import Dialect

_ERRORS = frozenset({"error", "odata.error", "Message", "message"})
_HINT = "Check EXEPRON_API_URL; EXEPRON_GENERATION can name the dialect if it was guessed wrongly."


@dataclass(frozen=True)
class Wrapping:
    """One way of wrapping records.

    ``rows`` leads to them, a dot enters a member; count and next link stand beside them, or at the top.
    ``alone`` is True for names that are nobody's property: the object may then hold nothing else.
    """

    rows: str
    counts: tuple[str, ...]
    links: tuple[str, ...]
    alone: bool = False


WRAPPINGS = (
    Wrapping(  # OData 4, 4.01 and 3 (light)
        "value",
        ("@odata.count", "@count", "odata.count"),
        ("@odata.nextLink", "@nextLink", "odata.nextLink"),
    ),
    Wrapping("d.results", ("__count",), ("__next",)),  # OData 2, and 3 (verbose)
    Wrapping("d", ("__count",), ("__next",)),  # OData 1
    Wrapping("Items", ("Count",), ("NextPageLink",), alone=True),  # PageResult of ASP.NET Web API
    Wrapping("items", ("count",), ("nextPageLink",), alone=True),  # the same, of ASP.NET Core
)

_ENTITIES = (("@odata.context", "$entity"), ("@context", "$entity"), ("odata.metadata", "@Element"))
"""Members whose last words say that the object is one entity (OData JSON 4.01, 10.5; JSON light 3.0, 4.5)."""


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
    document: object, headers: Mapping[str, str], dialect: Dialect, own: Wrapping | None = None
) -> tuple[list[object], Envelope]:
    """Find the records, the count and the next link in a parsed JSON document.

    Args:
        document: What the JSON parser gave.
        headers: Response headers with lower-case names: some services count there.
        dialect: Which headers count, and whether a mere object is a record.
        own: A wrapping of this service's own, which comes before those of the standards.

    Raises:
        ResponseError: The document holds no list of records, for instance an error object.

    """
    if isinstance(document, list):
        return document, read_envelope({}, headers, dialect)
    if not isinstance(document, dict):
        raise ResponseError(
            f"The answer is a JSON {type(document).__name__}, no list of records.", hint=_HINT
        )
    wrapping = wrapping_of(document, own)
    if wrapping:
        rows = member_at(document, wrapping.rows)
        return rows, read_envelope(document, headers, dialect, wrapping)
    entity = _entity(document, dialect)
    if entity is not None:
        return [entity], Envelope()
    names = ", ".join(sorted(document)[:8]) or "none"
    raise ResponseError(
        f"The answer is an object without a list of records (its members: {names}).", hint=_HINT
    )


def wrapping_of(document: Mapping[str, object], own: Wrapping | None = None) -> Wrapping | None:
    """Tell how the records of a parsed object are wrapped; None when it holds no list of records."""
    known = (own, *WRAPPINGS) if own else WRAPPINGS
    fitting = (each for each in known if isinstance(member_at(document, each.rows), list))
    return next((each for each in fitting if _is_allowed(document, each)), None)


def wrapping_at(rows: str) -> Wrapping:
    """The wrapping of the standards whose records are there."""
    return next(each for each in WRAPPINGS if each.rows == rows)


def read_envelope(
    members: Mapping[str, object],
    headers: Mapping[str, str],
    dialect: Dialect,
    wrapping: Wrapping = WRAPPINGS[0],
) -> Envelope:
    """Find the count and the next link.

    Args:
        members: What stands beside the records, at the top or inside ``d``.
        headers: Response headers with lower-case names.
        dialect: Which of them count.
        wrapping: How the records were wrapped: the names of count and link go with it.

    """
    inner = members.get("d")
    places = [members, inner] if isinstance(inner, Mapping) else [members]
    counts = [_named(place, name) for place in places for name in wrapping.counts]
    counts += [headers[name] for name in dialect.count_headers if name in headers]
    links = [_named(place, name) for place in places for name in wrapping.links]
    return Envelope(
        count=next((number for number in map(_number, counts) if number is not None), None),
        next_link=next((link for link in map(_link, links) if link), None),
    )


def _named(place: Mapping[str, object], name: str) -> object:
    """A member whose name may hold dots, or is a way through members."""
    return place[name] if name in place else member_at(place, name)


def member_at(document: Mapping[str, object], path: str) -> Any:
    """The member of a parsed object that a path leads to, a dot enters a member; None when there is none."""
    found: object = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _is_allowed(document: Mapping[str, object], wrapping: Wrapping) -> bool:
    return not wrapping.alone or {wrapping.rows, *wrapping.counts, *wrapping.links} >= document.keys()


def _entity(document: dict[str, Any], dialect: Dialect) -> dict[str, Any] | None:
    """The one record that a document is, where the standard or the dialect says that it is one."""
    inner = document.get("d")
    if isinstance(inner, dict) and "__metadata" in inner:
        return inner
    if any(str(document.get(name, "")).endswith(words) for name, words in _ENTITIES):
        return document
    is_one = dialect.single_object and not _ERRORS & document.keys() and not {"value", "d"} & document.keys()
    return document if is_one else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _link(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("uri")
    return value if isinstance(value, str) and value else None
