"""What the marts must say of a story's days, worked out from its evenings alone.

Not here: how the days passed (``story.py``), and the comparison (``test_simulation.py``).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
Found = dict[tuple[Any, ...], tuple[Any, ...]]


def sums(tasks: Iterable[Row]) -> dict[int, tuple[int, int, int]]:
    """Number of tasks, of completed ones, and remaining days, by project."""
    found: dict[int, tuple[int, int, int]] = {}
    for task in tasks:
        count, done, days = found.get(task["projectId"], (0, 0, 0))
        left = task["remainingDuration"]
        found[task["projectId"]] = (count + 1, done + (left == 0), days + left)
    return found


# -- project_status and project_day ----------------------------------------------------------------------

PROJECT = {
    "project_name": "projectName",
    "status_code": "status",
    "early_warning": "earlyWarning",
    "early_warning_status": "earlyWarningStatus",
    "buffer_penetration": "bufferPenetration",
    "risk_quotient": "riskQuotient",
    "project_due_date": "projectDueDate",
}
"""Columns of both marts, with the wire names that they show."""

PROJECT_ONLY = {
    "is_template": "isTemplate",
    "project_manager_id": "projectManagerID",
    "last_modified_on": "lastModifiedOn",
}
"""The same, of ``project_status`` alone."""


def project_days(story: Any) -> Found:
    """Rows of ``project_day``: each project on each evening, with the sums over its tasks."""
    found: Found = {}
    for day, evening in story.corrected.items():
        tasks = sums(evening["tasks"].values())
        for project_id, project in evening["projects"].items():
            _, done, days = tasks.get(project_id, (0, 0, 0))
            found[day, project_id] = (*(project[wire] for wire in PROJECT.values()), days, done)
    return found


def project_states(evening: Any) -> dict[int, Row]:
    """Rows of ``project_status`` on an evening, by project: what was known then, late changes not included."""
    tasks = sums(evening["tasks"].values())
    buffers = {row["projectId"]: row for row in evening["buffers"].values() if row["bufferType"] == "project"}
    found: dict[int, Row] = {}
    for project_id, project in evening["projects"].items():
        count, done, days = tasks.get(project_id, (0, 0, None))
        buffer = buffers.get(project_id, {"bufferSize": None, "bufferRemaining": None})
        found[project_id] = {
            **{column: project[wire] for column, wire in (PROJECT | PROJECT_ONLY).items()},
            "project_buffer_size_days": buffer["bufferSize"],
            "project_buffer_remaining_days": buffer["bufferRemaining"],
            "tasks_total": count,
            "tasks_completed": done,
            "tasks_open": count - done,
            "remaining_days": days,
        }
    return found


# -- task_day --------------------------------------------------------------------------------------------


def task_days(story: Any) -> Found:
    """Rows of ``task_day``: each task of a live project, up to the evening on which all of the project is done."""
    lasting = last_days(story)
    templates = {project["projectId"] for _, project in story.each("projects") if project["isTemplate"]}
    former: dict[int, int] = {}
    overruns = Overruns(story)
    found: Found = {}
    for day, task in story.each("tasks"):
        key, left, planned = task["taskId"], task["remainingDuration"], task["duration"]
        change = left - former[key] if key in former else None
        former[key] = left
        project_id = task["projectId"]
        if project_id not in templates and day <= lasting.get(project_id, date.min):
            state = (left, planned, task["status"], task["isCriticalChain"], left == 0, change)
            found[day, key] = (*state, overruns.of(day, task))
    return found


def last_days(story: Any) -> dict[int, date]:
    """The last evening on which each project is live: the first one after the last with work left."""
    open_until: dict[int, date] = {}
    first = min(story.evenings)
    for day, task in story.each("tasks"):
        if task["remainingDuration"]:
            open_until[task["projectId"]] = day
        elif day == first == story.day_of(task["lastModifiedOn"]):  # first read that night, when it was open
            open_until.setdefault(task["projectId"], day - timedelta(days=1))
    return {
        project_id: min((day for day in story.evenings if day > last), default=last)
        for project_id, last in open_until.items()
    }


class Overruns:
    """Overrun of tasks: elapsed plus remaining minus planned working days, once work was seen to have begun."""

    def __init__(self, story: Any) -> None:
        rows = story.lab.portfolio.truth("calendar_days", story.lab.account_id)
        self._working = sorted(row["date"] for row in rows if row["isWorkingDay"])
        self._first = min(story.evenings)
        self._begun: dict[int, date] = {}
        self._open_until: dict[int, date] = {}
        for day, task in story.each("tasks"):
            if task["remainingDuration"] < task["duration"]:
                self._begun.setdefault(task["taskId"], day)
            if task["remainingDuration"]:
                self._open_until[task["taskId"]] = day

    def of(self, day: date, task: Row) -> int | None:
        """The overrun at the end of a day; None where it is not known, or work has not begun."""
        begun = self._begun.get(task["taskId"], date.max)
        if day < begun or begun == self._first:
            return None
        done = self._open_until.get(task["taskId"], begun - timedelta(days=1)) + timedelta(days=1)
        elapsed = self._until(min(day, max(done, begun))) - self._until(begun) + 1
        return int(elapsed + task["remainingDuration"] - task["duration"])

    def _until(self, day: date) -> int:
        """Working days up to a day."""
        return bisect_right(self._working, day)


# -- fever_chart -----------------------------------------------------------------------------------------


def trend(story: Any) -> dict[tuple[date, int], tuple[float, float]]:
    """The portfolio's own trend, as of the last evening: completion and penetration by day and project."""
    points = story.lab.portfolio.truth("early_warning_history", story.lab.account_id)
    return {
        (point["pointDate"], point["projectId"]): (
            point["criticalChainCompletion"],
            point["bufferPenetration"],
        )
        for point in points
    }


def zone(completion: float, penetration: float) -> str:
    """The zone of a point, by the lines that ``docs/marts.md`` draws."""
    rise = 0.55 * completion
    return "red" if penetration >= 35 + rise else "yellow" if penetration >= 15 + rise else "green"


def plans(story: Any) -> dict[tuple[date, int], int]:
    """Number of the plan of each project on each evening: days of change that follow one another are one re-plan."""
    numbers: dict[int, int] = {}
    changed: dict[int, date] = {}
    found: dict[tuple[date, int], int] = {}
    for day, projects in replanned(story):
        for project_id in projects:
            if day - changed.get(project_id, date.min) > timedelta(days=1):
                numbers[project_id] = numbers.get(project_id, 0) + 1
            changed[project_id] = day
        for project_id in story.corrected[day]["projects"]:
            if project_id in numbers:
                found[day, project_id] = numbers[project_id]
    return found


def replanned(story: Any) -> Iterator[tuple[date, set[int]]]:
    """The projects of which, on each day, chain or project buffer became another one."""
    ever: set[tuple[int, Any]] = set()
    before: dict[int, Row] = {}
    for day, evening in story.corrected.items():
        chain = {key: task for key, task in evening["tasks"].items() if task["isCriticalChain"]}
        signs = {(task["projectId"], key) for key, task in chain.items()}
        signs |= {
            (buffer["projectId"], (key, buffer["bufferSize"]))
            for key, buffer in evening["buffers"].items()
            if buffer["bufferType"] == "project"
        }
        gone = {
            task["projectId"]
            for key, task in before.items()
            if key not in evening["tasks"] and task["remainingDuration"]
        }
        yield day, {project_id for project_id, _ in signs - ever} | gone
        ever |= signs
        before = chain


# -- due_date_slip and early_warning_changes -------------------------------------------------------------


def slips(story: Any) -> Found:
    """Rows of ``due_date_slip``: first and current due date, and what happened to it in between."""
    promised: dict[int, list[tuple[date, datetime | None]]] = {}
    for day, project in story.each("projects"):
        promised.setdefault(project["projectId"], []).append((day, project["projectDueDate"]))
    return {(project_id,): _slip(story, days) for project_id, days in promised.items()}


def _slip(story: Any, promised: list[tuple[date, datetime | None]]) -> tuple[Any, ...]:
    known = [(day, due) for day, due in promised if due]
    seen, current = promised[-1]
    if not known:
        return None, None, None, seen, None, None, 0, None
    first_day, first = known[0]
    changed = [day for (_, before), (day, after) in pairwise(known) if before != after]
    slip = (story.day_of(current) - story.day_of(first)).days if current else None
    largest = max((story.day_of(due) - story.day_of(first)).days for _, due in known)
    return first, first_day, current, seen, slip, largest, len(changed), max(changed, default=None)


def warning_changes(story: Any) -> Found:
    """Rows of ``early_warning_changes``: each change of colour or number from one evening to the next."""
    found: Found = {}
    for (former_day, before), (day, after) in pairwise(story.corrected.items()):
        for project_id, project in after["projects"].items():
            old = before["projects"].get(project_id, project)
            was, now = ((each["earlyWarningStatus"], each["earlyWarning"]) for each in (old, project))
            if was != now:
                found[day, project_id] = (former_day, was[0] != now[0], was[0], now[0], was[1], now[1])
    return found
