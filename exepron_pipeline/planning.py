"""What a run asks a service for, by what had landed when it began.

Here: from which watermark on a set is read, and whether its raw pages may be kept. Not here: the question itself
(``extract/plan.py``). Nothing is sent.
"""

from dataclasses import replace
from datetime import datetime

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.decoding import blanking_of
from exepron_pipeline.engine import Engine
from exepron_pipeline.events import Mode
from exepron_pipeline.extract.plan import ReadPlan, hides, plan_read
from exepron_pipeline.land.scope import Scope as LandedScope
from exepron_pipeline.normalise.contract import stored_columns
from exepron_pipeline.scope import Scope


def plan_sync(
    engine: Engine,
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
        watermark=watermark_of(engine, entity_set, scope) if mode == "incremental" else None,
        lookback_hours=engine.settings.lookback_hours,
        since=since,
        personal=engine.settings.personal,
        is_first=scope.is_first,
    )
    return replace(planned, keep_pages=planned.keep_pages and not _shows_hidden(engine, entity_set))


def watermark_of(engine: Engine, entity_set: EntitySet, scope: Scope) -> datetime | None:
    """How far the set was read under its present filter and columns; None when these are others than before."""
    place = entity_set.name, scope.account.account_id
    is_same = engine.before.scopes.get(place, LandedScope()).filter == (entity_set.filter or "")
    grown = engine.before.has_grown(stored_columns(entity_set, engine.settings.personal), place)
    return engine.before.watermarks.get(place) if is_same and not grown else None


def _shows_hidden(engine: Engine, entity_set: EntitySet) -> bool:
    """True when its raw pages are those of another set too, which names people that it must not name."""
    paths = {source.path for source in entity_set.sources}
    beside = [each for each in engine.catalogue.offered if paths & {source.path for source in each.sources}]
    return any(
        hides(each, engine.settings.personal) or blanking_of(engine, each)
        for each in beside
        if each != entity_set
    )
