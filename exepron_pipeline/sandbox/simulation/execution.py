"""A working day on the started projects: who works on what, how far they get, what they report.

Here belongs progress on tasks and its reports. Not here: booked hours (``bookings.py``), reasons for
delays (``setbacks.py``), status of projects (``pipeline.py``), their numbers (``review.py``).

Rules of the floor, as critical chain has them: a task that began goes on until it is done; a free resource takes the ready task of the project with the deepest buffer penetration,
critical chain first; early finishes are passed on at once; side chains begin at their planned dates. Some resource types break the
first rule: they take on twice what they can do, and lose time by switching between tasks.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.project import Project, Status
from exepron_pipeline.sandbox.simulation.task import Progress, Task

_STALE, _SECOND_LOOK = 0.12, 0.08
"""Chance that a task is not reported on a day, and that it is estimated anew though it need not be."""

_STEP = 2
"""Days by which an estimate moves at a time: bad news comes in slices."""

_SWITCHING = 8
"""Per cent of a day lost by people who work on several tasks."""

_OFFLINE = 0.06
"""Chance that the end of a task is reported without connection."""


@dataclass(frozen=True, slots=True)
class Work:
    """A day's work on a task; ``share`` is what it got of the day, in per cent."""

    project: Project
    task: Task
    share: int


@dataclass(eq=False, slots=True)
class Shift:
    """What was done on one day, for those who draw consequences from it."""

    worked: list[Work]
    finished: list[tuple[Project, Task]] = field(default_factory=list)
    overran: list[tuple[Project, Task]] = field(default_factory=list)


def _rank(project: Project, task: Task) -> tuple[bool, float, bool, int, int]:
    penetration = project.signals.penetration if project.signals else 0.0
    return (
        task.progress is Progress.NOT_STARTED,
        -penetration,
        not task.is_critical,
        task.planned_start,
        task.id,
    )


def _candidates(account: Account, day: WorkingDay) -> list[tuple[Project, Task]]:
    """Return the tasks that could be worked on today, the most urgent first."""
    found = []
    for project in account.in_status(Status.STARTED):
        start = project.plan_start or 0
        for task in project.front:
            waits = task.is_gate and task.progress is Progress.NOT_STARTED
            if not waits or start + task.planned_start <= day.index:
                found.append((project, task))
    return sorted(found, key=lambda entry: _rank(*entry))


def _hand_out(account: Account, day: WorkingDay) -> list[tuple[Project, Task]]:
    """Choose the tasks of today, within the teams of their projects and what all projects share."""
    pools = account.company.resource_types.values()
    shared = {pool.id: pool.workload(pool.quantity) for pool in pools}
    whole_team = {pool.id: pool.workload(pool.team) for pool in pools}
    teams: dict[int, dict[int, int]] = {}
    chosen = []
    for project, task in _candidates(account, day):
        if project.id not in teams:
            teams[project.id] = dict(whole_team)
        team = teams[project.id]
        if all(min(shared[pool], team[pool]) >= quantity for pool, quantity in task.demand):
            for pool, quantity in task.demand:
                shared[pool] -= quantity
                team[pool] -= quantity
            chosen.append((project, task))
    return chosen


def _shares(account: Account, chosen: list[tuple[Project, Task]]) -> Iterator[Work]:
    """Say how much of a day each task gets: less than all of it where people are shared."""
    asked = Counter[int]()
    for _, task in chosen:
        asked.update(dict(task.demand))
    pools = account.company.resource_types
    for project, task in chosen:
        shares = [100 * pools[pool].quantity // asked[pool] for pool, _ in task.demand]
        yield Work(project, task, min(100, *shares))


def work(account: Account, day: WorkingDay) -> Shift:
    """Work one day: hand out the resources, let the tasks progress, and save what is reported."""
    shift = Shift(list(_shares(account, _hand_out(account, day))))
    sittings = {project.id: day.moment() for project in account.in_status(Status.STARTED)}
    for one in shift.worked:
        if _progress(one, day, shift):
            _save(account, one, sittings[one.project.id], day.rng)
    return shift


def _save(account: Account, work: Work, moment: datetime, rng: Random) -> None:
    """Save what was reported of a task; a finish is now and then reported without connection."""
    project, task = work.project, work.task
    manager = task.manager_id or project.manager_id
    if not task.is_open and task.successors and rng.random() < _OFFLINE:
        account.save_task_later(project, task, moment, manager)
    else:
        account.save_task(project, task, moment, manager)


def _progress(work: Work, day: WorkingDay, shift: Shift) -> bool:
    """Work a task for a day; True when it is reported (mostly, and always at its first and last day)."""
    project, task = work.project, work.task
    begins = task.progress is Progress.NOT_STARTED
    task.progress = Progress.IN_PROGRESS
    if work.share < 100 and 100 * day.rng.random() >= work.share - _SWITCHING:
        return begins
    task.days_worked += 1
    if task.days_worked >= task.true_days:
        _finish(project, task, day)
        shift.finished.append((project, task))
        return True
    if not begins and day.rng.random() < _STALE:
        return False
    if _report(task, day.rng):
        shift.overran.append((project, task))
    return True


def _report(task: Task, rng: Random) -> bool:
    """Report the remaining days; True when the task is now believed to overrun badly."""
    before = task.estimate
    if task.days_worked >= task.estimate or rng.random() < _SECOND_LOOK:
        left = round((task.true_days - task.days_worked) * rng.uniform(0.6, 1.4))
        believed = task.estimate - task.days_worked
        left = min(max(left, believed - _STEP), max(believed, 0) + _STEP)
        task.estimate_anew(task.days_worked + max(1, left))
    task.remaining = task.estimate - task.days_worked
    return task.estimate > before and task.estimate >= max(1.5 * task.duration, task.duration + 2)


def _finish(project: Project, task: Task, day: WorkingDay) -> None:
    task.progress, task.remaining, task.finish = Progress.COMPLETED, 0, day.index + 1
    project.front.remove(task)
    for after in task.successors:
        after.waiting -= 1
        if after.waiting == 0:
            project.front.append(after)
