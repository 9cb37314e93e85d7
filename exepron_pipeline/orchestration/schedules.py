"""When jobs run by the clock. Here: the three schedules and which entity sets an hour asks for."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.orchestration.keys import core_key

DAILY_HOUR = 3
WEEKLY_DAY = 0
"""Monday, as `datetime.weekday` counts."""


def build_schedules(catalogue: Catalogue, prefix: str, zone: str) -> list[dg.ScheduleDefinition]:
    """`refresh` hourly, `reconcile` nightly, `maintenance` weekly, by the clock of ``zone``."""
    running = dg.DefaultScheduleStatus.RUNNING

    @dg.schedule(
        name="refresh_schedule",
        job_name="refresh",
        cron_schedule="0 * * * *",
        execution_timezone=zone,
        default_status=running,
        description="Every hour; entity sets that change seldom come only once a day or a week.",
    )
    def refresh_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        names = due_sets(catalogue, context.scheduled_execution_time.astimezone(ZoneInfo(zone)))
        return dg.RunRequest(asset_selection=[core_key(prefix, name) for name in names])

    return [
        refresh_schedule,
        dg.ScheduleDefinition(
            name="reconcile_schedule",
            job_name="reconcile",
            cron_schedule="30 1 * * *",
            execution_timezone=zone,
            default_status=running,
            description="Every night: the full comparison.",
        ),
        dg.ScheduleDefinition(
            name="maintenance_schedule",
            job_name="maintenance",
            cron_schedule="0 5 * * 0",
            execution_timezone=zone,
            default_status=running,
            description="Every Sunday: old runs and raw pages go.",
        ),
    ]


def due_sets(catalogue: Catalogue, moment: datetime) -> list[str]:
    """Names of the entity sets that the refresh of ``moment``'s hour asks for.

    Args:
        catalogue: What there is.
        moment: The scheduled time, in the zone of the schedule.

    """
    daily = moment.hour == DAILY_HOUR
    due = {"hourly": True, "daily": daily, "weekly": daily and moment.weekday() == WEEKLY_DAY}
    return [entity_set.name for entity_set in catalogue.offered if due[entity_set.refresh]]
