"""Weekly housekeeping: old runs of Dagster, raw pages that were landed long ago."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from exepron_pipeline.extract.spool import drop_old
from exepron_pipeline.settings import load_settings

KEEP_RUNS = timedelta(days=90)
AT_ONCE = 200


@dg.op(
    description="Delete finished runs older than 90 days, with their events and logs: Dagster itself never does."
)
def prune_runs(context: dg.OpExecutionContext) -> int:
    """Delete every old finished run."""
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    wanted = dg.RunsFilter(statuses=finished, created_before=datetime.now(UTC) - KEEP_RUNS)
    pruned = 0
    while old := context.instance.get_run_records(wanted, limit=AT_ONCE):
        for record in old:
            run_id = record.dagster_run.run_id
            context.instance.delete_run(run_id)
            context.instance.compute_log_manager.delete_logs(prefix=[run_id])
        pruned += len(old)
    context.log.info("%d runs pruned", pruned)
    return pruned


@dg.op(description="Delete raw pages that were landed more than a week ago.")
def drop_old_pages(context: dg.OpExecutionContext) -> int:
    """Delete spooled pages that nobody needs any more."""
    dropped = drop_old(load_settings().state_dir)
    context.log.info("%d old loads' pages dropped", dropped)
    return dropped


@dg.job(description="Weekly housekeeping: old runs and raw pages go.")
def maintenance() -> None:
    """Prune runs and raw pages."""
    prune_runs()
    drop_old_pages()
