"""Reason codes on tasks that overran: set, worked on, and closed when the task is done.

Here belongs the life of a task's reason code. Not here: which task overran (``execution.py``).
"""

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.execution import Shift
from exepron_pipeline.sandbox.simulation.project import Project
from exepron_pipeline.sandbox.simulation.records import Setback
from exepron_pipeline.sandbox.simulation.task import Task

_NOTES = (
    None,
    "",
    "See minutes of last week's meeting, item 4",
    'Supplier says "two more weeks", no written confirmation',
    "Ursache geklärt; Maßnahme läuft (Müller)",
    "先方の承認待ち",
    "Two causes:\n1. drawing late\n2. crane not available",
    "Inspector asked for a second test, 100 % instead of 10 %; the first weld log was not signed, the procedure qualification had expired, and the replacement welder's certificate covers only t ≤ 12 mm.",
)


def follow_up(account: Account, day: WorkingDay, shift: Shift) -> None:
    """Move the open reason codes on and put new ones on tasks that overran today."""
    for setback in account.setbacks:
        _move(account, setback, day)
    account.setbacks = [setback for setback in account.setbacks if setback.status != "Fixed"]
    under_way = {setback.task.id for setback in account.setbacks}
    for project, task in shift.overran:
        if task.id not in under_way and day.rng.random() < 0.7:
            _raise(account, project, task, day)


def _move(account: Account, setback: Setback, day: WorkingDay) -> None:
    chance = day.rng.random()
    if not setback.task.is_open:
        status = "Fixed"
    elif setback.status == "Active":
        status = "Urgent" if chance < 0.06 else "Improved" if chance < 0.2 else "Active"
    else:
        status = "Fixed" if chance < 0.1 else setback.status
    if status != setback.status:
        setback.status, setback.status_date = status, day.date
        account.save_setback(setback, day.moment())


def _raise(account: Account, project: Project, task: Task, day: WorkingDay) -> None:
    """Put a reason code on a task, now and then with a second one."""
    codes = account.reason_code_ids
    primary = codes[min(int(day.rng.expovariate(0.6)), len(codes) - 1)]
    second = day.rng.choice(codes)
    setback = Setback(
        id=account.numbers.next("task_reason_codes"),
        project=project,
        task=task,
        primary=primary,
        secondary=second if second != primary and day.rng.random() < 0.4 else None,
        note=day.rng.choice(_NOTES),
        status="Active",
        status_date=day.date,
    )
    account.setbacks.append(setback)
    account.save_setback(setback, day.moment())
