"""A task while the simulation runs.

Here belongs the state of one task. Not here: its project (``project.py``) and who works on it
(``execution.py``).

Days are working-day indexes of the account's calendar; a finish is the index after the last day of work.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from exepron_pipeline.sandbox.simulation.load import Demand


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
    """in days from the start of the plan"""
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

    def plan_anew(self, days: int) -> None:
        """Set the planned duration to what is left: what was worked on it so far is history."""
        self.true_days = max(1, self.true_days - self.days_worked)
        self.duration, self.days_worked = days, 0
        self.estimate_anew(days)

    def connect(self, after: "Task") -> None:
        """Let another task wait for this one."""
        self.successors.append(after)
        after.predecessors.append(self)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the network: ``Project`` keeps it flat, or a long chain would exhaust the stack."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in _NETWORK}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.predecessors, self.successors, self.chain_before = [], [], None
        for name, value in state.items():
            setattr(self, name, value)


_NETWORK = ("predecessors", "successors", "chain_before")
