"""What a walk has seen so far, and what that proves. Here: sums and verdicts, no requests.

A walk proves completeness in one of two ways. ``count``: the service's own number of matching records is
the number of distinct records read, at the beginning and at the end. ``exhausted``: the keys were
strictly ascending over all pages, and the service has nothing after as many records as were read. An
order that was only asked for, and not seen, proves nothing.
"""

from typing import Any

from exepron_pipeline.events import Evidence
from exepron_pipeline.odata.page import Page

Key = tuple[Any, ...]
Signature = tuple[int, Key | None, Key | None]


def signature(page: Page) -> Signature:
    """Tell pages apart cheaply: two with the same signature are taken to be the same page."""
    return page.rows, page.first_key, page.last_key


def is_after(key: Key | None, last: Key | None) -> bool:
    """True when ``key`` comes after ``last``; keys that cannot be compared do not."""
    try:
        return key is not None and (last is None or key > last)
    except TypeError:
        return False


class Tally:
    """Sums over the accepted pages of one walk."""

    def __init__(self) -> None:
        self.pages = 0
        self.rows = 0
        self.largest = 0
        """Records of the largest page: the service gives at least so many at once."""
        self.first_key: Key | None = None
        self.last_key: Key | None = None
        self.ascending = True
        """True while every key was greater than the one before it, over all pages."""
        self.count: int | None = None
        """The service's number of matching records, as its first page gave it."""
        self._seen: set[Signature] = set()

    def has_seen(self, page: Page) -> bool:
        """True when a page with records looks exactly like an accepted one."""
        return page.rows > 0 and signature(page) in self._seen

    def accept(self, page: Page) -> None:
        """Add a page that goes to the caller."""
        if self.pages == 0:
            self.count = page.envelope.count
        if page.first_key is not None:
            self.first_key = self.first_key or page.first_key
            follows = self.last_key is None or is_after(page.first_key, self.last_key)
            self.ascending = self.ascending and follows and page.keys_ascending
            self.last_key = page.last_key
        self.pages += 1
        self.rows += page.rows
        self.largest = max(self.largest, page.rows)
        self._seen.add(signature(page))

    def start_over(self) -> None:
        """Begin again at the first record, in an order that proves nothing."""
        self.rows, self.ascending = 0, False
        self._seen.clear()

    def evidence(self, last_count: int | None, *, exhausted: bool, count_is_proof: bool) -> Evidence:
        """Judge the walk.

        Args:
            last_count: The service's number of matching records, as the last answer gave it.
            exhausted: True when the service showed that nothing comes after the records read.
            count_is_proof: True when a count that differs is a contradiction.

        """
        counts = {number for number in (self.count, last_count) if number is not None}
        if self.ascending and self.count == last_count == self.rows:
            return "count"
        contradicted = count_is_proof and bool(counts - {self.rows})
        return "exhausted" if exhausted and self.ascending and not contradicted else "none"
