"""A project and its tasks while the simulation runs.

Here belongs the state of one project. Not here: who changes it (``pipeline.py``, ``execution.py``,
``desk.py``), how it is served (``rows.py``), or what its numbers foretell (``forecast.py``).

Days are working-day indexes of the account's calendar; a finish is the index after the last day of work.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from math import ceil

from exepron_pipeline.sandbox.simulation.load import Demand
from exepron_pipeline.sandbox.simulation.plan import Job, Plan, draw_up


class Status(IntEnum):
    """State of a project; the numbers are those of ``schema.PROJECT_STATUS``."""

    PLANNING = 0
    ACCEPTED = 1
    PIPELINE = 2
    STARTED = 3
    FROZEN = 4
    COMPLETED = 5


class Progress(IntEnum):
    """State of a task; the numbers are those of ``schema.TASK_STATUS``."""

    NOT_STARTED = 0
    IN_PROGRESS = 1
    COMPLETED = 2


@dataclass(eq=False, slots=True)
class Task:
    """One task. ``true_days`` is what it will really take; nobody in the company knows it beforehand."""

    id: int
    number: str
    name: str
    duration: int
    true_days: int
    demand: Demand
    manager_id: int | None
    predecessors: list["Task"] = field(default_factory=list)
    successors: list["Task"] = field(default_factory=list)
    is_milestone: bool = False
    is_critical: bool = False
    is_gate: bool = False
    """begins a side chain, which waits for its planned date"""
    is_anchored: bool = False
    """a milestone, a revenue or another project hangs on it"""
    planned_start: int = 0
    chain_before: "Task | None" = None
    progress: Progress = Progress.NOT_STARTED
    estimate: int = 0
    remaining: int = 0
    days_worked: int = 0
    waiting: int = 0
    finish: int = 0
    """actual once completed, projected before"""

    @property
    def is_open(self) -> bool:
        """True until the task is completed."""
        return self.progress is not Progress.COMPLETED

    def estimate_anew(self, days: int) -> None:
        """Set what the whole task is believed to take, in days."""
        self.estimate = days
        self.remaining = max(1, days - self.days_worked)


@dataclass(eq=False, slots=True)
class FeedingBuffer:
    """A feeding buffer as a row: it protects a merge from the chain that ends with ``feeder``."""

    id: int
    feeder: Task
    size: Decimal
    planned_finish: int
    """of the feeder, in days from the start of the plan"""
    saved_finish: int | None = None
    """of the feeder, when the row was last saved: as long as that is the same, so is the row"""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the portfolio looks at; see ``forecast.py`` for the formulas."""

    penetration: float
    completion: float
    warning: float
    colour: str
    risk: float


@dataclass(eq=False, slots=True)
class Milestone:
    """A milestone on a task."""

    id: int
    task: Task


@dataclass(eq=False, slots=True)
class Project:
    """One project of an account. ``tasks`` are in an order in which predecessors come first."""

    id: int
    name: str
    objective: str | None
    manager_id: int
    group_id: int | None
    minimal_start: date
    wished_due: date | None
    tasks: list[Task]
    since: int
    """day on which it got its status"""
    status: Status = Status.PLANNING
    is_template: bool = False
    milestones: list[Milestone] = field(default_factory=list)
    planned_revenues: list[tuple[Task, Decimal]] = field(default_factory=list)
    plan: Plan | None = None
    project_buffer_id: int | None = None
    feeding_buffers: list[FeedingBuffer] = field(default_factory=list)
    suggested_start: int | None = None
    started: int | None = None
    chain_end: int | None = None
    """day by which the critical chain shall end; the due date is one project buffer later"""
    front: list[Task] = field(default_factory=list)
    """tasks of a started project that are in progress or wait only for resources or their date"""
    signals: Signals | None = None
    thaw_on: int = 0

    @property
    def plan_start(self) -> int | None:
        """Return the day on which the plan begins: the actual start, before that the promised one."""
        if self.started is not None or self.chain_end is None or self.plan is None:
            return self.started
        return self.chain_end - self.plan.length

    @property
    def due(self) -> int | None:
        """Return the promised finish: the end of the chain plus the project buffer."""
        if self.chain_end is None or self.plan is None:
            return None
        return self.chain_end + ceil(self.plan.project_buffer)

    @property
    def chain(self) -> list[Task]:
        """Return the critical chain in order; empty before the project is scheduled."""
        return [] if self.plan is None else [self.tasks[place] for place in self.plan.chain]

    def schedule(self, capacity: dict[int, int]) -> Plan:
        """Draw up the plan and mark the tasks with it; buffers get their rows elsewhere."""
        places = {task.id: place for place, task in enumerate(self.tasks)}
        jobs = [
            Job(task.duration, tuple(places[before.id] for before in task.predecessors), task.demand)
            for task in self.tasks
        ]
        self.plan = draw_up(jobs, capacity)
        for task, start in zip(self.tasks, self.plan.starts, strict=True):
            task.planned_start = start
        previous: Task | None = None
        for task in self.chain:
            task.is_critical, task.chain_before = True, previous
            previous = task
        for task in self.tasks:
            task.is_gate = not task.is_critical and all(before.is_critical for before in task.predecessors)
        return self.plan

    def get_ready(self) -> None:
        """Prepare the network for execution: count open predecessors, find the first tasks."""
        for task in self.tasks:
            task.waiting = len(task.predecessors)
        self.front = [task for task in self.tasks if task.waiting == 0]
