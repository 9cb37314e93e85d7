"""What a read brought: its pages, as far as they are no records, and what proves them complete.

Not here: reading (``reader.py``), and the records, which are in the spool (``spool.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from exepron_pipeline.clock import utc_now
from exepron_pipeline.events import Evidence, Mode
from exepron_pipeline.extract.kept import Decoded, Kept
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.odata.page import Envelope

Key = tuple[Any, ...]


D = TypeVar("D", bound=Decoded)

Decode = Callable[[bytes, Mapping[str, str]], D]
"""Body and headers (lower-case names) of an answer to a page; ResponseError when it holds no records."""


@dataclass(frozen=True)
class Arrival(Generic[D]):
    """A page as it came: what paging looks at, the decoded page, and its bytes."""

    page: D
    body: bytes
    rows: int
    first_key: Key | None
    last_key: Key | None
    keys_ascending: bool
    envelope: Envelope


def arrival(page: D, body: bytes) -> Arrival[D]:
    """Make an arrival of a decoded page."""
    return Arrival(page, body, page.rows, page.first_key, page.last_key, page.keys_ascending, page.envelope)


_WEAKEST_FIRST: tuple[Evidence, ...] = ("none", "exhausted", "count")


@dataclass
class ReadResult:
    """All pages of one entity set of one account, in the order of arrival; their records are in the spool.

    ``fetched`` counts records, rejected and repeated ones included. ``mode`` is what was done in the end:
    ``full`` where the service filters by no form of an instant. ``path`` is the catalogue's path that
    served. ``seen`` are pages of keys and cursors alone. ``requests`` are those of this run, also where ``pages`` holds some of an interrupted one, which
    is when ``started_at`` is that one's. ``single`` records were asked for by their keys, which tells nothing of how far
    the set was read.
    """

    mode: Mode
    path: str
    spool: Spool
    started_at: datetime = field(default_factory=utc_now)
    pages: list[Kept] = field(default_factory=list)
    seen: list[Kept] = field(default_factory=list)
    requests: int = 0
    fetched: int = 0
    source_count: int | None = None
    evidence: Evidence = "none"
    single: bool = False

    @property
    def complete(self) -> bool:
        """True when ``evidence`` shows that no record of the scope was missed."""
        return self.evidence != "none"

    @property
    def unknown(self) -> dict[str, str]:
        """Fields outside the contract, each with the type that its values look like."""
        return {name: kind for page in self.pages for name, kind in page.unknown.items()}

    @property
    def page_count(self) -> int:
        """Pages that came, those of keys alone included."""
        return len(self.pages) + len(self.seen)

    def seen_files(self) -> list[Path]:
        """Where the keys are that came without their records: one Arrow file a page."""
        return [self.spool.file(page.number) for page in self.seen]

    def files(self, child: str = "") -> list[Path]:
        """Where the records are, or the items of one nested list: one Arrow file a page."""
        return [self.spool.file(page.number, child) for page in self.pages]


def weakest(found: list[Evidence]) -> Evidence:
    """What proves several reads together: the weakest of their proofs; nothing proves no read."""
    return min(found, key=_WEAKEST_FIRST.index, default="none")
