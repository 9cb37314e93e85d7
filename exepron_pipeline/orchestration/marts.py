"""The business tables and the snapshot as assets. Here: how Dagster calls them. Not here: their SQL."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.engine import Engine
from exepron_pipeline.marts import MARTS
from exepron_pipeline.orchestration.described import Attempts, of_mart
from exepron_pipeline.orchestration.failures import failures_told
from exepron_pipeline.orchestration.keys import POOL_WAREHOUSE, core_key, mart_key, snapshot_key
from exepron_pipeline.orchestration.metadata import mart_schema, snapshot_metadata

FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=6))
"""They follow each hourly refresh."""


def build_mart_assets(
    catalogue: Catalogue, prefix: str, attempts: Attempts | None = None
) -> dg.AssetsDefinition:
    """All marts, built in one transaction, one asset each.

    Args:
        catalogue: Tells which entity sets are assets.
        prefix: First part of the keys.
        attempts: The last attempts, by entity set: descriptions tell what is not there in this account.

    """
    offered = {entity_set.name for entity_set in catalogue.offered}

    @dg.multi_asset(
        name="marts",
        specs=[
            dg.AssetSpec(
                mart_key(prefix, mart.name),
                deps=[core_key(prefix, name) for name in mart.depends_on if name in offered],
                description=of_mart(mart, attempts or {}),
                group_name="marts",
                kinds={"duckdb", "sql"},
                freshness_policy=FRESH,
                metadata={"dagster/table_name": f"marts.{mart.name}"},
            )
            for mart in MARTS
        ],
        pool=POOL_WAREHOUSE,
    )
    def marts(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine]
    ) -> Iterator[dg.MaterializeResult[None]]:
        with failures_told(context):
            found = engine.build_marts()
        columns = {mart.name: mart.columns for mart in MARTS}
        for name, built in found.items():
            missing = ", ".join(built.missing) or "nothing"
            yield dg.MaterializeResult(
                asset_key=mart_key(prefix, name),
                metadata={
                    "dagster/column_schema": mart_schema(columns[name], built.types),
                    "dagster/row_count": built.rows,
                    "missing_in_source": missing,
                    "note": built.note or "complete",
                },
            )

    return marts


def build_snapshot_asset(catalogue: Catalogue, prefix: str) -> dg.AssetsDefinition:
    """The analysts' snapshot and the Parquet files: every table of the warehouse."""

    @dg.asset(
        key=snapshot_key(prefix),
        deps=[
            *(mart_key(prefix, mart.name) for mart in MARTS),
            *(core_key(prefix, entity_set.name) for entity_set in catalogue.offered),
        ],
        description="The file that analysts open, and the same tables as Parquet; replaced atomically.",
        group_name="publish",
        kinds={"duckdb", "parquet"},
        freshness_policy=FRESH,
        pool=POOL_WAREHOUSE,
    )
    def snapshot(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine]
    ) -> dg.MaterializeResult[None]:
        with failures_told(context):
            published = engine.publish()
        return dg.MaterializeResult(metadata=snapshot_metadata(published))

    return snapshot
