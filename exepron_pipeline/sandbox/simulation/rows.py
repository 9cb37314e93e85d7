"""How the simulation's objects look as rows of the entity sets, by wire name.

Here belongs the mapping alone. Not here: storage (``store.py``) and the shape itself (``schema.py``).
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from exepron_pipeline.sandbox.schema import PROJECT_STATUS
from exepron_pipeline.sandbox.simulation.calendar import WorkCalendar
from exepron_pipeline.sandbox.simulation.people import ResourceType
from exepron_pipeline.sandbox.simulation.project import FeedingBuffer, Milestone, Project, Revenue
from exepron_pipeline.sandbox.simulation.task import Task

Row = dict[str, Any]

_HUNDRED = Decimal(100)


def midnight(day: date | None) -> datetime | None:
    """Return a date as the stamp that the service writes for it."""
    return None if day is None else datetime.combine(day, time(), tzinfo=UTC)


def _day(calendar: WorkCalendar, index: int | None) -> datetime | None:
    return None if index is None else midnight(calendar.day(index))


def in_account(account_id: int, row: Row) -> Row:
    """Add the scope of a row that belongs to no project."""
    return row | {"_account": account_id, "_project": None, "_task": None}


def in_project(account_id: int, project: Project, row: Row, task_id: int | None = None) -> Row:
    """Add the scope of a row that belongs to a project, and perhaps to one of its tasks."""
    return row | {"_account": account_id, "_project": project.id, "_task": task_id}


def project_row(project: Project, calendar: WorkCalendar) -> Row:
    """Return a project without its account and stamp."""
    signals = project.signals
    due = project.wished_due if project.due is None else calendar.day(project.due - 1)
    return {
        "projectId": project.id,
        "projectName": project.name,
        "status": int(project.status),
        "projectStatusName": PROJECT_STATUS[project.status],
        "earlyWarning": signals and signals.warning,
        "earlyWarningStatus": signals and signals.colour,
        "riskQuotient": signals and signals.risk,
        "bufferPenetration": signals and signals.penetration,
        "projectManagerID": project.manager_id,
        "projectDueDate": midnight(due),
        "projectSuggestedStartDate": _day(calendar, project.suggested_start),
        "minimalStartDate": midnight(project.minimal_start),
        "projectObjective": project.objective,
        "actualStartDate": _day(calendar, project.started),
        "projectGroupId": project.group_id,
        "isTemplate": project.is_template,
    }


def task_row(project: Project, task: Task) -> Row:
    """Return a task without its stamp."""
    return {
        "taskId": task.id,
        "taskNumber": task.number,
        "taskName": task.name,
        "projectId": project.id,
        "duration": task.duration,
        "remainingDuration": task.remaining,
        "status": int(task.progress),
        "taskManagerId": task.manager_id,
        "isMilestone": task.is_milestone,
        "isCriticalChain": task.is_critical,
    }


def link_row(project: Project, before: Task, after: Task) -> Row:
    """Return the link between two tasks of a project."""
    return {"predecessorTaskId": before.id, "successorTaskId": after.id, "projectId": project.id}


def assignment_row(task: Task, resource_type_id: int, quantity: int) -> Row:
    """Return what a task needs of one resource type."""
    return {"taskId": task.id, "resourceTypeId": resource_type_id, "quantity": quantity / _HUNDRED}


def milestone_row(project: Project, milestone: Milestone, calendar: WorkCalendar) -> Row:
    """Return a milestone with its planned date, which is unknown until a start is planned."""
    start, task = project.plan_start, milestone.task
    planned = None if start is None else start + task.planned_start + task.duration - 1
    return {
        "milestoneId": milestone.id,
        "taskId": task.id,
        "projectId": project.id,
        "milestoneDate": _day(calendar, planned),
    }


def project_link_row(origin: Project, before: Task, destination: Project, after: Task) -> Row:
    """Return the link between tasks of two projects."""
    return {
        "originProjectId": origin.id,
        "originTaskId": before.id,
        "destinationProjectId": destination.id,
        "destinationTaskId": after.id,
    }


def revenue_row(revenue: Revenue, kind: str) -> Row:
    """Return a revenue, ``planned`` or ``actual``."""
    return {
        "taskRevenueId": revenue.id,
        "taskId": revenue.task.id,
        "revenueType": kind,
        "revenueDate": revenue.day,
        "amount": revenue.amount,
        "description": revenue.note,
    }


def project_buffer_row(project: Project) -> Row:
    """Return the project buffer; its use is the project's own penetration."""
    size = Decimal(0) if project.plan is None else project.plan.project_buffer
    penetration = 0.0 if project.signals is None else project.signals.penetration
    return _buffer_row(project, project.project_buffer_id, "project", size, penetration)


def feeding_buffer_row(project: Project, buffer: FeedingBuffer) -> Row:
    """Return a feeding buffer, used up by the days its feeder finishes after plan.

    A side chain that is early gains nothing: it waits at the merge. So the use is never below 0.
    """
    late = 0
    if project.started is not None:
        late = max(0, buffer.feeder.finish - ((project.plan_start or 0) + buffer.planned_finish))
    return _buffer_row(project, buffer.id, "feeding", buffer.size, round(100 * late / float(buffer.size), 2))


def _buffer_row(project: Project, buffer_id: int | None, kind: str, size: Decimal, penetration: float) -> Row:
    share = min(max(penetration, 0.0), 100.0)
    return {
        "bufferId": buffer_id,
        "projectId": project.id,
        "bufferType": kind,
        "bufferSize": size,
        "bufferRemaining": size * (1 - Decimal(str(share)) / _HUNDRED),
        "bufferPenetration": penetration,
    }


def resource_type_row(pool: ResourceType) -> Row:
    """Return a resource type with its rate."""
    return {
        "resourceTypeId": pool.id,
        "resourceTypeName": pool.skill.name,
        "quantity": pool.quantity / _HUNDRED,
        "resourceManagerId": pool.lead_id,
        "costGroupId": pool.cost_group_id,
        "hourlyCost": pool.hourly_cost,
    }
