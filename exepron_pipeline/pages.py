"""The pages of one read, in the spool for the time of a block: all of a set, or certain keys, or ahead of its turn.

Here: when a read begins, where its pages lie, and which interrupted read it goes on with. Not here: how it is read
(``reading.py``), and whose turn it is (``ahead.py``).
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from importlib import metadata

from exepron_pipeline.ahead import PostponedError
from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.engine import Engine
from exepron_pipeline.events import Mode
from exepron_pipeline.extract.by_key import Key
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import ReadResult
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.planning import plan_sync
from exepron_pipeline.reading import Reading
from exepron_pipeline.scope import Scope

_version = cache(metadata.version)
PATIENCE = timedelta(hours=6)
"""So old an interrupted read may be at most to be gone on with."""


def read_ahead(
    engine: Engine, entity_sets: Sequence[EntitySet], *, mode: Mode, since: datetime | None
) -> AbstractContextManager[None]:
    """For the time of a block, read the next entity sets while one is landed; `read_pages` then has them sooner.

    Reconciles look into the warehouse while they read, and paths below each project need the projects landed:
    those are read when their turn comes.
    """

    def read_early(entity_set: EntitySet, scope: Scope) -> AbstractContextManager[ReadResult]:
        plan = plan_sync(engine, entity_set, scope, mode=mode, since=since)
        return _spooled(engine, plan, scope)

    each = [(item, scope) for item in entity_sets for scope in engine.scopes(item)]
    early = [(item, scope) for item, scope in each if mode != "reconcile" and scope.stands_alone(item)]
    return engine.ahead.of((scope.place(item), partial(read_early, item, scope)) for item, scope in early)


@contextmanager
def read_pages(engine: Engine, plan: ReadPlan, scope: Scope) -> Iterator[ReadResult]:
    """Read all pages into the spool, where they are for the time of the block; the warehouse is not touched."""
    early = engine.ahead.take(scope.place(plan.entity_set))
    if early is None or not early.done():
        engine.warehouse.let_go()
    try:
        stack, pages = early.result() if early else (ExitStack(), None)
    except PostponedError:
        stack, pages = ExitStack(), None
    with stack:
        yield pages or stack.enter_context(_spooled(engine, plan, scope))


def read_keys(
    engine: Engine, plan: ReadPlan, scope: Scope, keys: Sequence[Key]
) -> AbstractContextManager[ReadResult]:
    """Read the records that have these keys into the spool, for the time of a block.

    Args:
        engine: What the run holds.
        plan: An incremental read of the set from its beginning.
        scope: Of which account, with which credentials.
        keys: The last one is known to be there.

    """
    engine.warehouse.let_go()
    return _spooled(engine, plan, scope, keys)


@contextmanager
def _spooled(engine: Engine, plan: ReadPlan, scope: Scope, keys: Sequence[Key] = ()) -> Iterator[ReadResult]:
    """Read into the spool, all or certain keys.

    What was learnt of the service is kept. When something passing ends the block, the next run goes on
    where this one stopped.
    """
    spool = Spool(
        engine.settings.state_dir,
        engine.load_id,
        plan.entity_set.name,
        plan.account_id,
        scope=_scope_of(engine, plan, scope),
        patience=_patience(engine),
    )
    with spool.held():
        try:
            reading = Reading(engine, plan, scope, spool)
            pages = reading.single(keys) if keys else reading.pages()
        finally:
            scope.tenant.profile.save_news()
        yield pages


def _scope_of(engine: Engine, plan: ReadPlan, scope: Scope) -> str:
    """What the records of a read depend on besides the question: catalogue, user, settings, what landed before."""
    kept, before = engine.settings, engine.before.moments.get((plan.entity_set.name, plan.account_id))
    parts = (
        _version("exepron-pipeline"),
        plan.entity_set.model_dump_json(),
        scope.account,
        plan.generation,
        plan.mode,
        (kept.personal, kept.timezone, kept.contract),
        sorted(engine.forgotten.hashes),
        before,
    )
    return repr(parts)


def _patience(engine: Engine) -> timedelta:
    """How old an interrupted read may be: a record that changed meanwhile is within the lookback of the next."""
    return min(PATIENCE, timedelta(hours=engine.settings.lookback_hours) / 2)
