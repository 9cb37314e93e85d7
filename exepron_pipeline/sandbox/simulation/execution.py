"""A working day on the started projects: who works on what, how far they get, what they report.

Here belongs progress on tasks and its reports. Not here: booked hours (``bookings.py``), reasons for
delays (``setbacks.py``), status of projects (``pipeline.py``).

Rules of the floor, as critical chain has them: a task that began goes on until it is done (no
multitasking); a free resource takes the ready task of the project with the deepest buffer penetration,
critical chain first; early finishes are passed on at once; side chains begin at their planned dates.
"""

from dataclasses import dataclass, field
from random import Random

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.forecast import foretell
from exepron_pipeline.sandbox.simulation.project import Progress, Project, Status, Task

_STALE, _SECOND_LOOK = 0.12, 0.08
"""Chance that a task is not reported on a day, and that it is estimated anew though it need not be."""


@dataclass(eq=False, slots=True)
class Shift:
    """What was done on one day, for those who draw consequences from it."""

    worked: list[tuple[Project, Task]] = field(default_factory=list)
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


def work(account: Account, day: WorkingDay) -> Shift:
    """Work one day: hand out the resources, let the tasks progress, and save what is reported."""
    free = {pool.id: pool.quantity for pool in account.company.resource_types.values()}
    shift = Shift()
    for project, task in _candidates(account, day):
        if all(free[pool] >= quantity for pool, quantity in task.demand):
            for pool, quantity in task.demand:
                free[pool] -= quantity
            shift.worked.append((project, task))
    sittings = {project.id: day.moment() for project in account.in_status(Status.STARTED)}
    for project, task in shift.worked:
        if _progress(project, task, day, shift):
            manager = task.manager_id or project.manager_id
            account.save_task(project, task, sittings[project.id], manager)
    return shift


def _progress(project: Project, task: Task, day: WorkingDay, shift: Shift) -> bool:
    """Work a task for a day; True when it is reported (mostly, and always at its first and last day)."""
    begins = task.progress is Progress.NOT_STARTED
    task.progress = Progress.IN_PROGRESS
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
        left = task.true_days - task.days_worked
        task.estimate_anew(task.days_worked + max(1, round(left * rng.uniform(0.6, 1.4))))
    task.remaining = task.estimate - task.days_worked
    return task.estimate > before and task.estimate >= max(1.5 * task.duration, task.duration + 2)


def _finish(project: Project, task: Task, day: WorkingDay) -> None:
    task.progress, task.remaining, task.finish = Progress.COMPLETED, 0, day.index + 1
    project.front.remove(task)
    for after in task.successors:
        after.waiting -= 1
        if after.waiting == 0:
            project.front.append(after)


def review(account: Account, day: WorkingDay) -> None:
    """Compute the signals of the started projects in the evening, and add a point to their trends."""
    for project in account.in_status(Status.STARTED):
        project.signals = foretell(project, day.index + 1)
        account.save_point(project, day)
        account.save_buffers(project)
        account.save_project(project, day.moment(), project.manager_id)
