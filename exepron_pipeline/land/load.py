"""What is landed at once, and what came of it: values. Not here: how (``landing.py``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from exepron_pipeline.catalogue import Column, EntitySet
from exepron_pipeline.catalogue.fields import Contract
from exepron_pipeline.errors import ContractError
from exepron_pipeline.events import Evidence, Mode
from exepron_pipeline.extract.files import Files
from exepron_pipeline.land.readers import Reader
from exepron_pipeline.land.tables import Tables, tables_of
from exepron_pipeline.normalise.batches import Decoder


@dataclass(frozen=True)
class Rejected:
    """A record that must not land.

    ``key`` is its key as text, the parts of a composite one joined by a comma, or None when it cannot be
    read; ``reason`` never holds a value that is personal or financial; ``page`` refers to the raw page, and
    ``position`` is the record's place there, from 0.
    """

    key: str | None
    reason: str
    page: str | None = None
    position: int | None = None


Pages: TypeAlias = list[pa.Table] | Files
"""Tables page by page in the order of arrival; or files of the spool, which say page and order themselves."""


@dataclass
class Load:
    """All that one read of one entity set of one account brought.

    Args:
        load_id: One for the whole run.
        entity_set: The catalogue's entry.
        columns: The columns that the contract and the personal policy keep, in order.
        account_id: The account that was asked. Only its rows can be found to be deleted.
        mode: ``reconcile`` alone marks deletions; ``full`` and ``incremental`` differ in audits.
        started_at: When reading began; aware.
        tables: The records: the columns, ``_account_id``, ``_extra``.
        children: For each nested list its items, at the places of their pages: the parent's key,
            ``_position``, the list's columns, ``_account_id``.
        references: What names the raw page of each page, by its number from 1, where one is kept.
        rejects: Records that the decoder rejected.
        seen: Keys that came without their rows, whose rows are as they were; files or tables like ``tables``.
        asked: Names of the columns that were asked for; the others say nothing by being null. None: all.
        lower: From which value of the cursor on was read; None: everything.
        single: True for records that were asked for by their keys: they do not move the watermark.
        reader: Who read; None: nobody knows.
        fetched: Records that came, rejected ones included.
        pages: Pages read.
        requests: Requests sent.
        source_count: How many records the service counted.
        evidence: Why nothing of the scope was missed.
        complete: The same as a verdict.
        watermark_before: The watermark that the read began with.
        landed_before: When the last load of this set and account had landed as the run began; None: none had.
        scope: The catalogue's filter that was asked with; empty for everything.
        contract: What becomes of fields that the contract does not name.
        unknown: Those that came, each with the type that its values look like.
        decoder: Decodes anew what was kept in ``_extra``, once fields of it have become columns; None: they wait.
        settles: Pages and positions of rejected records that it brings again.
        behind: When those were rejected: rows written since are newer, and stay. None for what was just read.
        max_deleted_share: Share of an account's live rows that one reconcile may find to be gone, 0 to 1.
        max_rejected_share: Share of the records that may be rejected, 0 to 1.
        seconds: How long reading took.

    """

    load_id: str
    entity_set: EntitySet
    columns: tuple[Column, ...]
    account_id: str
    mode: Mode
    started_at: datetime
    tables: Pages
    children: Mapping[str, Pages] = field(default_factory=dict)
    references: Mapping[int, str | None] = field(default_factory=dict)
    rejects: list[Rejected] = field(default_factory=list)
    seen: Pages = field(default_factory=list)
    asked: frozenset[str] | None = None
    lower: datetime | None = None
    single: bool = False
    reader: Reader | None = None
    fetched: int = 0
    pages: int = 0
    requests: int = 0
    source_count: int | None = None
    evidence: Evidence = "none"
    complete: bool = False
    watermark_before: datetime | None = None
    landed_before: datetime | None = None
    scope: str = ""
    contract: Contract = "evolve"
    unknown: Mapping[str, str] = field(default_factory=dict)
    decoder: Decoder | None = None
    settles: Sequence[tuple[str, int]] = ()
    behind: datetime | None = None
    max_deleted_share: float = 0.2
    max_rejected_share: float = 0.01
    seconds: float = 0.0

    @property
    def cursor(self) -> str | None:
        """The column that says when a record changed, where it is kept.

        Raises:
            ContractError: It is neither a timestamp nor a date.

        """
        found = [column for column in self.columns if column.name == self.entity_set.cursor]
        if found and found[0].type not in {"timestamp", "date"}:
            what = f"The cursor {self.entity_set.name}.{found[0].name} is of type {found[0].type}"
            raise ContractError(
                f"{what}.", hint="Make it a timestamp in the catalogue, or remove `cursor` there."
            )
        return found[0].name if found else None

    def describe_tables(self) -> Tables:
        """The tables that this load lands in; of nested lists the columns that the pages have."""
        return tables_of(self.entity_set, self.columns, self._child_columns())

    def _child_columns(self) -> dict[str, tuple[Column, ...]]:
        found = {child.name: self.children.get(child.name) for child in self.entity_set.children}
        held = {name: names_of(pages) for name, pages in found.items() if pages}
        return {
            child.name: tuple(column for column in child.columns if column.name in held[child.name])
            for child in self.entity_set.children
            if child.name in held
        }


def arrow_files(paths: Sequence[Path]) -> Pages:
    """Files of the spool, to be streamed from there."""
    return Files(paths) if paths else []


def names_of(pages: Pages) -> list[str]:
    """The columns that the first page has."""
    schema = pages[0].schema if isinstance(pages, list) else pages.schema
    return list(schema.names)


@dataclass(frozen=True)
class Landing:
    """What one landing did.

    Counts are of distinct keys. ``live_rows`` are the account's rows afterwards that are not deleted.
    ``notes`` are for the operator: why deletions were not looked for, for instance. ``superseded`` counts keys
    that a replay left alone, for their rows are newer.
    """

    inserted: int
    updated: int
    unchanged: int
    deleted: int
    quarantined: int
    watermark_after: datetime | None
    live_rows: int
    notes: tuple[str, ...] = ()
    superseded: int = 0

    @property
    def distinct_keys(self) -> int:
        """Keys that the load brought."""
        return self.inserted + self.updated + self.unchanged
