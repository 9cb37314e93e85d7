"""What is written down about tasks and projects: bookings, reason codes, links over project borders.

Here belong records that outlive the day on which they are made. Not here: how they are made
(``bookings.py``, ``setbacks.py``, ``intake.py``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from exepron_pipeline.sandbox.simulation.project import Project
from exepron_pipeline.sandbox.simulation.task import Task


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
class ProjectLink:
    """A task of one project that follows a task of another one."""

    origin: Project
    before: Task
    destination: Project
    after: Task

    @property
    def key(self) -> tuple[int, int]:
        """Key of its row, which changes when a re-plan re-creates one of the tasks."""
        return self.before.id, self.after.id
