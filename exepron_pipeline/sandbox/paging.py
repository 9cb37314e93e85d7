"""Which part of the rows one answer holds, and where the next part is.

Here belong ``$top``, ``$skip``, ``$skiptoken`` and the page cap. Not here: rows and conditions
(``query.py``). A token is the number of rows before the page, as with the measured servers that count:
rows that come or go in between shift the pages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from exepron_pipeline.sandbox.refusals import BadQuery

Above = Literal["refuse", "split", "cut"]
"""What becomes of a ``$top`` above the cap: a refusal, pages with next links, or fewer rows without a word."""


@dataclass(frozen=True)
class Paging:
    """The page sizes of a service; ``cap`` is in rows, ``links`` where answers lead to the next page."""

    cap: int
    above: Above = "refuse"
    links: bool = False


@dataclass(frozen=True)
class Window:
    """The rows of one answer: at most ``limit`` from ``offset`` on, of ``wanted`` in all when that is known."""

    offset: int
    limit: int
    wanted: int | None
    links: bool

    def next_offset(self, served: int, *, more: bool) -> int | None:
        """Where the page after this one begins, or ``None`` when no link leads there."""
        left = self.wanted is None or served < self.wanted
        return self.offset + served if self.links and more and left else None


def window_of(options: Mapping[str, str], paging: Paging) -> Window:
    """The window that a request asks for.

    Raises:
        BadQuery: a number is none, or ``$top`` is above a cap that is not to be exceeded.
    """
    offset = _number(options, "$skip", 0) + _number(options, "$skiptoken", 0)
    links = paging.links and paging.above != "cut"
    if "$top" not in options:
        return Window(offset, paging.cap, None, links)
    top = _number(options, "$top", 0)
    if top > paging.cap and paging.above == "refuse":
        raise BadQuery(
            f"The limit of '{paging.cap}' for Top query has been exceeded. "
            f"The value from the incoming request is '{top}'."
        )
    return Window(offset, min(top, paging.cap), top, links)


def link_to(address: str, options: Mapping[str, str], token: str, wanted: int | None) -> str:
    """The address of the next page: all options kept, the place in a token.

    Args:
        address: Of the entity set, without a query.
        options: Of the request.
        token: Where the page begins.
        wanted: Rows that are still to come, where ``$top`` said how many.
    """
    kept = {name: text for name, text in options.items() if name not in {"$top", "$skip", "$skiptoken"}}
    if wanted is not None:
        kept["$top"] = str(wanted)
    kept["$skiptoken"] = token
    return f"{address}?{'&'.join(f'{name}={quote(text)}' for name, text in kept.items())}"


def _number(options: Mapping[str, str], option: str, otherwise: int) -> int:
    text = options.get(option)
    if text is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**31:
        raise BadQuery(
            f"Invalid value '{text}' for {option} query option found. "
            f"The {option} query option requires a non-negative integer value."
        )
    return int(text)
