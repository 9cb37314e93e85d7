"""What a read brought. Here: the pages with what proves them complete. Not here: reading (``reader.py``)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from exepron_pipeline.clock import utc_now
from exepron_pipeline.events import Evidence, Mode
from exepron_pipeline.odata.page import Envelope, Page

Key = tuple[Any, ...]


class Decoded(Page, Protocol):
    """A decoded page, as the reader has to know it; see `Page` for its members."""


D = TypeVar("D", bound=Decoded)

Decode = Callable[[bytes, Mapping[str, str]], D]
"""Body and headers (lower-case names) of an answer to a page; ResponseError when it holds no records."""


@dataclass(frozen=True)
class Arrival(Generic[D]):
    """A page as it came: what paging looks at, the decoded page, and where its raw bytes are kept."""

    page: D
    reference: str | None
    rows: int
    first_key: Key | None
    last_key: Key | None
    keys_ascending: bool
    envelope: Envelope


def arrival(page: D, reference: str | None) -> Arrival[D]:
    """Make an arrival of a decoded page."""
    return Arrival(
        page, reference, page.rows, page.first_key, page.last_key, page.keys_ascending, page.envelope
    )


_WEAKEST_FIRST: tuple[Evidence, ...] = ("none", "exhausted", "count")


@dataclass
class ReadResult(Generic[D]):
    """All pages of one entity set of one account, in the order of arrival.

    ``references`` name the raw pages in the spool, None where they are not kept. ``fetched`` counts
    records, rejected and repeated ones included. ``mode`` is what was done in the end: ``full`` where the
    service filters by no form of an instant. ``path`` is the catalogue's path that served.
    """

    mode: Mode
    path: str
    started_at: datetime = field(default_factory=utc_now)
    pages: list[D] = field(default_factory=list)
    references: list[str | None] = field(default_factory=list)
    requests: int = 0
    fetched: int = 0
    source_count: int | None = None
    evidence: Evidence = "none"

    @property
    def complete(self) -> bool:
        """True when ``evidence`` shows that no record of the scope was missed."""
        return self.evidence != "none"


def weakest(found: list[Evidence]) -> Evidence:
    """What proves several reads together: the weakest of their proofs; nothing proves no read."""
    return min(found, key=_WEAKEST_FIRST.index, default="none")
