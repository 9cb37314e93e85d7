"""What stands around the rows of an answer: list, object, count and next link.

Here belongs one function for each shape of body. Not here: the rows (``render.py``) and what the next
link says (``paging.py``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Page:
    """One answer before it is text; ``rows`` are JSON texts."""

    rows: list[str]
    context: str
    """Address of the description of the rows."""
    count: int | None = None
    next_link: object = None
    """Text, or whatever else stands in its place."""
    single: bool = False
    """One row that stands alone, without a list around it."""


Envelope = Callable[[Page], str]


def bare(page: Page) -> str:
    """A list and nothing else: no place for count or link."""
    return f"[{','.join(page.rows)}]"


def version3(page: Page) -> str:
    """OData 3, JSON light; the count is a 64-bit number, and so a text."""
    count = None if page.count is None else str(page.count)
    return _members(
        ("odata.metadata", page.context),
        ("odata.count", count),
        page.rows,
        ("odata.nextLink", page.next_link),
    )


def version4(page: Page) -> str:
    """OData 4."""
    return _members(
        ("@odata.context", page.context),
        ("@odata.count", page.count),
        page.rows,
        ("@odata.nextLink", page.next_link),
    )


def only_value(page: Page) -> str:
    """As the examples in the vendor's documentation are printed: rows, and nothing beside them."""
    return _members(page.rows)


def _members(*members: tuple[str, object] | list[str]) -> str:
    """An object of the members that have a value; a list is that of the rows."""
    texts = [
        f'"value":[{",".join(each)}]' if isinstance(each, list) else f'"{each[0]}":{json.dumps(each[1])}'
        for each in members
        if isinstance(each, list) or each[1] is not None
    ]
    return f"{{{','.join(texts)}}}"
