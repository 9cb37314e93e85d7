"""Which runs have landed something that is not published yet. Asked of the instance each time, never kept.

Here: reading Dagster's own records. Not here: what follows from it (``sensors.py``).
"""

from collections.abc import Iterator

import dagster as dg

from exepron_pipeline.orchestration.attended import GOING, end_killed
from exepron_pipeline.orchestration.keys import snapshot_key

LOADS = ("refresh", "reconcile")
BY_HAND = "__ASSET_JOB"
"""How Dagster calls runs that are started from the asset graph."""

RECENT = 50
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def unpublished_load(instance: dg.DagsterInstance, prefix: str) -> str | None:
    """Run id of the newest load that landed something which no publishing has seen; None when there is none.

    Good, partial and cancelled ones count, and those started by hand; never those under way.

    Args:
        instance: Where runs are recorded.
        prefix: First part of the asset keys.

    """
    published = _last_publishing(instance, prefix)
    for load in _ended_loads(instance, prefix):
        if published and (load.dagster_run.run_id == published[0] or _ended_at(load) <= published[1]):
            return None
        if _landed_something(instance, load.dagster_run.run_id, prefix):
            return load.dagster_run.run_id
    return None


def is_loading(instance: dg.DagsterInstance) -> bool:
    """True while a refresh or reconcile waits for its turn or is under way; what was killed at a terminal is not."""
    end_killed(instance)
    return any(instance.get_run_ids(dg.RunsFilter(job_name=job, statuses=GOING), limit=1) for job in LOADS)


def _last_publishing(instance: dg.DagsterInstance, prefix: str) -> tuple[str, float] | None:
    """Run id and start (seconds since the epoch) of the run that wrote the snapshot last."""
    event = instance.get_latest_materialization_event(snapshot_key(prefix))
    record = instance.get_run_record_by_id(event.run_id) if event else None
    return (record.dagster_run.run_id, record.start_time or 0.0) if record else None


def _ended_loads(instance: dg.DagsterInstance, prefix: str) -> Iterator[dg.RunRecord]:
    """Runs that read entity sets and have ended, the last to end first."""
    recent = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED), limit=RECENT, order_by="update_timestamp", ascending=False
    )
    loads = [record for record in recent if _is_load(record.dagster_run, prefix)]
    return iter(sorted(loads, key=_ended_at, reverse=True))


def _is_load(run: dg.DagsterRun, prefix: str) -> bool:
    if run.job_name in LOADS:
        return True
    return run.job_name == BY_HAND and any(_is_core(key, prefix) for key in run.asset_selection or ())


def _is_core(key: dg.AssetKey, prefix: str) -> bool:
    return key.path[:2] == [prefix, "core"]


def _ended_at(record: dg.RunRecord) -> float:
    return record.end_time or 0.0


def _landed_something(instance: dg.DagsterInstance, run_id: str, prefix: str) -> bool:
    found = instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, limit=RECENT
    )
    return any(record.asset_key and _is_core(record.asset_key, prefix) for record in found.records)
