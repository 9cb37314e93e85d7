"""A project while the simulation runs.

Here belongs the state of one project. Not here: its tasks (``task.py``), who changes it (``pipeline.py``,
``replan.py``, ``execution.py``, ``desk.py``), how it is served (``rows.py``), or what its numbers foretell
(``forecast.py``).

Days are working-day indexes of the account's calendar; a finish is the index after the last day of work.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from math import ceil
from typing import Any

from exepron_pipeline.sandbox.simulation.plan import Job, Plan, draw_up
from exepron_pipeline.sandbox.simulation.task import Task


class Status(IntEnum):
    """State of a project; the numbers are those of ``schema.PROJECT_STATUS``."""

    PLANNING = 0
    ACCEPTED = 1
    PIPELINE = 2
    STARTED = 3
    FROZEN = 4
    COMPLETED = 5


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
class Revenue:
    """Money that the end of a task brings, planned or actual."""

    id: int
    task: Task
    amount: Decimal
    day: date | None
    note: str | None


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
    planned_revenues: list[Revenue] = field(default_factory=list)
    plan: Plan | None = None
    chain: list[Task] = field(default_factory=list)
    """the critical chain in order; empty before the project is scheduled"""
    project_buffer_id: int | None = None
    feeding_buffers: list[FeedingBuffer] = field(default_factory=list)
    suggested_start: int | None = None
    started: int | None = None
    planned_from: int | None = None
    """day on which the plan began: the start, later the last re-plan"""
    chain_end: int | None = None
    """day by which the critical chain shall end; the due date is one project buffer later"""
    front: list[Task] = field(default_factory=list)
    """tasks of a started project that are in progress or wait only for resources or their date"""
    signals: Signals | None = None
    thaw_on: int = 0
    saved_at: datetime | None = None
    """when somebody last saved it: its stamp is not younger"""

    @property
    def plan_start(self) -> int | None:
        """Return the day on which the plan begins, or is promised to begin."""
        if self.planned_from is not None or self.chain_end is None or self.plan is None:
            return self.planned_from
        return self.chain_end - self.plan.length

    @property
    def due(self) -> int | None:
        """Return the promised finish: the end of the chain plus the project buffer."""
        if self.chain_end is None or self.plan is None:
            return None
        return self.chain_end + ceil(self.plan.project_buffer)

    def schedule(self, capacity: dict[int, int]) -> Plan:
        """Plan the open tasks with what remains of them, and mark all tasks; buffers get rows elsewhere."""
        planned = [task for task in self.tasks if task.is_open]
        places = {task.id: place for place, task in enumerate(planned)}
        jobs = [
            Job(
                task.duration,
                tuple(places[before.id] for before in task.predecessors if before.is_open),
                task.demand,
            )
            for task in planned
        ]
        self.plan = plan = draw_up(jobs, capacity)
        for task, start in zip(planned, plan.starts, strict=True):
            task.planned_start = start
        self._mark([planned[place] for place in plan.chain])
        return plan

    def _mark(self, chain: list[Task]) -> None:
        """Make these tasks the critical chain, and the beginnings of side chains wait for their date."""
        for task in self.tasks:
            task.is_critical, task.chain_before = False, None
        previous: Task | None = None
        for task in chain:
            task.is_critical, task.chain_before = True, previous
            previous = task
        self.chain = chain
        for task in self.tasks:
            task.is_gate = not task.is_critical and all(
                before.is_critical or not before.is_open for before in task.predecessors
            )

    def get_ready(self) -> None:
        """Prepare the network for execution: count open predecessors, find the tasks that can be worked on."""
        for task in self.tasks:
            task.waiting = sum(before.is_open for before in task.predecessors)
        self.front = [task for task in self.tasks if task.is_open and task.waiting == 0]

    def __getstate__(self) -> dict[str, Any]:
        places = {task.id: place for place, task in enumerate(self.tasks)}
        state: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        network = [
            (
                [places[before.id] for before in task.predecessors],
                [places[after.id] for after in task.successors],
                None if task.chain_before is None else places[task.chain_before.id],
            )
            for task in self.tasks
        ]
        return state | {"network": network}

    def __setstate__(self, state: dict[str, Any]) -> None:
        network = state.pop("network")
        for name, value in state.items():
            setattr(self, name, value)
        for task, (before, after, chain_before) in zip(self.tasks, network, strict=True):
            task.predecessors = [self.tasks[place] for place in before]
            task.successors = [self.tasks[place] for place in after]
            task.chain_before = None if chain_before is None else self.tasks[chain_before]
