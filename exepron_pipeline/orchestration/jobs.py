"""The four jobs. Here: names, selections, tags. Not here: when they run (``schedules.py``, ``sensors.py``)."""

import dagster as dg

from exepron_pipeline.orchestration.keys import MODE_TAG
from exepron_pipeline.orchestration.maintenance import maintenance


def build_jobs(prefix: str) -> dg.Definitions:
    """Make the jobs `refresh`, `reconcile`, `publish` and `maintenance`.

    `refresh` and `publish` are two jobs, since Dagster skips everything below a failed step: one entity
    set that fails must not keep the others from being published.
    """
    core = dg.AssetSelection.key_prefixes([prefix, "core"])
    published = dg.AssetSelection.key_prefixes([prefix, "marts"], [prefix, "publish"])
    refresh = dg.define_asset_job(
        "refresh",
        core,
        description="Bring every entity set up to date.",
        tags={MODE_TAG: "refresh"},
    )
    reconcile = dg.define_asset_job(
        "reconcile",
        core,
        description="Compare every entity set with the service: finds deletions and silent changes.",
        tags={MODE_TAG: "reconcile"},
    )
    publish = dg.define_asset_job(
        "publish", published, description="Build the marts, publish snapshot and Parquet."
    )
    return dg.Definitions(jobs=[refresh, reconcile, publish, maintenance])
