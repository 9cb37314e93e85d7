"""THE FILE TO READ FIRST: how an entity set travels from the service into the warehouse.

`sync` is the whole story: plan what to ask, read the pages into the spool, land them from there in one
transaction, for each account. `sync_all` tells it for many sets, one after the other, the next ones being read while
one is landed; one that fails never stops the rest. Not here: how a step works (``planning.py``, ``pages.py`` and ``landing.py`` lead to the packages that do it).
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from exepron_pipeline.catalogue import Catalogue, EntitySet
from exepron_pipeline.engine import Engine, open_engine
from exepron_pipeline.erasure import apply_policy
from exepron_pipeline.errors import (
    ConfigurationError,
    EntitySetMissingError,
    NotPermittedError,
    WarehouseError,
    understood,
)
from exepron_pipeline.events import Landed, Mode, Notice, RunReport, Status, SyncReport
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import ReadResult, weakest
from exepron_pipeline.extract.spool import drop_old
from exepron_pipeline.http.redact import redact, redacting_logger
from exepron_pipeline.land.attempts import record_attempt
from exepron_pipeline.land.load import Landing
from exepron_pipeline.landing import land_pages, preview_of
from exepron_pipeline.pages import read_ahead, read_pages
from exepron_pipeline.parents import add_counts, fetch_missing_parents
from exepron_pipeline.planning import plan_sync
from exepron_pipeline.settings import load_settings

log = redacting_logger(__name__)


def sync(
    entity_set: EntitySet, engine: Engine, *, mode: Mode = "incremental", since: datetime | None = None
) -> SyncReport:
    """Bring one entity set up to date, for every account; a failure is in the report, not raised.

    Args:
        entity_set: An entry of the engine's catalogue.
        engine: Who we are, where rows go, who listens.
        mode: ``incremental`` asks for what changed since the watermark (a set without a cursor is read
            whole), ``full`` for everything, ``reconcile`` for everything and marks what is gone.
        since: Ask for what changed since then instead of since the watermark.

    """
    report = SyncReport(entity_set.name, mode=mode)
    with _told(report, engine):
        for name, error in engine.shut_out.items():
            _fail(report, error, f"[accounts.{name}]: {error}")
        for scope in engine.scopes(entity_set):
            with _outcome(report, is_proposal=scope.is_proposal(entity_set)):
                plan = plan_sync(engine, entity_set, scope, mode=mode, since=since)
                with read_pages(engine, plan, scope) as pages, engine.holding(entity_set) as connection:
                    landing = land_pages(engine, connection, plan, scope, pages)
                    report.preview = preview_of(engine, connection, entity_set)
                _add(report, plan, pages, landing, engine)
    return report


def sync_all(
    engine: Engine, names: Iterable[str] = (), *, mode: Mode = "incremental", since: datetime | None = None
) -> RunReport:
    """Sync several entity sets, all of the catalogue's when no name is given.

    Raises:
        ConfigurationError: A name is not in the catalogue, the settings are wrong, or ``since`` is given for
            a read of everything.
        ExepronError: Nobody could be signed in; nothing was read.

    """
    if since is not None and mode != "incremental":
        raise ConfigurationError(f"--since does not go with a {mode} read.", hint="Leave one of them out.")
    chosen = choose(engine.catalogue, names)
    engine.sign_in()
    apply_policy(engine)
    drop_old(engine.settings.state_dir)
    report = RunReport(engine.load_id)
    with read_ahead(engine, chosen, mode=mode, since=since):
        for entity_set in chosen:
            report.entity_sets[entity_set.name] = sync(entity_set, engine, mode=mode, since=since)
    fetch_missing_parents(engine, chosen)
    return report


def choose(catalogue: Catalogue, names: Iterable[str]) -> list[EntitySet]:
    """Find entity sets by name, or all that can be read.

    Raises:
        ConfigurationError: One is unknown, switched off, or has no path.

    """
    wanted = list(names)
    offered = {entity_set.name: entity_set for entity_set in catalogue.offered}
    wrong = [name for name in wanted if name not in offered]
    if wrong:
        reason = (
            "has no path or is switched off"
            if wrong[0] in catalogue.entity_sets
            else "is not in the catalogue"
        )
        raise ConfigurationError(f"{wrong[0]} {reason}.", hint=f"There are: {', '.join(offered)}.")
    return [offered[name] for name in wanted] or list(offered.values())


def parse_since(text: str | None) -> datetime | None:
    """Read the moment that ``--since`` or a run's configuration names; UTC when it has no offset.

    Raises:
        ConfigurationError: It is no ISO 8601 date or time.

    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = "Write it like 2026-03-01 or 2026-03-01T06:00:00Z."
        raise ConfigurationError(f"{text!r} is no date or time.", hint=hint) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def run(*names: str, full: bool = False, since: str | None = None, **settings: object) -> RunReport:
    """Sync from Python: ``ep.sync("tasks", full=True)``; the twin of ``exepron sync``.

    Args:
        names: Entity sets; all of them when none is named.
        full: Read everything instead of what changed.
        since: Read what changed since then (ISO 8601).
        settings: Settings by name that win over environment and files: ``data_dir="elsewhere"``.

    Raises:
        ExepronError: As `sync_all` tells; what fails for single sets is in the report.

    """
    with open_engine(load_settings(**settings)) as engine:
        return sync_all(engine, names, mode="full" if full else "incremental", since=parse_since(since))


@contextmanager
def _told(report: SyncReport, engine: Engine) -> Iterator[None]:
    """Take the time, then tell and keep what came of it."""
    started = time.monotonic()
    yield
    report.seconds = time.monotonic() - started
    engine.reports[report.entity_set] = report
    try:
        record_attempt(engine.settings.state_dir, engine.load_id, report)
    except WarehouseError as error:  # it changes nothing of what came of the sync
        engine.tell(Notice(report.entity_set, str(error)))
    engine.tell(report)


@contextmanager
def _outcome(report: SyncReport, *, is_proposal: bool) -> Iterator[None]:
    """Turn what stops one account's read into the report's status; the next account goes on.

    A set of which only proposed paths are known may be missing; where a source shows one, missing is a failure.
    """
    try:
        yield
    except Exception as found:
        error = understood(found)
        log.debug("%s failed", report.entity_set, exc_info=True)
        if isinstance(error, NotPermittedError):
            absent: Status = "not_permitted"
        elif isinstance(error, EntitySetMissingError) and is_proposal:
            absent = "not_offered"
        else:
            _fail(report, error, str(error))
            return
        report.error = report.error or redact(str(error))
        if report.status == "ok" and not report.pages:
            report.status = absent


def _fail(report: SyncReport, error: Exception, text: str) -> None:
    """One account failed; whatever the others bring, the entity set is not whole."""
    report.error = redact(text)
    report.status, report.failure = "failed", error


def _add(report: SyncReport, plan: ReadPlan, pages: ReadResult, landing: Landing, engine: Engine) -> None:
    """Add one account's figures to the entity set's report."""
    first = report.pages == 0
    report.status = "failed" if report.status == "failed" else "ok"
    report.mode = pages.mode
    report.requests += pages.requests
    add_counts(report, pages, landing)
    report.rows = (report.rows or 0) + landing.live_rows
    report.evidence = pages.evidence if first else weakest([report.evidence, pages.evidence])
    report.complete = report.evidence != "none"
    if pages.source_count is not None:
        report.source_count = (report.source_count or 0) + pages.source_count
    before = engine.before.watermarks.get((plan.entity_set.name, plan.account_id))
    report.watermark_before = _latest(report.watermark_before, before)
    report.watermark_after = _latest(report.watermark_after, landing.watermark_after)
    engine.tell(Landed(report.entity_set, landing.inserted, landing.updated, landing.deleted))


def _latest(known: str | None, moment: datetime | None) -> str | None:
    texts = [text for text in (known, moment.isoformat() if moment else None) if text]
    return max(texts, key=datetime.fromisoformat, default=None)
