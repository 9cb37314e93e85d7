"""What a run holds in its hands: settings, catalogue, tenants, warehouse, and who listens.

Here: one short method for each step that ``sync.py`` tells as a story, each a call into the package that
does it. Not here: the order of the steps, and how any of them works.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exepron_pipeline.catalogue import EntitySet, load_catalogue
from exepron_pipeline.clock import Clock, utc_now
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.events import Event, Listener, Mode, Notice, SyncReport, nobody
from exepron_pipeline.extract.look import first_question, newest_page, sample_page
from exepron_pipeline.extract.plan import ReadPlan, plan_read
from exepron_pipeline.extract.reader import read
from exepron_pipeline.extract.result import ReadResult
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import SLOWEST
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.ledger import read_watermarks
from exepron_pipeline.land.load import Landing, Load, Rejected
from exepron_pipeline.land.preview import live_ids, preview
from exepron_pipeline.land.scope import Scope as LandedScope
from exepron_pipeline.land.scope import read_scopes
from exepron_pipeline.land.source import check_source
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.marts import Built, build
from exepron_pipeline.normalise import DecodedPage, Decoder, Reject, personal_key
from exepron_pipeline.normalise.contract import columns_of
from exepron_pipeline.publish import Published, open_snapshot, publish
from exepron_pipeline.settings import Connection, Settings, is_configured, load_settings
from exepron_pipeline.tenant import Account, Tenant

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Pages = ReadResult[DecodedPage]

EXPECTED_ROWS = """
    SELECT entity_set, account_id, 'full' AS mode, arg_max(live_rows, counted_at) AS rows FROM ops.counts GROUP BY ALL
    UNION ALL
    SELECT entity_set, account_id, 'incremental', arg_max(fetched, finished_at) FROM ops.loads
    WHERE mode = 'incremental' AND status = 'ok' GROUP BY ALL
"""

WATERMARKS = "SELECT entity_set, account_id, watermark FROM ops.watermarks WHERE watermark IS NOT NULL"


@dataclass(frozen=True)
class Scope:
    """What one read covers: one account, seen with one set of credentials."""

    tenant: Tenant
    account: Account

    def is_proposal(self, entity_set: EntitySet) -> bool:
        """True when the set may well be missing here: no source shows a path of it, and none has worked yet."""
        worked = self.tenant.profile.working_path(entity_set.name, self.account.account_id)
        sources = entity_set.sources_for(self.tenant.generation)
        return worked is None and all(source.is_inferred for source in sources)


@dataclass(frozen=True)
class Planned:
    """What a sync would ask first, and how much is expected: rows as of the last load, None when unknown."""

    mode: Mode
    address: str
    rows: int | None
    page_size: int


class Engine:
    """Everything that a run needs; make one with `open_engine`, use it for one run.

    Args:
        settings: As loaded.
        preview_rows: Rows of each landed set to keep in its report, without personal and financial columns.
        clock: Gives the time of the load, of the beginning of each read, and of each landing. Only simulations
            of other days give one; what is published, and how long things take to expire, goes by the real time.

    """

    def __init__(self, settings: Settings, *, preview_rows: int = 0, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.catalogue = load_catalogue(settings.catalogue)
        self.warehouse = Warehouse(settings.warehouse_path, settings.state_dir)
        self.load_id = f"{clock():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.listen: Listener = nobody
        self.reports: dict[str, SyncReport] = {}
        self.marts: dict[str, Built] = {}
        self._preview_rows = preview_rows
        self._clock = clock

    @cached_property
    def tenants(self) -> tuple[Tenant, ...]:
        """The connections of the settings; nothing is sent before one is used.

        Raises:
            ConfigurationError: A setting that signing in needs is missing.

        """
        limits = self.settings
        throttle = Throttle(limits.rate, limits.concurrency, limits.daily_requests)
        return tuple(Tenant(each, self.settings, throttle, self.tell) for each in _connections(limits))

    def tell(self, event: Event) -> None:
        """Pass an event on to whoever listens now; what it says to people is redacted here."""
        self.listen(replace(event, text=redact(event.text)) if isinstance(event, Notice) else event)

    @property
    def watermarks(self) -> dict[tuple[str, str], datetime]:
        """Watermarks by entity set and account, as they were when the run began.

        Raises:
            ConfigurationError: The warehouse is stamped with another source.
            ExepronError: Nobody could be signed in.

        """
        return self._landed[0]

    @cached_property
    def _landed(self) -> tuple[dict[tuple[str, str], datetime], dict[tuple[str, str], LandedScope]]:
        """Watermarks and scopes by entity set and account, as they were when the run began."""
        stamps = [tenant.stamp for tenant in self.tenants]
        with self.warehouse.open("begin") as connection:
            check_source(connection, stamps)
            return read_watermarks(connection), read_scopes(connection)

    @cached_property
    def _expected_rows(self) -> dict[tuple[str, str, str], int]:
        """Rows that a read should bring, by entity set, account and mode, as of the published snapshot."""
        if not self.settings.snapshot_path.exists():
            return {}
        with open_snapshot(self.settings.snapshot_path) as reader:
            found = reader.query(EXPECTED_ROWS).to_pylist()
        return {(row["entity_set"], row["account_id"], row["mode"]): row["rows"] for row in found}

    @cached_property
    def _published_watermarks(self) -> dict[tuple[str, str], datetime]:
        """Watermarks by entity set and account as of the published snapshot."""
        with open_snapshot(self.settings.snapshot_path) as reader:
            found = reader.query(WATERMARKS).to_pylist()
        return {(row["entity_set"], row["account_id"]): row["watermark"] for row in found}

    def sign_in(self) -> None:
        """Sign in, see that the warehouse holds this source, read its watermarks: before any set is read.

        Raises:
            ExepronError: One of these cannot be done.

        """
        for tenant in self.tenants:
            _ = tenant.generation, tenant.accounts
        _ = self.watermarks
        for tenant in self.tenants:
            for text in tenant.drift(self.catalogue) or ():
                self.tell(Notice(None, f"The catalogue and the service differ: {text}."))

    # -- the steps of a sync -------------------------------------------------------------------------

    def scopes(self, entity_set: EntitySet) -> list[Scope]:
        """What to read an entity set for: each account of each connection.

        Paths that name no account list the same records whoever is asked for: they are read once a connection.
        """
        found = []
        for tenant in self.tenants:
            sources = entity_set.sources_for(tenant.generation)
            by_account = any("accountId" in source.variables for source in sources)
            accounts = tenant.accounts if by_account else tenant.accounts[:1]
            found += [Scope(tenant, account) for account in accounts]
        return found

    def plan(
        self,
        entity_set: EntitySet,
        scope: Scope,
        *,
        mode: Mode = "incremental",
        since: datetime | None = None,
    ) -> ReadPlan:
        """Plan what to ask; nothing is sent."""
        return plan_read(
            entity_set,
            account_id=scope.account.account_id,
            user_id=scope.account.user_id,
            generation=scope.tenant.generation,
            mode=mode,
            watermark=self._watermark(entity_set, scope) if mode == "incremental" else None,
            lookback_hours=self.settings.lookback_hours,
            since=since,
            personal=self.settings.personal,
        )

    def _watermark(self, entity_set: EntitySet, scope: Scope) -> datetime | None:
        """How far the set was read under its present filter; None when that is another one than before."""
        watermarks, scopes = self._landed
        place = entity_set.name, scope.account.account_id
        is_same = scopes.get(place, LandedScope()).filter == (entity_set.filter or "")
        return watermarks.get(place) if is_same else None

    def read(self, plan: ReadPlan, scope: Scope) -> Pages:
        """Read and decode all pages, and keep what was learnt of the service; the warehouse is not touched."""
        spool = Spool(self.settings.state_dir, self.load_id, plan.entity_set.name, plan.account_id)
        try:
            return read(
                plan,
                scope.tenant.service,
                scope.tenant.dialect,
                self._decoder(plan, scope),
                spool,
                profile=scope.tenant.profile,
                page_size=self._page_size,
                parents=lambda: self._projects(plan.account_id),
                keys_of=lambda page: zip(
                    *(page.table[name].to_pylist() for name in plan.entity_set.key), strict=True
                ),
                listen=self.tell,
                patience=SLOWEST * self.settings.timeout,
                clock=self._clock,
            )
        finally:
            scope.tenant.profile.save()

    @property
    def _page_size(self) -> int | None:
        return None if self.settings.page_size == "auto" else self.settings.page_size

    def _decoder(self, plan: ReadPlan, scope: Scope) -> Decoder:
        policy = self.settings.personal
        return Decoder(
            plan.entity_set,
            generation=plan.generation,
            dialect=scope.tenant.dialect,
            account_id=plan.account_id,
            zone=self.settings.timezone,
            personal=policy,
            hash_key=personal_key(self.settings.state_dir) if policy == "hash" else None,
        )

    def land(self, connection: "DuckDBPyConnection", plan: ReadPlan, pages: Pages) -> Landing:
        """Land what was read, in one transaction."""
        landing = land(connection, self._load(plan, pages), clock=self._clock)
        for note in landing.notes:
            self.listen(Notice(plan.entity_set.name, note))
        return landing

    def _load(self, plan: ReadPlan, pages: Pages) -> Load:
        found = pages.pages
        return Load(
            load_id=self.load_id,
            entity_set=plan.entity_set,
            columns=columns_of(plan.entity_set, self.settings.personal),
            account_id=plan.account_id,
            mode=pages.mode,
            started_at=pages.started_at,
            tables=[page.table for page in found],
            children={
                child.name: [page.children[child.name] for page in found]
                for child in plan.entity_set.children
            },
            rejects=[Rejected(item.key, item.reason, reference) for item, reference in _rejects(pages)],
            fetched=pages.fetched,
            pages=len(found),
            requests=pages.requests,
            source_count=pages.source_count,
            evidence=pages.evidence,
            complete=pages.complete,
            scope=plan.entity_set.filter or "",
            watermark_before=self.watermarks.get((plan.entity_set.name, plan.account_id)),
            max_deleted_share=self.settings.max_deleted_share,
            max_rejected_share=self.settings.max_rejected_share,
            seconds=(self._clock() - pages.started_at).total_seconds(),
        )

    def preview(self, connection: "DuckDBPyConnection", entity_set: EntitySet) -> list[dict[str, Any]]:
        """A few landed rows, without personal and financial columns."""
        return preview(connection, entity_set, self._preview_rows) if self._preview_rows else []

    def _projects(self, account_id: str) -> list[int]:
        """Projects of an account, for paths that are asked once for each of them."""
        with self.warehouse.open("list projects") as connection:
            return live_ids(connection, "projects", "project_id", account_id)

    # -- what comes after the syncs --------------------------------------------------------------------

    def build_marts(self) -> dict[str, Built]:
        """Build every business table from what is landed."""
        with self.warehouse.open("build marts") as connection:
            self.marts = build(connection, calendar_zone=self.settings.calendar_zone or "UTC")
        return self.marts

    def publish(self) -> Published:
        """Replace the analysts' snapshot and Parquet."""
        return publish(self.warehouse, self.settings, load_id=self.load_id)

    # -- looking without reading -----------------------------------------------------------------------

    def moved_on(self, entity_set: EntitySet) -> datetime | None:
        """The newest cursor value in the service where the snapshot has not got it; else, or when unknown, None.

        One small request an account; the writer's file is not opened.

        Raises:
            WarehouseError: Nothing was published yet.
            ExepronError: As the service answers.

        """
        known = self._published_watermarks
        scopes = self.scopes(entity_set) if entity_set.cursor else []
        asked = [scope for scope in scopes if (entity_set.name, scope.account.account_id) in known]
        found = [(self._newest(entity_set, scope), scope.account.account_id) for scope in asked]
        later = [stamp for stamp, account in found if stamp and stamp > known[entity_set.name, account]]
        return max(later, default=None)

    def _newest(self, entity_set: EntitySet, scope: Scope) -> datetime | None:
        plan = self.plan(entity_set, scope, mode="full")
        page = newest_page(
            plan, scope.tenant.service, scope.tenant.dialect, self._decoder(plan, scope), scope.tenant.profile
        )
        if page is None or entity_set.cursor is None or not page.table.num_rows:
            return None
        value: date | None = page.table[entity_set.cursor][0].as_py()
        if value is None or isinstance(value, datetime):
            return value
        return datetime(value.year, value.month, value.day, tzinfo=UTC)

    def planned(self, entity_set: EntitySet) -> list[Planned]:
        """What a sync would send first for an entity set, account by account; nothing is sent."""
        return [self._planned(self.plan(entity_set, scope), scope) for scope in self.scopes(entity_set)]

    def _planned(self, plan: ReadPlan, scope: Scope) -> Planned:
        kit = scope.tenant
        asked = first_question(plan, kit.service, kit.dialect, kit.profile, self._page_size)
        rows = self._expected_rows.get((plan.entity_set.name, plan.account_id, plan.mode))
        return Planned(plan.mode, asked.page(asked.size).at(asked.path, kit.dialect), rows, asked.size)

    def probe(self, entity_set: EntitySet, scope: Scope) -> str:
        """Ask for one record of an entity set and tell in words what came.

        Raises:
            ExepronError: As a sync would end.

        """
        plan = self.plan(entity_set, scope, mode="full")
        tenant = scope.tenant
        path, page = sample_page(plan, tenant.service, tenant.dialect, self._decoder(plan, scope))
        return f"{'offered' if page.rows else 'offered, empty'} at {path}"

    def close(self) -> None:
        """Give back connections."""
        if "tenants" in self.__dict__:
            for tenant in self.tenants:
                tenant.close()


@contextmanager
def open_engine(
    settings: Settings | None = None, *, preview_rows: int = 0, clock: Clock = utc_now
) -> Iterator[Engine]:
    """Make an engine for one run and close it afterwards.

    Args:
        settings: Loaded ones; read from the environment and files when None.
        preview_rows: See `Engine`.
        clock: See `Engine`.

    Raises:
        ConfigurationError: The settings or the catalogue are wrong.

    """
    engine = Engine(settings or load_settings(), preview_rows=preview_rows, clock=clock)
    try:
        yield engine
    finally:
        engine.close()


def _connections(settings: Settings) -> tuple[Connection, ...]:
    """The credentials to use; who has set nothing up at all is shown the way to the sandbox too."""
    try:
        return settings.connections()
    except ConfigurationError as error:
        if is_configured():
            raise
        hint = f"{error.hint} To try it without an account: exepron sandbox exec -- exepron sync"
        raise ConfigurationError(error.message, hint=hint) from None


def _rejects(pages: Pages) -> Iterator[tuple[Reject, str | None]]:
    for page, reference in zip(pages.pages, pages.references, strict=True):
        for item in page.rejects:
            yield item, reference
