"""What a walk has seen so far, and what that proves. Here: sums and verdicts, no requests."""

from exepron_pipeline.events import Evidence
from exepron_pipeline.odata.page import Page
from exepron_pipeline.odata.spans import Key

Signature = tuple[int, Key | None, Key | None]


def signature(page: Page) -> Signature:
    """Tell pages apart cheaply: two with the same signature are taken to be the same page."""
    return page.rows, page.first_key, page.last_key


class Tally:
    """Sums over the pages of one walk that count towards its end."""

    def __init__(self) -> None:
        self.pages = 0
        self.rows = 0
        self.count: int | None = None
        """The service's number of matching records, as its first page gave it."""
        self.extents: dict[Key, int] = {}
        """Records by the last key of their page."""
        self._seen: set[Signature] = set()

    def has_seen(self, page: Page) -> bool:
        """True when a page with records looks exactly like an accepted one."""
        return page.rows > 0 and signature(page) in self._seen

    def accept(self, page: Page) -> None:
        """Add a page that goes to the caller."""
        if self.pages == 0:
            self.count = page.envelope.count
        self.pages += 1
        self.rows += page.rows
        if page.last_key is not None:
            self.extents[page.last_key] = page.rows
        self._seen.add(signature(page))

    def forget(self, last_key: Key) -> None:
        """Take out a page that is to be read again."""
        self.pages -= 1
        self.rows -= self.extents.pop(last_key)

    def evidence(self, count_after: int | None, *, count_is_proof: bool) -> Evidence:
        """Judge a walk that came to its end without losing anything by the way it went.

        Args:
            count_after: The service's number of matching records at the end.
            count_is_proof: True when fewer records than were counted are a contradiction.

        """
        if self.count == count_after == self.rows:
            return "count"
        return "none" if count_is_proof and self.lacks(count_after) else "exhausted"

    def lacks(self, count_after: int | None) -> bool:
        """True when fewer records came than there were at the beginning and at the end."""
        counts = [number for number in (self.count, count_after) if number is not None]
        return bool(counts) and self.rows < min(counts)
