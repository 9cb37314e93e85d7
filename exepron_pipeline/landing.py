"""What was read, handed to the warehouse with all that a run knows of it.

Here: the load that is landed or compared. Not here: how it is landed (``land``).
"""

from typing import TYPE_CHECKING, Any

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.decoding import contract_of, decoder_of
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.events import Notice
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import ReadResult
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Landing, Load, Rejected, arrow_files
from exepron_pipeline.land.preview import preview
from exepron_pipeline.normalise.contract import columns_of
from exepron_pipeline.normalise.forgotten import Forgotten
from exepron_pipeline.scope import Scope

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def land_pages(
    engine: Engine, connection: "DuckDBPyConnection", plan: ReadPlan, scope: Scope, pages: ReadResult
) -> Landing:
    """Land what was read, in one transaction.

    Raises:
        WarehouseError: A person was forgotten since the run began: what was read may name them.

    """
    if Forgotten.read(engine.settings.state_dir) != engine.forgotten:
        what = f"{plan.entity_set.name}: a person was forgotten while this was read"
        raise WarehouseError(f"{what}.", hint="Nothing was stored. Run again.")
    landing = land(connection, load_of(engine, plan, scope, pages), clock=engine.clock)
    for note in landing.notes:
        engine.listen(Notice(plan.entity_set.name, note))
    return landing


def load_of(engine: Engine, plan: ReadPlan, scope: Scope, pages: ReadResult) -> Load:
    """What was read, as it is to be landed or compared."""
    return Load(
        load_id=engine.load_id,
        entity_set=plan.entity_set,
        columns=columns_of(plan.entity_set, engine.settings.personal),
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
        contract=contract_of(engine, plan.entity_set),
        decoder=decoder_of(engine, plan.entity_set, plan.account_id, plan.generation),
        unknown=pages.unknown,
        landed_before=engine.before.moments.get((plan.entity_set.name, plan.account_id)),
        watermark_before=engine.before.watermarks.get((plan.entity_set.name, plan.account_id)),
        max_deleted_share=engine.settings.max_deleted_share,
        max_rejected_share=engine.settings.max_rejected_share,
        seconds=(engine.clock() - pages.started_at).total_seconds(),
    )


def preview_of(
    engine: Engine, connection: "DuckDBPyConnection", entity_set: EntitySet
) -> list[dict[str, Any]]:
    """A few landed rows, without personal and financial columns."""
    return preview(connection, entity_set, engine.preview_rows) if engine.preview_rows else []
