"""The running state of one account, and how its objects are saved.

Here belongs what all parts of a simulated day share. Not here: what happens on a day (``pipeline.py``,
``execution.py``, ``bookings.py``, ``setbacks.py``, ``desk.py``) and the mapping to rows (``rows.py``).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from exepron_pipeline.sandbox.simulation import rows
from exepron_pipeline.sandbox.simulation.calendar import WorkCalendar, WorkingDay
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.people import Company
from exepron_pipeline.sandbox.simulation.project import Milestone, Project, Revenue, Status
from exepron_pipeline.sandbox.simulation.records import ProjectLink, Setback, WorkHour
from exepron_pipeline.sandbox.simulation.task import Task
from exepron_pipeline.sandbox.store import Store

DORMANT = timedelta(days=14)
"""Values of a project are only ever computed anew behind a stamp that is older than this."""


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
    late_bookings: list[tuple[WorkHour, datetime | None]] = field(default_factory=list)
    """with the moment when they were typed in without connection, if they were"""
    recent_bookings: deque[WorkHour] = field(default_factory=lambda: deque(maxlen=200))
    setbacks: list[Setback] = field(default_factory=list)
    links: list[ProjectLink] = field(default_factory=list)
    unsent: list[rows.Row] = field(default_factory=list)
    """tasks as reported without connection: they arrive on the next working day, with their old stamps"""
    newcomers: list[int] = field(default_factory=list)
    """users on probation, who belong to no resource type yet"""

    @property
    def id(self) -> int:
        """The account's key."""
        return self.company.profile.account_id

    def in_status(self, *wanted: Status) -> list[Project]:
        """Return the projects (no templates) in one of the given states, oldest first."""
        return [project for project in self.projects if project.status in wanted and not project.is_template]

    def forget(self, project: Project) -> None:
        """Let go of a completed project: its rows stay as they are."""
        self.projects.remove(project)
        self.links = [link for link in self.links if link.destination is not project]

    def save_project(self, project: Project, moment: datetime, user_id: int) -> None:
        """Save a project; its stamp moves to ``moment`` when anything changed."""
        project.saved_at = moment
        row = self._project_row(project, moment, user_id)
        self.store.save("projects", rows.in_project(self.id, project, row))

    def amend_project(self, project: Project, moment: datetime) -> None:
        """Write what was computed anew about a project; its stamp stays, for nobody edited it."""
        row = self._project_row(project, moment, project.manager_id)
        self.store.amend("projects", rows.in_project(self.id, project, row))

    def _project_row(self, project: Project, moment: datetime, user_id: int) -> rows.Row:
        stamp = {"accountId": self.id, "lastModifiedOn": moment, "lastModifiedByUserID": user_id}
        return rows.project_row(project, self.calendar) | stamp

    def is_dormant(self, project: Project, moment: datetime) -> bool:
        """True when nobody has saved the project for so long that its stamp tells nothing any more."""
        return project.saved_at is None or moment - project.saved_at > DORMANT

    def save_task(self, project: Project, task: Task, moment: datetime, user_id: int) -> None:
        """Save a task; its stamp moves to ``moment`` when anything changed."""
        self.store.save("tasks", self._task_row(project, task, moment, user_id))

    def save_task_later(self, project: Project, task: Task, moment: datetime, user_id: int) -> None:
        """Save a task on the next working day, as it is now and with the stamp of ``moment``."""
        self.unsent.append(self._task_row(project, task, moment, user_id))

    def send_unsent(self) -> None:
        """Save the tasks that were reported without connection."""
        for row in self.unsent:
            self.store.save("tasks", row)
        self.unsent = []

    def _task_row(self, project: Project, task: Task, moment: datetime, user_id: int) -> rows.Row:
        row = rows.task_row(project, task) | {"lastModifiedOn": moment, "lastModifiedByUserID": user_id}
        return rows.in_project(self.id, project, row, task.id)

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

    def save_assignments(self, project: Project, task: Task) -> None:
        """Save what a task needs of each resource type."""
        for resource_type_id, quantity in task.demand:
            row = rows.assignment_row(task, resource_type_id, quantity)
            self.store.save("task_resource_assignments", rows.in_project(self.id, project, row, task.id))

    def save_project_link(self, link: ProjectLink) -> None:
        """Save the link between tasks of two projects."""
        row = rows.project_link_row(link.origin, link.before, link.destination, link.after)
        self.store.save("linked_projects", rows.in_project(self.id, link.origin, row))

    def save_revenue(self, project: Project, revenue: Revenue, kind: str = "planned") -> None:
        """Save a revenue of a task, planned or actual."""
        row = rows.revenue_row(revenue, kind)
        self.store.save("task_revenues", rows.in_project(self.id, project, row, revenue.task.id))

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
