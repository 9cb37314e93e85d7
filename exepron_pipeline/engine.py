"""What a run holds in its hands: settings, catalogue, tenants, warehouse, what had landed before, and who listens.

Here: making these when they are first wanted, and giving them back; and what is made of all that has landed: marts,
snapshot, Parquet. Not here: the steps of a sync (``planning.py``, ``pages.py``, ``landing.py``), their order
(``sync.py``).
"""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from exepron_pipeline.ahead import Ahead
from exepron_pipeline.catalogue import EntitySet, load_catalogue
from exepron_pipeline.clock import Clock, utc_now
from exepron_pipeline.errors import ConfigurationError, ExepronError
from exepron_pipeline.events import Event, Listener, Notice, SyncReport, nobody
from exepron_pipeline.http.redact import redact
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.land.attempts import read_attempts
from exepron_pipeline.land.before import Before, read_before
from exepron_pipeline.land.source import check_source
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.marts import Asked, Built, build
from exepron_pipeline.normalise.forgotten import Forgotten
from exepron_pipeline.publish.snapshot import Published, publish
from exepron_pipeline.scope import Scope, scopes_of
from exepron_pipeline.settings import Connection, Settings, is_configured, load_settings
from exepron_pipeline.tenant import Tenant

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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
        self.ahead = Ahead()
        self.reports: dict[str, SyncReport] = {}
        self.marts: dict[str, Built] = {}
        self.preview_rows = preview_rows
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
        self.ahead.check()
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

    def scopes(self, entity_set: EntitySet) -> list[Scope]:
        """What to read an entity set for, with each connection that could sign in."""
        return [scope for tenant in self._signed_in for scope in scopes_of(tenant, entity_set)]

    @property
    def page_size(self) -> int | None:
        """Records a page, as set; None: as many as the service allows."""
        return None if self.settings.page_size == "auto" else self.settings.page_size

    @cached_property
    def forgotten(self) -> Forgotten:
        """The people whose names are stored nowhere any more."""
        return Forgotten.read(self.settings.state_dir)

    def holding(self, entity_set: EntitySet) -> AbstractContextManager["DuckDBPyConnection"]:
        """Hold the warehouse for the time of a block, to land an entity set; and on, when the next one is read already, or all are."""
        return self.warehouse.open(
            f"sync {entity_set.name}", keep=lambda: self.ahead.is_next_done or self.ahead.is_all_taken
        )

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

    def close(self) -> None:
        """Give back connections."""
        self.warehouse.let_go()
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
