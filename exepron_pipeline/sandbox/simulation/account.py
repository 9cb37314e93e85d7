"""The running state of one account, and how its objects are saved.

Here belongs what all parts of a simulated day share. Not here: what happens on a day (``pipeline.py``,
``execution.py``, ``bookings.py``, ``setbacks.py``, ``desk.py``) and the mapping to rows (``rows.py``).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from exepron_pipeline.sandbox.simulation import rows
from exepron_pipeline.sandbox.simulation.calendar import WorkCalendar, WorkingDay
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.people import Company
from exepron_pipeline.sandbox.simulation.project import Milestone, Project, Status, Task
from exepron_pipeline.sandbox.store import Store


@dataclass(eq=False, slots=True)
class WorkHour:
    """Hours booked by one person on one task and day."""

    id: int
    project: Project
    task: Task
    user_id: int
    resource_type_id: int
    work_date: date
    hours: Decimal


@dataclass(eq=False, slots=True)
class Setback:
    """A reason code put on a task that overran."""

    id: int
    project: Project
    task: Task
    primary: int
    secondary: int | None
    note: str | None
    status: str
    status_date: date


@dataclass(eq=False, slots=True)
class Account:
    """One account: its company, calendar, projects, and what is still in hand from the days before."""

    company: Company
    calendar: WorkCalendar
    store: Store
    numbers: Numbers
    seed: int
    running_limit: int
    group_ids: list[int] = field(default_factory=list)
    reason_code_ids: list[int] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    start_credit: float = 1.0
    late_bookings: list[WorkHour] = field(default_factory=list)
    recent_bookings: deque[WorkHour] = field(default_factory=lambda: deque(maxlen=200))
    setbacks: list[Setback] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The account's key."""
        return self.company.profile.account_id

    def in_status(self, *wanted: Status) -> list[Project]:
        """Return the projects (no templates) in one of the given states, oldest first."""
        return [project for project in self.projects if project.status in wanted and not project.is_template]

    def save_project(self, project: Project, moment: datetime, user_id: int) -> None:
        """Save a project; its stamp moves to ``moment`` when anything changed."""
        stamp = {"accountId": self.id, "lastModifiedOn": moment, "lastModifiedByUserID": user_id}
        row = rows.project_row(project, self.calendar) | stamp
        self.store.save("projects", rows.in_project(self.id, project, row))

    def save_task(self, project: Project, task: Task, moment: datetime, user_id: int) -> None:
        """Save a task; its stamp moves to ``moment`` when anything changed."""
        row = rows.task_row(project, task) | {"lastModifiedOn": moment, "lastModifiedByUserID": user_id}
        self.store.save("tasks", rows.in_project(self.id, project, row, task.id))

    def save_tasks(self, project: Project, moment: datetime) -> None:
        """Save all tasks of a project, as the project manager does at one sitting."""
        for task in project.tasks:
            self.save_task(project, task, moment, project.manager_id)

    def save_link(self, project: Project, before: Task, after: Task) -> None:
        """Save the link between two tasks."""
        self.store.save(
            "task_links", rows.in_project(self.id, project, rows.link_row(project, before, after))
        )

    def save_buffers(self, project: Project) -> None:
        """Save the project buffer and those feeding buffers whose feeder finishes at another time."""
        if project.project_buffer_id is None:
            return
        self.store.save("buffers", rows.in_project(self.id, project, rows.project_buffer_row(project)))
        for buffer in project.feeding_buffers:
            if buffer.saved_finish == buffer.feeder.finish:
                continue
            buffer.saved_finish = buffer.feeder.finish
            row = rows.feeding_buffer_row(project, buffer)
            self.store.save("buffers", rows.in_project(self.id, project, row))

    def save_milestones(self, project: Project) -> None:
        """Save the milestones of a project, with their dates as now planned."""
        for milestone in project.milestones:
            self.save_milestone(project, milestone)

    def save_milestone(self, project: Project, milestone: Milestone) -> None:
        """Save one milestone."""
        row = rows.milestone_row(project, milestone, self.calendar)
        self.store.save("milestones", rows.in_project(self.id, project, row, milestone.task.id))

    def save_revenue(
        self, project: Project, task: Task, kind: str, day: date | None, amount: Decimal, note: str | None
    ) -> None:
        """Add a planned or actual revenue to a task."""
        row = {
            "taskRevenueId": self.numbers.next("task_revenues"),
            "taskId": task.id,
            "revenueType": kind,
            "revenueDate": day,
            "amount": amount,
            "description": note,
        }
        self.store.save("task_revenues", rows.in_project(self.id, project, row, task.id))

    def save_work_hour(self, booking: WorkHour, moment: datetime) -> None:
        """Save a booking with its cost at the resource type's rate."""
        rate = self.company.resource_types[booking.resource_type_id].hourly_cost
        row = {
            "workHourId": booking.id,
            "taskId": booking.task.id,
            "userId": booking.user_id,
            "resourceTypeId": booking.resource_type_id,
            "workDate": booking.work_date,
            "hours": booking.hours,
            "cost": booking.hours * rate,
            "lastModifiedOn": moment,
        }
        self.store.save("work_hours", rows.in_project(self.id, booking.project, row, booking.task.id))

    def save_setback(self, setback: Setback, moment: datetime) -> None:
        """Save a task's reason code."""
        row = {
            "taskReasonCodeId": setback.id,
            "taskId": setback.task.id,
            "primaryReasonCodeId": setback.primary,
            "secondaryReasonCodeId": setback.secondary,
            "note": setback.note,
            "status": setback.status,
            "statusDate": setback.status_date,
            "lastModifiedOn": moment,
        }
        self.store.save("task_reason_codes", rows.in_project(self.id, setback.project, row, setback.task.id))

    def save_point(self, project: Project, day: WorkingDay) -> None:
        """Add today's point to the trend of a started project."""
        signals = project.signals
        if signals is None:
            return
        row = {
            "projectId": project.id,
            "pointDate": day.date,
            "earlyWarning": signals.warning,
            "bufferPenetration": signals.penetration,
            "criticalChainCompletion": signals.completion,
        }
        self.store.save("early_warning_history", rows.in_project(self.id, project, row))

    def save_user(self, user_id: int, moment: datetime) -> None:
        """Save a user; the stamp moves to ``moment`` when anything changed."""
        row = self.company.users[user_id] | {"lastModifiedOn": moment}
        self.store.save("users", rows.in_account(self.id, row))
