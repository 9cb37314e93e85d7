"""Where an answer in nobody's standard form holds its records, told by its shape. Pure functions.

Here: the one list of objects in it, the address of a next page, the numbers beside. Not here: the forms of OData
(``page.py``), and asking again to see which number is the count (``looker.py``). What is found here is a proposal for
the catalogue, which a sync then follows to the letter.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exepron_pipeline.odata.links import place_below

DEEPEST = 3
_ERRORS = {"error", "errors", "fault", "exception"}
_OTHER_LINKS = {"self", "first", "last", "prev", "previous", "href", "url", "context"}


def find_rows(document: Mapping[str, object], *, single: bool = False) -> str | None:
    """The member that holds the records, a dot enters a member.

    Args:
        document: A parsed answer.
        single: A mere object may be one record, with lists of its own: then an object with plain values is.

    Returns:
        None when no list of objects, or more than one, is in it.

    """
    if _ERRORS & {str(name).lower() for name in document}:
        return None
    if single and any(not isinstance(value, Mapping | list | None) for value in document.values()):
        return None
    found = [(path, value) for path, value in _members(document) if _is_list(value)]
    filled = [path for path, value in found if value]
    paths = filled or [path for path, _ in found]
    return paths[0] if len(paths) == 1 else None


def find_link(document: Mapping[str, object], rows: str, base_url: str, path: str) -> str | None:
    """The member with the address of the next page: one of the same list, with a query."""
    for place, value in _members(document):
        name = place.rpartition(".")[2].lower()
        if place == rows or not isinstance(value, str) or name in _OTHER_LINKS or "?" not in value:
            continue
        below = place_below(base_url, value, path) or ""
        if below.partition("?")[0].strip("/").lower() == path.strip("/").lower():
            return place
    return None


def find_numbers(document: Mapping[str, object], rows: str) -> dict[str, int]:
    """Whole numbers beside the records, by their places: one of them may be the count."""
    return {
        place: value
        for place, value in _members(document)
        if place != rows and isinstance(value, int) and not isinstance(value, bool)
    }


def _members(document: Mapping[str, object], above: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Members of an object and of the objects in it, with their places; names that no place can hold are left out."""
    for name, value in document.items():
        if not name or "." in name:
            continue
        yield f"{above}{name}", value
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _members(value, f"{above}{name}.", depth + 1)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
