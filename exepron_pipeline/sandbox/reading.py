"""Which page of which read a request is, as far as a server can tell.

Here belongs the memory that links the requests of one reader. Not here: what is done with it
(``faults``). A server of lists keeps no such memory; the sandbox needs it to let things happen "on page 3".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Reading:
    """One user's read of one path: pages in a row, whether by links, by ``$skip`` or by key."""

    page: int = 0
    """Counts from 1; the same request again is the same page."""
    last_rows: list[str] = field(default_factory=list)
    """What the page before this one brought."""
    rows: list[str] = field(default_factory=list)
    first_link: object = None
    asked: Mapping[str, str] | None = None

    def begin_page(self, options: Mapping[str, str], key: str) -> None:
        """Note a request of this read; ``key`` is the first property of the set's key."""
        if dict(options) == self.asked:
            return
        goes_on = self.page > 0 and _goes_on(options, key)
        self.page = self.page + 1 if goes_on else 1
        self.last_rows = self.rows if goes_on else []
        self.first_link = self.first_link if goes_on else None
        self.asked = dict(options)


@dataclass
class Readings:
    """All reads of a server, and how often each token was used."""

    _reads: dict[tuple[int, str], Reading] = field(default_factory=dict, repr=False)
    _uses: dict[str, int] = field(default_factory=dict, repr=False)

    def of(self, user_id: int, path: str) -> Reading:
        """The read of this path by this user."""
        return self._reads.setdefault((user_id, path.casefold()), Reading())

    def uses_of(self, token: str) -> int:
        """How often this token was used, this time included."""
        self._uses[token] = self._uses.get(token, 0) + 1
        return self._uses[token]


def _goes_on(options: Mapping[str, str], key: str) -> bool:
    """True when a request asks for what comes after something."""
    if "$skiptoken" in options or options.get("$skip", "0") != "0":
        return True
    return re.search(rf"\b{re.escape(key)}\s+gt\b", options.get("$filter", "")) is not None
