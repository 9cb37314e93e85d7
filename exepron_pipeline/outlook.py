"""What a sync would ask and find, seen without reading: for plans, `exepron doctor`, and the change sensor.

Here: at most one small request for each entity set and account. Not here: reading (``sync.py``).
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

import pyarrow as pa

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.decoding import decoder_of
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import EntitySetMissingError
from exepron_pipeline.events import Mode
from exepron_pipeline.extract.fan_out import MISSING_PARENTS
from exepron_pipeline.extract.look import (
    Sample,
    first_place,
    first_question,
    newest_page,
    newest_text,
    sample,
)
from exepron_pipeline.extract.refusal import is_probe
from exepron_pipeline.land.lateness import lateness_sql
from exepron_pipeline.normalise.stamps import instants, names_zone
from exepron_pipeline.planning import plan_sync
from exepron_pipeline.publish.reader import open_snapshot
from exepron_pipeline.scope import Scope
from exepron_pipeline.tenant import Tenant

EXPECTED_ROWS = """
    SELECT entity_set, account_id, 'full' AS mode, arg_max(live_rows, counted_at) AS rows FROM ops.counts GROUP BY ALL
    UNION ALL
    SELECT entity_set, account_id, 'incremental', arg_max(fetched, finished_at) FROM ops.loads
    WHERE mode = 'incremental' AND status = 'ok' GROUP BY ALL
"""

WATERMARKS = "SELECT entity_set, account_id, watermark FROM ops.watermarks WHERE watermark IS NOT NULL"


@dataclass(frozen=True)
class Planned:
    """What a sync would ask first, and how much is expected: rows as of the last load, None when unknown.

    ``address`` is empty where nothing would be asked: every path has refused of late. ``parents`` is how many times a
    path is asked that names a parent; ``is_watched`` tells whether the change sensor asks the set too, ``is_trial`` that
    the path is only proposed: one that refuses is not asked again for a week.
    """

    mode: Mode
    address: str
    rows: int | None = None
    page_size: int = 1
    parents: int = 1
    is_watched: bool = False
    is_trial: bool = False

    @property
    def pages(self) -> int:
        """Pages of records, as far as rows are known: one for each parent at least."""
        return max(math.ceil((self.rows or 1) / self.page_size), self.parents) if self.address else 0

    @property
    def requests(self) -> int:
        """The pages, and what proves the end of each read."""
        return self.pages + self.parents if self.address else 0


@dataclass(frozen=True)
class Stamp:
    """A stamp as the service writes it, as the settings read it, and whether it names its own zone."""

    text: str
    moment: datetime
    names_zone: bool


@dataclass(frozen=True)
class Late:
    """So many records of an entity set came with a stamp that the watermark had passed, at most by ``hours``."""

    entity_set: str
    records: int
    hours: float


class Outlook:
    """Looks through an engine; what was published is read once.

    Args:
        engine: Who we are, and what there is. Its warehouse is not opened, but by `planned` for the watermarks.

    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def planned(self, entity_set: EntitySet) -> list[Planned]:
        """What a sync would send first for an entity set, account by account; nothing is sent."""
        return [self._planned(entity_set, each) for each in self._engine.scopes(entity_set)]

    def _planned(self, entity_set: EntitySet, scope: Scope) -> Planned:
        kit = scope.tenant
        try:
            plan = plan_sync(self._engine, entity_set, scope)
        except EntitySetMissingError:
            return Planned("full", "")
        place, here = (entity_set.name, plan.account_id), first_place(plan, kit.profile)
        if here is None:
            return Planned(plan.mode, "")
        asked = first_question(here, kit.service, kit.dialect, kit.profile, self._engine.page_size)
        address = asked.page(asked.size).at(asked.path, kit.dialect)
        rows = self._expected_rows.get((*place, here.mode))
        parents = self._expected_rows.get(("projects", plan.account_id, "full"), 1) if here.is_fan_out else 1
        is_watched = bool(here.cursor) and not here.is_fan_out and place in self._engine.before.watermarks
        is_trial = is_probe(here, kit.profile)
        if is_trial:
            parents = min(parents, MISSING_PARENTS)
        return Planned(here.mode, address, rows, asked.size, max(parents, 1), is_watched, is_trial)

    def expected_rows(self, entity_set: EntitySet, scope: Scope) -> int | None:
        """Rows of an entity set as of the published snapshot; None when it holds none of that account."""
        return self._expected_rows.get((entity_set.name, scope.account.account_id, "full"))

    def probe(self, entity_set: EntitySet, scope: Scope) -> Sample:
        """Ask for one record of an entity set; what its paths answer is remembered for the next sync.

        Raises:
            ExepronError: As a sync would end.

        """
        plan, tenant = plan_sync(self._engine, entity_set, scope, mode="full"), scope.tenant
        try:
            decode = decoder_of(self._engine, plan.entity_set, plan.account_id, plan.generation)
            return sample(plan, tenant.looked_at, tenant.dialect, decode, tenant.profile)
        finally:
            tenant.profile.save()

    def newest_stamp(self, tenant: Tenant) -> Stamp | None:
        """The newest modification stamp of the first set that shows one; None when none does. At most three requests.

        Raises:
            ExepronError: As the service answers.

        """
        with_cursor = [scope for scope in self._found(tenant) if scope[0].cursor]
        for entity_set, scope in with_cursor[:3]:
            plan = plan_sync(self._engine, entity_set, scope, mode="full")
            text = newest_text(plan, tenant.looked_at, tenant.dialect, tenant.profile)
            if text:
                moment: datetime = instants(pa.array([text]), self._engine.settings.timezone)[0].as_py()
                return Stamp(text, moment, names_zone(text))
        return None

    def _found(self, tenant: Tenant) -> Iterator[tuple[EntitySet, Scope]]:
        """Entity sets that were found at a service, with the account for which they were."""
        for entity_set in self._engine.catalogue.offered:
            for scope in self._engine.scopes(entity_set):
                answers = tenant.profile.answers(entity_set.name)
                if scope.tenant is tenant and any(answer.verdict == "works" for answer in answers):
                    yield entity_set, scope

    def moved_on(self, entity_set: EntitySet) -> datetime | None:
        """The newest cursor value in the service where the snapshot has not got it; else, or when unknown, None.

        One small request an account; the writer's file is not opened.

        Raises:
            WarehouseError: Nothing was published yet.
            ExepronError: As the service answers.

        """
        known = self._published_watermarks
        scopes = self._engine.scopes(entity_set) if entity_set.cursor else []
        asked = [scope for scope in scopes if (entity_set.name, scope.account.account_id) in known]
        found = [(self._newest(entity_set, scope), scope.account.account_id) for scope in asked]
        later = [stamp for stamp, account in found if stamp and stamp > known[entity_set.name, account]]
        return max(later, default=None)

    def lateness(self) -> list[Late] | None:
        """How late records of the sets with a cursor came, as of the published snapshot; None when there is none."""
        path = self._engine.settings.snapshot_path
        if not path.exists():
            return None
        with open_snapshot(path) as reader:
            kept = set(reader.tables())
            stamped = [each for each in self._engine.catalogue.offered if each.cursor]
            known = [each for each in stamped if f"history.{each.name}" in kept]
            rows = [row for each in known for row in reader.query(lateness_sql(each)).to_pylist()]
        return [Late(row["entity_set"], row["records"], row["hours"] or 0.0) for row in rows]

    def _newest(self, entity_set: EntitySet, scope: Scope) -> datetime | None:
        plan, kit = plan_sync(self._engine, entity_set, scope, mode="full"), scope.tenant
        decode = decoder_of(self._engine, plan.entity_set, plan.account_id, plan.generation)
        page = newest_page(plan, kit.service, kit.dialect, decode, kit.profile)
        if page is None or entity_set.cursor is None or not page.table.num_rows:
            return None
        value: date | None = page.table[entity_set.cursor][0].as_py()
        if value is None or isinstance(value, datetime):
            return value
        return datetime(value.year, value.month, value.day, tzinfo=UTC)

    @cached_property
    def _expected_rows(self) -> dict[tuple[Hashable, ...], int]:
        """Rows that a read should bring, by entity set, account and mode, as of the published snapshot."""
        path = self._engine.settings.snapshot_path
        if not path.exists():
            return {}
        with open_snapshot(path) as reader:
            found = reader.query(EXPECTED_ROWS).to_pylist()
        return {(row["entity_set"], row["account_id"], row["mode"]): row["rows"] for row in found}

    @cached_property
    def _published_watermarks(self) -> dict[tuple[str, str], datetime]:
        """Watermarks by entity set and account as of the published snapshot."""
        with open_snapshot(self._engine.settings.snapshot_path) as reader:
            found = reader.query(WATERMARKS).to_pylist()
        return {(row["entity_set"], row["account_id"]): row["watermark"] for row in found}
