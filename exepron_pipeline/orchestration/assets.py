"""One asset for each entity set of the catalogue, made by one factory.

Here: how Dagster calls `sync` and what it is told. Not here: what a sync does, checks' meaning
(``checks.py``), the shape of metadata (``metadata.py``).
"""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.engine import Engine
from exepron_pipeline.errors import AuditError
from exepron_pipeline.events import Mode, SyncReport
from exepron_pipeline.orchestration.checks import (
    audit_check,
    audit_result,
    completeness_check,
    completeness_result,
    failed_audit,
)
from exepron_pipeline.orchestration.described import Attempts, of_entity_set
from exepron_pipeline.orchestration.failures import failures_told, raise_failure
from exepron_pipeline.orchestration.keys import MODE_TAG, POOL_API, api_key, core_key
from exepron_pipeline.orchestration.metadata import column_schema, sync_metadata
from exepron_pipeline.parents import fetch_missing_parents
from exepron_pipeline.sync import parse_since, sync

FRESH_FOR = {"hourly": timedelta(hours=6), "daily": timedelta(days=2), "weekly": timedelta(days=9)}
"""An asset older than this is stale: several refreshes in a row have not come."""

Told = dg.MaterializeResult[None] | dg.AssetCheckResult


class SyncConfig(dg.Config):
    """Run configuration of an entity set: read everything, or what changed since a moment (ISO 8601)."""

    full: bool = False
    since: str | None = None


def build_source_spec(entity_set: EntitySet, prefix: str) -> dg.AssetSpec:
    """The entity set in the service: where the lineage begins."""
    paths = "\n".join(f"- `{source.path}` ({source.source})" for source in entity_set.sources)
    return dg.AssetSpec(
        api_key(prefix, entity_set.name),
        description=f"{entity_set.description}\n\nIn Exepron; read by the asset of the same name in `core`.",
        group_name="api",
        kinds={"odata"},
        metadata={"paths": dg.MetadataValue.md(paths)},
    )


def build_entity_set_asset(
    entity_set: EntitySet,
    prefix: str,
    *,
    personal: Personal,
    priority: int = 0,
    attempts: Attempts | None = None,
) -> dg.AssetsDefinition:
    """The table ``core.<entity_set>``, brought up to date by `sync`.

    Args:
        entity_set: An offered entry of the catalogue.
        prefix: First part of the key.
        personal: The policy that decides which columns are stored.
        priority: Of two sets that could be read next, the higher one is; some need the projects of another.
        attempts: The last attempts, by entity set: the description tells how it stands in this account.

    """
    key = core_key(prefix, entity_set.name)

    @dg.asset(
        key=key,
        deps=[api_key(prefix, entity_set.name)],
        description=of_entity_set(entity_set.description, entity_set.name, attempts or {}),
        group_name="core",
        kinds={"odata", "duckdb"},
        tags={"exepron/refresh": entity_set.refresh, "exepron/evidence": entity_set.evidence},
        metadata={
            "dagster/column_schema": column_schema(entity_set, entity_set.columns_kept(personal)),
            "dagster/table_name": f"core.{entity_set.name}",
            "key": ", ".join(entity_set.key),
            "cursor": entity_set.cursor or "none: read whole each time",
        },
        pool=POOL_API,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FRESH_FOR[entity_set.refresh]),
        check_specs=[completeness_check(key), audit_check(key)],
        op_tags={"dagster/priority": str(priority)},
    )
    def entity_set_asset(
        context: dg.AssetExecutionContext, config: SyncConfig, service: dg.ResourceParam[Engine]
    ) -> Iterator[Told]:
        with failures_told(context):
            report = sync(entity_set, service, mode=_mode(context, config), since=parse_since(config.since))
            chosen = _chosen(context, prefix, service)
            if all(each.name in service.reports for each in chosen):
                fetch_missing_parents(service, chosen)
        yield from _tell(context, key, report)

    return entity_set_asset


def _chosen(context: dg.AssetExecutionContext, prefix: str, service: Engine) -> list[EntitySet]:
    """The entity sets that the steps of this run are to read."""
    steps = context.run.step_keys_to_execute or {node.name for node in context.job_def.nodes}
    offered = service.catalogue.offered
    return [each for each in offered if core_key(prefix, each.name).to_python_identifier() in steps]


def _mode(context: dg.AssetExecutionContext, config: SyncConfig) -> Mode:
    if context.run.tags.get(MODE_TAG) == "reconcile":
        return "reconcile"
    return "full" if config.full else "incremental"


def _tell(context: dg.AssetExecutionContext, key: dg.AssetKey, report: SyncReport) -> Iterator[Told]:
    """Tell Dagster what came of a sync; a failed audit is a failed check without a materialization."""
    if report.status == "failed":
        if isinstance(report.failure, AuditError):
            yield failed_audit(key, report)
        raise_failure(report.failure, context)
    if report.error:
        context.log.warning("%s: %s", report.entity_set, report.error)
    yield dg.MaterializeResult(
        asset_key=key,
        metadata=sync_metadata(report),
        check_results=[completeness_result(report), audit_result(report)],
    )
