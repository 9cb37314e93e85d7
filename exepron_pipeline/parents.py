"""Records that rows of this run name and that are not there: asked for by their keys, and landed.

A record that came to be after its set was read, or that moved without its stamp, is brought so in the same run. Here:
which sets are asked, and what becomes of the answer. Not here: finding such keys, and what did not come
(``land/parents.py``); asking (``reading.py``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import understood
from exepron_pipeline.events import Landed, Notice, SyncReport
from exepron_pipeline.extract.result import ReadResult
from exepron_pipeline.http.redact import redacting_logger
from exepron_pipeline.land.load import Landing
from exepron_pipeline.land.parents import keys_to_ask, missing_parents
from exepron_pipeline.landing import land_pages
from exepron_pipeline.pages import read_keys
from exepron_pipeline.planning import plan_sync
from exepron_pipeline.scope import Scope

log = redacting_logger(__name__)

MOST = 500
"""Keys of one entity set and account that one run asks for, at most."""


def fetch_missing_parents(engine: Engine, entity_sets: Iterable[EntitySet]) -> None:
    """Ask for records that rows of this run name and that are not there; warn of those that do not come.

    Only sets that were read in this run are asked. Counts are added to their reports. Rows whose parents do not come
    stay, and whatever fails is told and stops nothing: what has landed is good without it.

    Args:
        engine: What the run holds, and what came of these sets.
        entity_sets: Those of the run; all of them were read, or failed.

    """
    chosen = list(entity_sets)
    for parent in chosen:
        found, children = engine.reports[parent.name], _written(engine, chosen, parent)
        if found.status == "ok" and len(parent.key) == 1 and children:
            with _failure_told(
                engine, parent.name, "records that rows name could not be asked for by their keys"
            ):
                _fetch(engine, children, parent, found)
    with (
        _failure_told(engine, None, "whether rows name records that are not there could not be seen"),
        engine.warehouse.open("look for missing parents") as connection,
    ):
        for missing in missing_parents(connection, chosen):
            engine.tell(Notice(missing.entity_set, str(missing)))


@contextmanager
def _failure_told(engine: Engine, entity_set: str | None, what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        log.debug("%s", what, exc_info=True)
        engine.tell(Notice(entity_set, f"{what}: {understood(error)}"))


def _written(engine: Engine, entity_sets: Iterable[EntitySet], parent: EntitySet) -> list[EntitySet]:
    """The sets that name records of ``parent``, and of which this run wrote rows."""
    results = ((each, engine.reports[each.name]) for each in entity_sets)
    written = [each for each, found in results if found.inserted or found.updated]
    named = f"{parent.name}."
    return [each for each in written if any((c.references or "").startswith(named) for c in each.columns)]


def _fetch(engine: Engine, entity_sets: list[EntitySet], parent: EntitySet, report: SyncReport) -> None:
    with engine.warehouse.open("look for missing parents", keep=lambda: True) as connection:
        wanted = keys_to_ask(connection, entity_sets, parent, engine.load_id)
    scopes = {scope.account.account_id: scope for scope in engine.scopes(parent)} if wanted else {}
    for account in wanted.keys() & scopes.keys():
        *keys, known = wanted[account]
        _fetch_of(engine, parent, scopes[account], [*keys[:MOST], known], report)


def _fetch_of(engine: Engine, parent: EntitySet, scope: Scope, keys: list[Any], report: SyncReport) -> None:
    """Ask for keys of one account, the last of which is there, and land what came besides that one."""
    plan = replace(plan_sync(engine, parent, scope, mode="full"), mode="incremental", keep_pages=False)
    with read_keys(engine, plan, scope, [(key,) for key in keys]) as pages:
        report.requests += pages.requests
        if pages.fetched > 1:
            with engine.holding(parent) as connection:
                landing = land_pages(engine, connection, plan, scope, pages)
            add_counts(report, pages, landing)
            report.rows = (report.rows or 0) + landing.inserted
            engine.tell(Landed(parent.name, landing.inserted, landing.updated, landing.deleted))


def add_counts(report: SyncReport, pages: ReadResult, landing: Landing) -> None:
    """Add what one landing of a read counted to the entity set's report."""
    report.pages += pages.page_count
    report.fetched += pages.fetched
    report.inserted += landing.inserted
    report.updated += landing.updated
    report.unchanged += landing.unchanged
    report.deleted += landing.deleted
    report.quarantined += landing.quarantined
