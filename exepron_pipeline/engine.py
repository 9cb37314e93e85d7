"""What a run holds in its hands: settings, catalogue, tenants, warehouse, and who listens.

Here: one short method for each step that ``sync.py`` tells as a story, each a call into the package that
does it. Not here: the order of the steps, and how any of them works.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, cached_property, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from exepron_pipeline.ahead import Ahead, PostponedError
from exepron_pipeline.catalogue import EntitySet, load_catalogue
from exepron_pipeline.catalogue.fields import Contract
from exepron_pipeline.catalogue.people import people_in
from exepron_pipeline.clock import Clock, utc_now
from exepron_pipeline.errors import ConfigurationError, ExepronError, WarehouseError
from exepron_pipeline.events import Event, Listener, Mode, Notice, SyncReport, nobody
from exepron_pipeline.extract.by_key import Key
from exepron_pipeline.extract.plan import FAN_OUT, ReadPlan, hides, plan_read
from exepron_pipeline.extract.result import ReadResult
from exepron_pipeline.extract.spool import Spool, drop_pages
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.land.attempts import read_attempts
from exepron_pipeline.land.before import Before, read_before
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Landing, Load, Rejected, arrow_files
from exepron_pipeline.land.parents import missing_parents
from exepron_pipeline.land.policy import apply_policy
from exepron_pipeline.land.preview import live_ids, preview
from exepron_pipeline.land.scope import Scope as LandedScope
from exepron_pipeline.land.source import check_source
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.marts import Asked, Built, build
from exepron_pipeline.normalise import Decoder, personal_key
from exepron_pipeline.normalise.contract import columns_of, stored_columns
from exepron_pipeline.normalise.forgotten import Blanking, Forgotten
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.publish.forget import Erased, forget
from exepron_pipeline.publish.former import Unfinished, drop_former, write_anew
from exepron_pipeline.publish.snapshot import Published, publish
from exepron_pipeline.reading import Reading
from exepron_pipeline.settings import Connection, Settings, is_configured, load_settings
from exepron_pipeline.tenant import Account, Tenant

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_version = cache(metadata.version)
PATIENCE = timedelta(hours=6)
"""So old an interrupted read may be at most to be gone on with."""


@dataclass(frozen=True)
class Scope:
    """What one read covers: one account, seen with one set of credentials."""

    tenant: Tenant
    account: Account
    is_first: bool = True
    """False for further accounts of the same credentials."""

    def is_proposal(self, entity_set: EntitySet) -> bool:
        """True when the set may well be missing here: no source shows a path of it, and none has worked yet."""
        worked = self.tenant.profile.working_path(entity_set.name, self.account.account_id)
        sources = entity_set.sources_for(self.tenant.generation)
        return worked is None and all(source.is_inferred for source in sources)


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
        self._ahead = Ahead()
        self.reports: dict[str, SyncReport] = {}
        self.marts: dict[str, Built] = {}
        self._preview_rows = preview_rows
        self.clock = clock

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
        self._ahead.check()
        self.listen(replace(event, text=redact(event.text)) if isinstance(event, Notice) else event)

    @cached_property
    def before(self) -> Before:
        """What had landed when the run began.

        Raises:
            ConfigurationError: The warehouse is stamped with another source.
            ExepronError: Nobody could be signed in.

        """
        stamps = [tenant.stamp for tenant in self._signed_in]
        with self.warehouse.open("begin") as connection:
            check_source(connection, stamps)
            return read_before(connection)

    @cached_property
    def shut_out(self) -> dict[str, ExepronError]:
        """Connections that cannot be read now, by name, and why; the others go on without them.

        Raises:
            ExepronError: None of them can be read.

        """
        found: dict[str, ExepronError] = {}
        for tenant in self.tenants:
            try:
                _ = tenant.generation, tenant.accounts
            except ExepronError as error:
                found[tenant.connection.name] = error
        if len(found) == len(self.tenants):
            raise next(iter(found.values()))
        return found

    @property
    def _signed_in(self) -> list[Tenant]:
        return [tenant for tenant in self.tenants if tenant.connection.name not in self.shut_out]

    def sign_in(self) -> None:
        """Sign in, see that the warehouse holds this source, read its watermarks: before any set is read.

        Raises:
            ExepronError: One of these cannot be done.

        """
        _ = self.before
        for tenant in self._signed_in:
            for text in tenant.drift(self.catalogue) or ():
                self.tell(Notice(None, f"The catalogue and the service differ: {text}."))

    def apply_policy(self) -> None:
        """Bring rows under the policy for personal data, when they landed under another one; nothing of them stays.

        What a run that was killed meanwhile left of them goes too.

        Raises:
            WarehouseError, WarehouseBusyError: The warehouse cannot be used.

        """
        policy, state_dir = self.settings.personal, self.settings.state_dir
        key, unfinished = personal_key(state_dir) if policy == "hash" else None, Unfinished(state_dir)
        with self.warehouse.open("apply EXEPRON_PERSONAL") as connection:
            changed = apply_policy(connection, self.catalogue, policy, key, unfinished.add)
        self.__dict__.pop("before", None)
        left = unfinished.names()
        if not left:
            return
        columns = "; ".join(f"{name}: {', '.join(each)}" for name, each in changed.items()) or ", ".join(left)
        self.tell(Notice(None, f"EXEPRON_PERSONAL={policy} is applied to what landed before ({columns})."))
        drop_pages(state_dir, left, ())
        self.build_marts()
        write_anew(self.warehouse)
        if self.settings.snapshot_path.exists():
            self.publish()
        drop_former(self.settings.snapshot_path, self.settings.parquet_dir)
        unfinished.done()

    # -- the steps of a sync -------------------------------------------------------------------------

    def scopes(self, entity_set: EntitySet) -> list[Scope]:
        """What to read an entity set for: each account of each connection.

        Paths that name no account list the same records whoever is asked for: they are read once a connection.
        Connections that could not sign in are not among them (`shut_out`).
        """
        found = []
        for tenant in self._signed_in:
            sources = entity_set.sources_for(tenant.generation)
            by_account = any("accountId" in source.variables for source in sources)
            accounts = tenant.accounts if by_account else tenant.accounts[:1]
            found += [Scope(tenant, account, place == 0) for place, account in enumerate(accounts)]
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
        planned = plan_read(
            entity_set,
            account_id=scope.account.account_id,
            user_id=scope.account.user_id,
            generation=scope.tenant.generation,
            mode=mode,
            watermark=self.watermark(entity_set, scope) if mode == "incremental" else None,
            lookback_hours=self.settings.lookback_hours,
            since=since,
            personal=self.settings.personal,
            is_first=scope.is_first,
        )
        return replace(planned, keep_pages=planned.keep_pages and not self._shows_hidden(entity_set))

    def _shows_hidden(self, entity_set: EntitySet) -> bool:
        """True when its raw pages are those of another set too, which names people that it must not name."""
        paths = {source.path for source in entity_set.sources}
        beside = [each for each in self.catalogue.offered if paths & {source.path for source in each.sources}]
        return any(
            hides(each, self.settings.personal) or self._blanking(each)
            for each in beside
            if each != entity_set
        )

    def watermark(self, entity_set: EntitySet, scope: Scope) -> datetime | None:
        """How far the set was read under its present filter and columns; None when these are others than before."""
        place = entity_set.name, scope.account.account_id
        is_same = self.before.scopes.get(place, LandedScope()).filter == (entity_set.filter or "")
        grown = self.before.has_grown(stored_columns(entity_set, self.settings.personal), place)
        return self.before.watermarks.get(place) if is_same and not grown else None

    def reading_ahead(
        self, entity_sets: Sequence[EntitySet], *, mode: Mode, since: datetime | None
    ) -> AbstractContextManager[None]:
        """For the time of a block, read the next entity sets while one is landed; `reading` then has them sooner.

        Reconciles look into the warehouse while they read, and paths below each project need the projects landed:
        those are read when their turn comes.
        """

        def read_early(entity_set: EntitySet, scope: Scope) -> AbstractContextManager[ReadResult]:
            plan = self.plan(entity_set, scope, mode=mode, since=since)
            return self._reading(plan, scope)

        each = [(item, scope) for item in entity_sets for scope in self.scopes(item)]
        early = [
            (item, scope) for item, scope in each if mode != "reconcile" and self._stands_alone(item, scope)
        ]
        return self._ahead.of(
            (_place(item, scope), partial(read_early, item, scope)) for item, scope in early
        )

    def _stands_alone(self, entity_set: EntitySet, scope: Scope) -> bool:
        """True when a read of it needs nothing of the warehouse, as far as is known."""
        sources = {each.path: each for each in entity_set.sources_for(scope.tenant.generation)}
        path = scope.tenant.profile.working_path(entity_set.name, scope.account.account_id)
        likely = [sources[path]] if path in sources else list(sources.values())
        return not any(FAN_OUT in source.variables for source in likely)

    @contextmanager
    def reading(self, plan: ReadPlan, scope: Scope) -> Iterator[ReadResult]:
        """Read all pages into the spool, where they are for the time of the block; the warehouse is not touched."""
        early = self._ahead.take(_place(plan.entity_set, scope))
        if early is None or not early.done():
            self.warehouse.let_go()
        try:
            stack, pages = early.result() if early else (ExitStack(), None)
        except PostponedError:
            stack, pages = ExitStack(), None
        with stack:
            yield pages or stack.enter_context(self._reading(plan, scope))

    def reading_keys(
        self, plan: ReadPlan, scope: Scope, keys: Sequence[Key]
    ) -> AbstractContextManager[ReadResult]:
        """Read the records that have these keys into the spool, for the time of a block.

        Args:
            plan: An incremental read of the set from its beginning.
            scope: Of which account, with which credentials.
            keys: The last one is known to be there.

        """
        self.warehouse.let_go()
        return self._reading(plan, scope, keys)

    @contextmanager
    def _reading(self, plan: ReadPlan, scope: Scope, keys: Sequence[Key] = ()) -> Iterator[ReadResult]:
        """Read into the spool, all or certain keys.

        What was learnt of the service is kept. When something passing ends the block, the next run goes on
        where this one stopped.
        """
        spool = Spool(
            self.settings.state_dir,
            self.load_id,
            plan.entity_set.name,
            plan.account_id,
            scope=self._scope_of(plan, scope),
            patience=self._patience,
        )
        with spool.held():
            try:
                reading = Reading(self, plan, scope, spool)
                pages = reading.single(keys) if keys else reading.pages()
            finally:
                scope.tenant.profile.save_news()
            yield pages

    def _scope_of(self, plan: ReadPlan, scope: Scope) -> str:
        """What the records of a read depend on besides the question: catalogue, user, settings, what landed before."""
        kept, before = self.settings, self.before.moments.get((plan.entity_set.name, plan.account_id))
        parts = (
            _version("exepron-pipeline"),
            plan.entity_set.model_dump_json(),
            scope.account,
            plan.generation,
            plan.mode,
            (kept.personal, kept.timezone, kept.contract),
            sorted(self.forgotten.hashes),
            before,
        )
        return repr(parts)

    @property
    def _patience(self) -> timedelta:
        """How old an interrupted read may be: a record that changed meanwhile is within the lookback of the next."""
        return min(PATIENCE, timedelta(hours=self.settings.lookback_hours) / 2)

    @property
    def page_size(self) -> int | None:
        """Records a page, as set; None: as many as the service allows."""
        return None if self.settings.page_size == "auto" else self.settings.page_size

    def decoder(self, entity_set: EntitySet, account_id: str, generation: str) -> Decoder:
        """What decodes pages of an entity set of an account, as a generation writes them."""
        policy = self.settings.personal
        return Decoder(
            entity_set,
            generation=generation,
            dialect=DIALECTS[generation],
            account_id=account_id,
            zone=self.settings.timezone,
            personal=policy,
            hash_key=personal_key(self.settings.state_dir) if policy == "hash" else None,
            discards=self.contract(entity_set) == "discard",
            blank=self._blanking(entity_set),
        )

    @cached_property
    def forgotten(self) -> Forgotten:
        """The people whose names are stored nowhere any more."""
        return Forgotten.read(self.settings.state_dir)

    def _blanking(self, entity_set: EntitySet) -> Blanking | None:
        naming = people_in(self.catalogue).get(entity_set.name) if self.forgotten else None
        return Blanking(entity_set, naming, self.forgotten) if naming else None

    def contract(self, entity_set: EntitySet) -> Contract:
        """What becomes of fields that the catalogue does not name."""
        return entity_set.contract or self.settings.contract

    def holding(self, entity_set: EntitySet) -> AbstractContextManager["DuckDBPyConnection"]:
        """Hold the warehouse for the time of a block, to land an entity set; and on, when the next one is read already."""
        return self.warehouse.open(f"sync {entity_set.name}", keep=lambda: self._ahead.is_next_done)

    def land(
        self, connection: "DuckDBPyConnection", plan: ReadPlan, scope: Scope, pages: ReadResult
    ) -> Landing:
        """Land what was read, in one transaction.

        Raises:
            WarehouseError: A person was forgotten since the run began: what was read may name them.

        """
        if Forgotten.read(self.settings.state_dir) != self.forgotten:
            what = f"{plan.entity_set.name}: a person was forgotten while this was read"
            raise WarehouseError(f"{what}.", hint="Nothing was stored. Run again.")
        landing = land(connection, self.load_of(plan, scope, pages), clock=self.clock)
        for note in landing.notes:
            self.listen(Notice(plan.entity_set.name, note))
        return landing

    def load_of(self, plan: ReadPlan, scope: Scope, pages: ReadResult) -> Load:
        """What was read, as it is to be landed or compared."""
        return Load(
            load_id=self.load_id,
            entity_set=plan.entity_set,
            columns=columns_of(plan.entity_set, self.settings.personal),
            account_id=plan.account_id,
            mode=pages.mode,
            started_at=pages.started_at,
            tables=arrow_files(pages.files()),
            children={child.name: arrow_files(pages.files(child.name)) for child in plan.entity_set.children},
            references={page.number: page.reference for page in pages.pages},
            rejects=[
                Rejected(item.key, item.reason, page.reference, item.position)
                for page in pages.pages
                for item in page.rejects
            ],
            seen=arrow_files(pages.seen_files()),
            asked=plan.asked,
            lower=plan.lower,
            single=pages.single,
            reader=scope.tenant.reader(scope.account),
            fetched=pages.fetched,
            pages=pages.page_count,
            requests=pages.requests,
            source_count=pages.source_count,
            evidence=pages.evidence,
            complete=pages.complete,
            scope=plan.entity_set.filter or "",
            contract=self.contract(plan.entity_set),
            decoder=self.decoder(plan.entity_set, plan.account_id, plan.generation),
            unknown=pages.unknown,
            landed_before=self.before.moments.get((plan.entity_set.name, plan.account_id)),
            watermark_before=self.before.watermarks.get((plan.entity_set.name, plan.account_id)),
            max_deleted_share=self.settings.max_deleted_share,
            max_rejected_share=self.settings.max_rejected_share,
            seconds=(self.clock() - pages.started_at).total_seconds(),
        )

    def tell_of_missing_parents(self, entity_sets: list[EntitySet]) -> None:
        """Warn of rows that name records which are not there; they stay, and nothing stops."""
        with self.warehouse.open("look for missing parents") as connection:
            for found in missing_parents(connection, entity_sets):
                self.tell(Notice(found.entity_set, str(found)))

    def preview(self, connection: "DuckDBPyConnection", entity_set: EntitySet) -> list[dict[str, Any]]:
        """A few landed rows, without personal and financial columns."""
        return preview(connection, entity_set, self._preview_rows) if self._preview_rows else []

    def projects(self, account_id: str) -> list[int]:
        """Projects of an account, for paths that are asked once for each of them."""
        if self._ahead.is_here:
            raise PostponedError
        with self.warehouse.open("list projects") as connection:
            return live_ids(connection, "projects", "project_id", account_id)

    # -- what comes after the syncs --------------------------------------------------------------------

    def build_marts(self) -> dict[str, Built]:
        """Build every business table from what is landed."""
        with self.warehouse.open("build marts") as connection:
            zone = self.settings.calendar_zone or "UTC"
            asked = Asked(self.catalogue, read_attempts(self.settings.state_dir))
            self.marts = build(connection, calendar_zone=zone, asked=asked)
        return self.marts

    def publish(self, *, keep: int = 0) -> Published:
        """Replace the analysts' snapshot and Parquet; keep so many snapshots."""
        return publish(self.warehouse, self.settings, keep=keep)

    def forget(self, user_id: str) -> Erased:
        """Erase a person from everything that is stored; analysts get new files, and no former version stays."""
        erased = forget(self.warehouse, self.settings, self.catalogue, user_id)
        if self.warehouse.exists and self.settings.snapshot_path.exists():
            self.build_marts()
            published = publish(self.warehouse, self.settings, old_versions=0)
            erased.rewritten += [published.snapshot, published.parquet]
        return erased

    def close(self) -> None:
        """Give back connections."""
        self.warehouse.let_go()
        if "tenants" in self.__dict__:
            for tenant in self.tenants:
                tenant.close()


def _place(entity_set: EntitySet, scope: Scope) -> tuple[str, str, str]:
    return entity_set.name, scope.tenant.connection.name, scope.account.account_id


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
