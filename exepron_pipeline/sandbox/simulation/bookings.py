"""Hours that people book on the tasks they worked on, late and corrected ones included.

Here belong work hours and actual revenues. Not here: the work (``execution.py``).
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import HOURS_A_DAY, WorkingDay
from exepron_pipeline.sandbox.simulation.execution import Shift, Work
from exepron_pipeline.sandbox.simulation.project import Project, Revenue
from exepron_pipeline.sandbox.simulation.records import WorkHour
from exepron_pipeline.sandbox.simulation.task import Task

_QUARTERS_OFF = (0, 0, 0, 0, 0, 1, 2, -1, -2, 5)
_LATE = 0.08
_WHOLE = Decimal(100 * 100)
QUARTER = Decimal("0.25")


def book(account: Account, day: WorkingDay, shift: Shift) -> None:
    """Book the hours of a day (some only the next day) and the revenues that finished milestones bring."""
    for booking, moment in account.late_bookings:
        _post(account, booking, moment or day.moment())
    account.late_bookings = []
    for work in shift.worked:
        for booking in _hours(account, work, day):
            if day.rng.random() < _LATE:
                account.late_bookings.append((booking, _typed_at(day)))
            else:
                _post(account, booking, day.moment())
    for project, task in shift.finished:
        _bill(account, project, task, day)


def _typed_at(day: WorkingDay) -> datetime | None:
    """Say when a late booking was typed in: today without connection, or not yet."""
    return day.earlier() if day.rng.random() < 0.5 else None


def _post(account: Account, booking: WorkHour, moment: datetime) -> None:
    account.save_work_hour(booking, moment)
    account.recent_bookings.append(booking)


def _hours(account: Account, work: Work, day: WorkingDay) -> Iterator[WorkHour]:
    """Split what a task needs of each resource type over the people of that type."""
    project, task = work.project, work.task
    for resource_type_id, quantity in task.demand:
        users = account.company.resource_types[resource_type_id].user_ids
        for place, start in enumerate(range(0, quantity, 100)):
            share = min(100, quantity - start)
            hours = (share * HOURS_A_DAY * work.share / _WHOLE).quantize(QUARTER) + day.rng.choice(
                _QUARTERS_OFF
            ) * QUARTER
            yield WorkHour(
                id=account.numbers.next("work_hours"),
                project=project,
                task=task,
                user_id=users[(task.id + place) % len(users)],
                resource_type_id=resource_type_id,
                work_date=day.date,
                hours=max(QUARTER, hours),
            )


def _bill(account: Account, project: Project, task: Task, day: WorkingDay) -> None:
    """Add the actual revenue of a finished milestone: mostly as planned, sometimes a little off."""
    for planned in project.planned_revenues:
        if planned.task is task:
            share = day.rng.choice((Decimal(1), Decimal(1), Decimal("0.98"), Decimal("1.0350")))
            number, note = account.numbers.next("task_revenues"), f'Invoice for "{task.name}"'
            actual = Revenue(number, task, planned.amount * share, day.date, note)
            account.save_revenue(project, actual, "actual")
