"""What makes the portfolio hard to follow: silent moves, late arrivals, shared stamps, re-plans, people."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.simulation.companies import PROFILES

pytestmark = pytest.mark.full
DAYS = 120
NAMES = ("projects", "tasks", "task_links", "buffers", "users", "work_hours", "early_warning_history")
KEYS = {
    "projects": ("projectId",),
    "tasks": ("taskId",),
    "task_links": ("predecessorTaskId", "successorTaskId"),
    "buffers": ("bufferId",),
    "users": ("userId",),
    "work_hours": ("workHourId",),
    "early_warning_history": ("projectId", "pointDate"),
}
RECENT = {
    "work_hours": """ "workDate" > (SELECT date(MAX("workDate"), '-20 days') FROM "work_hours")""",
    "early_warning_history": """ "pointDate" > (SELECT date(MAX("pointDate"), '-5 days') FROM "early_warning_history")""",
}
"""Older rows of these sets are left aside: they do not change, and there are many."""

DERIVED = {"bufferPenetration", "earlyWarning", "earlyWarningStatus", "riskQuotient"}
STAMPS = {"lastModifiedOn", "lastModifiedByUserID"}

Rows = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Evening:
    """The first account on the evening of a day: what there is by set and key, equal rows shared."""

    today: date
    sets: dict[str, Rows]

    def __getitem__(self, name: str) -> Rows:
        """Return the rows of an entity set by key."""
        return self.sets[name]


def look(portfolio: Portfolio, before: Evening | None) -> Evening:
    """Look at the first account; rows equal to those of the evening before are the same objects."""
    account_id = portfolio.accounts()[0]["accountId"]
    sets: dict[str, Rows] = {}
    for name in NAMES:
        known = before[name] if before else {}
        found = portfolio._store.read(name, f"_account = ? AND {RECENT.get(name, 'TRUE')}", account_id)
        rows = {tuple(row[part] for part in KEYS[name]): row for row in found}
        sets[name] = {key: known[key] if known.get(key) == row else row for key, row in rows.items()}
    return Evening(portfolio.today, sets)


@pytest.fixture(scope="module")
def evenings() -> list[Evening]:
    """Return the evenings of some months."""
    portfolio = Portfolio(seed=1)
    seen = [look(portfolio, None)]
    for _ in range(DAYS):
        portfolio.advance(1)
        seen.append(look(portfolio, seen[-1]))
    return seen


def moves(
    evenings: list[Evening], name: str
) -> Iterator[tuple[Evening, dict[str, Any] | None, dict[str, Any]]]:
    """Return each row that appeared or changed, with what it was before and the evening before."""
    for before, after in pairwise(evenings):
        for key, row in after[name].items():
            old = before[name].get(key)
            if row is not old:
                yield before, old, row


def is_silent(old: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """True when a row changed and its stamp did not."""
    return old is not None and old["lastModifiedOn"] == row["lastModifiedOn"]


def test_silent_moves_are_derived_and_only_behind_old_stamps(evenings: list[Evening]) -> None:
    """Values move without their stamp in projects alone, only derived ones, only behind stamps of 14 days ago."""
    silent = [(before, old, row) for before, old, row in moves(evenings, "projects") if is_silent(old, row)]
    for before, old, row in silent:
        assert old is not None
        assert {name for name in row if row[name] != old[name]} <= DERIVED
        assert before.today + timedelta(days=1) - row["lastModifiedOn"].date() >= timedelta(days=14)
    assert {row["projectStatusName"] for *_, row in silent} == {"Started", "Frozen"}
    assert len(silent) > 20


@pytest.mark.parametrize("name", ["tasks", "users", "work_hours"])
def test_other_sets_never_move_silently(evenings: list[Evening], name: str) -> None:
    """Outside of projects a row that changes gets another stamp."""
    assert not [row for _, old, row in moves(evenings, name) if is_silent(old, row)]


@pytest.mark.parametrize("name", ["tasks", "work_hours"])
def test_late_arrivals_lie_close_behind_the_newest_stamp(evenings: list[Evening], name: str) -> None:
    """Some rows arrive with a stamp behind the newest that was there, by 20 hours at most."""
    late = []
    for before, _, row in moves(evenings, name):
        newest = max(one["lastModifiedOn"] for one in before[name].values())
        if row["lastModifiedOn"] < newest:
            late.append(newest - row["lastModifiedOn"])
    assert len(late) > 10
    assert max(late) <= timedelta(hours=20)


def test_hundreds_of_rows_share_a_stamp(evenings: list[Evening]) -> None:
    """A stamp alone does not order the tasks: some stamp belongs to hundreds of them, over several projects."""
    shared: dict[datetime, set[int]] = defaultdict(set)
    count: Counter[datetime] = Counter()
    for evening in evenings[::20]:
        for stamp, number in Counter(row["lastModifiedOn"] for row in evening["tasks"].values()).items():
            count[stamp] = max(count[stamp], number)
        for row in evening["tasks"].values():
            shared[row["lastModifiedOn"]].add(row["projectId"])
    stamp, number = count.most_common(1)[0]
    assert number > 300
    assert len(shared[stamp]) > 1


def by_project(rows: Rows) -> dict[int, dict[Any, dict[str, Any]]]:
    """Group rows by project."""
    groups: dict[int, dict[Any, dict[str, Any]]] = defaultdict(dict)
    for key, row in rows.items():
        groups[row["projectId"]][key] = row
    return groups


def replans(evenings: list[Evening]) -> Iterator[tuple[int, Evening, Evening]]:
    """Return each project, before and after, in whose started schedule all buffers were replaced."""
    for before, after in pairwise(evenings):
        old, new = by_project(before["buffers"]), by_project(after["buffers"])
        for project_id, buffers in new.items():
            if old.get(project_id) and not buffers.keys() & old[project_id].keys():
                yield project_id, before, after


def test_replans_delete_and_recreate(evenings: list[Evening]) -> None:
    """A re-plan gives new ids to all tasks that had not begun, new links and buffers; what has begun stays."""
    seen = 0
    for project_id, before, after in replans(evenings):
        old, new = by_project(before["tasks"])[project_id], by_project(after["tasks"])[project_id]
        gone, fresh = old.keys() - new.keys(), new.keys() - old.keys()
        assert gone == {key for key, row in old.items() if row["status"] == 0}
        assert len(fresh) >= len(gone)
        assert min(fresh) > max(old)
        assert not [key for key in after["task_links"] if (key[0],) in gone or (key[1],) in gone]
        seen += 1
    assert seen >= 3


def test_replans_begin_the_chain_anew(evenings: list[Evening]) -> None:
    """After a re-plan the trend begins again near 0 % of the chain, and no completed task is critical."""
    for project_id, _, after in replans(evenings):
        point = after["early_warning_history"].get((project_id, after.today))
        assert point is None or point["criticalChainCompletion"] < 20
        assert not [
            row
            for row in by_project(after["tasks"])[project_id].values()
            if row["isCriticalChain"] and row["status"] == 2 and row["lastModifiedOn"].date() < after.today
        ]


def test_due_dates_slip(evenings: list[Evening]) -> None:
    """Promises of started projects move: by re-plans and thaws, mostly to later dates."""
    slips = [
        row["projectDueDate"] - old["projectDueDate"]
        for _, old, row in moves(evenings, "projects")
        if old and old["projectDueDate"] and row["projectStatusName"] == old["projectStatusName"] == "Started"
        if row["projectDueDate"] != old["projectDueDate"]
    ]
    assert slips
    assert sum(slip > timedelta(0) for slip in slips) >= len(slips) / 2


def test_projects_change_hands(evenings: list[Evening]) -> None:
    """Project managers change now and then."""
    assert [
        row
        for _, old, row in moves(evenings, "projects")
        if old and old["projectManagerID"] != row["projectManagerID"]
    ]


def test_people_join_and_leave(evenings: list[Evening]) -> None:
    """Users appear; some are deleted; some stay without role, and none of their open tasks stays with them."""
    first, last = evenings[0]["users"], evenings[-1]["users"]
    ever = {key for evening in evenings for key in evening["users"]}
    assert last.keys() - first.keys()
    assert ever - last.keys()
    leavers = {row["userId"] for row in last.values() if row["roleId"] is None}
    assert leavers
    open_tasks = [row for row in evenings[-1]["tasks"].values() if row["status"] != 2]
    assert not {row["taskManagerId"] for row in open_tasks} & leavers


def test_some_resources_multitask(evenings: list[Evening]) -> None:
    """Only resource types that multitask have more tasks in a day than people, and those get part of a day."""
    portfolio = Portfolio(seed=1, day=20)
    skills = {skill.name: skill for skill in PROFILES[0].industry.skills}
    account_id = portfolio.accounts()[0]["accountId"]
    pools = {row["resourceTypeId"]: row for row in portfolio.truth("resource_types", account_id)}
    needs = {
        (row["taskId"], row["resourceTypeId"]): row["quantity"]
        for row in portfolio.truth("task_resource_assignments", account_id)
    }
    asked: Counter[tuple[date, int]] = Counter()
    hours = portfolio.truth("work_hours", account_id)
    for day, task_id, pool in {(row["workDate"], row["taskId"], row["resourceTypeId"]) for row in hours}:
        asked[day, pool] += needs[task_id, pool]
    crowded = {pool for (_, pool), quantity in asked.items() if quantity > pools[pool]["quantity"]}
    assert crowded
    assert all(skills[pools[pool]["resourceTypeName"]].multitasks for pool in crowded)


def test_every_colour_shows(evenings: list[Evening]) -> None:
    """Early warnings are green, red and black in turn; penetration goes below 0 and above 100."""
    rows = [row for evening in evenings for row in evening["projects"].values()]
    assert {row["earlyWarningStatus"] for row in rows} == {None, "Green", "Red", "Black"}
    penetrations = [row["bufferPenetration"] for row in rows if row["bufferPenetration"] is not None]
    assert min(penetrations) < 0
    assert max(penetrations) > 100
