"""What happened, told to whoever listens: progress bars, logs, Dagster.

Here: the facts, as small values. Not here: how anybody shows them. The engine calls a `Listener` and
knows nothing of who listens.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Status = Literal["ok", "failed", "not_offered", "not_permitted", "skipped"]
Mode = Literal["full", "incremental", "reconcile"]
Evidence = Literal["count", "exhausted", "none"]

_NOT_SHOWN = {"entity_set", "failure", "rows", "preview"}


@dataclass(frozen=True)
class PageFetched:
    """One page of an entity set has arrived and was decoded."""

    entity_set: str
    page: int
    records: int
    source_count: int | None


@dataclass(frozen=True)
class Landed:
    """The rows of one entity set are committed."""

    entity_set: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True)
class Notice:
    """Something that the operator should read; never a secret."""

    entity_set: str | None
    text: str


@dataclass
class SyncReport:
    """The outcome of one entity set in one load, over all accounts.

    ``complete`` is true when ``evidence`` shows that no record of the scope was missed. Times are
    seconds of wall clock. ``failure`` keeps the error itself for exit codes and retries, ``rows`` the live
    rows afterwards, ``preview`` a few of them without personal and financial columns.
    """

    entity_set: str
    status: Status = "ok"
    mode: Mode = "full"
    requests: int = 0
    pages: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    quarantined: int = 0
    source_count: int | None = None
    evidence: Evidence = "none"
    complete: bool = False
    watermark_before: str | None = None
    watermark_after: str | None = None
    seconds: float = 0.0
    error: str | None = None
    failure: Exception | None = field(default=None, repr=False)
    rows: int | None = None
    preview: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The fields that ``sync --json`` prints for one entity set."""
        shown = [item.name for item in fields(self) if item.name not in _NOT_SHOWN]
        return {name: getattr(self, name) for name in shown} | {"seconds": round(self.seconds, 3)}


@dataclass
class RunReport:
    """The outcome of a whole run: what ``sync --json`` and ``reconcile --json`` print."""

    load_id: str
    entity_sets: dict[str, SyncReport] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when nothing failed; *not offered* and *not permitted* are no failures."""
        return all(report.status != "failed" for report in self.entity_sets.values())

    def as_json(self) -> dict[str, Any]:
        """The document of the ``--json`` options."""
        sets = {name: report.as_json() for name, report in self.entity_sets.items()}
        return {"ok": self.ok, "load_id": self.load_id, "entity_sets": sets}


Event = PageFetched | Landed | Notice | SyncReport
Listener = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
