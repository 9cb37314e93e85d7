"""What a simulated day changes: stamps, progress, trends, deletions."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.schema import ENTITY_SETS, PROJECT_STATUS

STAMPED = [one.name for one in ENTITY_SETS if "lastModifiedOn" in one.field_names]
STAMPS = {"lastModifiedOn", "lastModifiedByUserID"}
LIVELY = [one for one in ENTITY_SETS if one.name != "calendar_days"]
DAYS = 28

Snapshot = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def snapshot(portfolio: Portfolio, before: Snapshot) -> Snapshot:
    """Return all rows of all accounts by entity set and key; equal rows are shared with ``before``."""
    found: Snapshot = {}
    for one in LIVELY:
        known = before.get(one.name, {})
        rows = found[one.name] = {}
        for account in portfolio.accounts():
            for row in portfolio.truth(one.name, account["accountId"]):
                key = tuple(row[part] for part in one.key)
                old = known.get(key)
                rows[key] = old if old == row else row
    return found


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """Return a portfolio that the recorded days have moved on."""
    return Portfolio(seed=3)


@pytest.fixture(scope="module")
def days(portfolio: Portfolio) -> list[tuple[date, Snapshot]]:
    """Return what the portfolio held on the evening of each day of four weeks."""
    evenings = [(portfolio.today, snapshot(portfolio, {}))]
    for _ in range(DAYS):
        portfolio.advance(1)
        evenings.append((portfolio.today, snapshot(portfolio, evenings[-1][1])))
    return evenings


def steps(days: list[tuple[date, Snapshot]]) -> Iterator[tuple[date, Snapshot, Snapshot]]:
    """Return each day with what was there the evening before and on its own."""
    for (_, before), (today, after) in pairwise(days):
        yield today, before, after


def changed(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """True when anything but the stamp differs."""
    return any(before[name] != after[name] for name in after if name not in STAMPS)


@pytest.mark.parametrize("name", STAMPED)
def test_stamp_moves_exactly_with_changes(days: list[tuple[date, Snapshot]], name: str) -> None:
    """A row that changes gets a stamp of that day, but for late arrivals and dormant projects; others keep it."""
    moved = 0
    for today, before, after in steps(days):
        for key, row in after[name].items():
            old = before[name].get(key)
            if old is None or changed(old, row):
                assert row["lastModifiedOn"].date() == today or is_excused(name, today, old, row)
                moved += 1
            else:
                assert row == old
    assert moved > 0


def is_excused(name: str, today: date, old: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """True for what was computed behind an old stamp, and for what arrived late (``test_portfolio_traps.py``)."""
    age = today - row["lastModifiedOn"].date()
    if old is not None and old["lastModifiedOn"] == row["lastModifiedOn"]:
        return name == "projects" and age >= timedelta(days=14)
    return name in {"tasks", "work_hours"} and age <= timedelta(days=5)


@pytest.mark.parametrize("name", STAMPED)
def test_no_stamp_is_later_than_today(days: list[tuple[date, Snapshot]], name: str) -> None:
    """No stamp lies after the end of the simulated day (UTC)."""
    for today, evening in days:
        midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=UTC)
        assert max(row["lastModifiedOn"] for row in evening[name].values()) < midnight


def test_stamps_are_shared_and_mostly_whole_seconds(days: list[tuple[date, Snapshot]]) -> None:
    """Several tasks saved at one sitting have the very same stamp; most stamps are whole seconds, not all."""
    today, evening = days[1]
    stamps = [row["lastModifiedOn"] for row in evening["tasks"].values()]
    of_today = [stamp for stamp in stamps if stamp.date() == today]
    assert max(Counter(of_today).values()) > 1
    whole = sum(stamp.microsecond == 0 for stamp in stamps) / len(stamps)
    assert 0.4 < whole < 1


def deletions(days: list[tuple[date, Snapshot]], name: str) -> list[bool]:
    """Say for each weekday whether a row of the entity set disappeared."""
    return [
        bool(before[name].keys() - after[name].keys())
        for today, before, after in steps(days)
        if today.weekday() < 5
    ]


@pytest.mark.parametrize("name", ["work_hours", "task_links"])
def test_something_is_deleted_every_week(days: list[tuple[date, Snapshot]], name: str) -> None:
    """Within any five working days a row disappears from a set with a cursor and from one without."""
    gone = deletions(days, name)
    assert all(any(gone[start : start + 5]) for start in range(len(gone) - 4))


def test_days_off_change_nothing(days: list[tuple[date, Snapshot]]) -> None:
    """On a weekend nobody works and no row changes."""
    quiet = [before == after for today, before, after in steps(days) if today.weekday() > 4]
    assert quiet
    assert all(quiet)


def test_a_day_changes_a_small_part(portfolio: Portfolio, days: list[tuple[date, Snapshot]]) -> None:
    """SQLite writes in proportion to what changes on a day, not to what there is."""
    with portfolio.lock:
        tasks = len(days[-1][1]["tasks"])
        before = portfolio.connection.total_changes
    portfolio.advance(1)
    assert 0 < portfolio.connection.total_changes - before < tasks / 4


def test_trend_has_one_point_a_working_day(days: list[tuple[date, Snapshot]]) -> None:
    """A project that was saved on a working day after a day of work has its trend point; a day off has none."""
    for today, before, after in steps(days):
        new = after["early_warning_history"].keys() - before["early_warning_history"].keys()
        running = {
            key[0]
            for key, row in after["projects"].items()
            if row["projectStatusName"] == "Started"
            if before["projects"][key]["projectStatusName"] == "Started"
            if before["projects"][key]["bufferPenetration"] != row["bufferPenetration"]
        }
        assert {point[1] for point in new} <= {today}
        assert running - {point[0] for point in new} <= resting(after, today)


def resting(evening: Snapshot, today: date) -> set[int]:
    """Return the projects of the accounts that had a day off: none of their projects got a point."""
    projects = evening["projects"]
    at_work = {projects[key[:1]]["accountId"] for key in evening["early_warning_history"] if key[1] == today}
    return {key[0] for key, row in projects.items() if row["accountId"] not in at_work}


def test_tasks_follow_their_predecessors(days: list[tuple[date, Snapshot]]) -> None:
    """In a scheduled project no task has begun before all its predecessors were completed."""
    _, evening = days[-1]
    tasks = evening["tasks"]
    for before, after in evening["task_links"]:
        if tasks[after,]["status"] > 0:
            assert tasks[before,]["status"] == 2


def test_remaining_days_may_go_up(days: list[tuple[date, Snapshot]]) -> None:
    """Re-estimates raise remaining durations now and then, and mostly they fall."""
    moves = Counter(
        (row["remainingDuration"] > before["tasks"][key]["remainingDuration"])
        for _, before, after in steps(days)
        for key, row in after["tasks"].items()
        if key in before["tasks"] and row["status"] == 1
        if row["remainingDuration"] != before["tasks"][key]["remainingDuration"]
    )
    assert 0 < moves[True] < moves[False]


def test_bookings_stay_within_the_resources(days: list[tuple[date, Snapshot]]) -> None:
    """The hours of a day never exceed 8 for each person of a resource type, but for what people round up."""
    _, evening = days[-1]
    hours: Counter[tuple[date, int]] = Counter()
    rounding: Counter[tuple[date, int]] = Counter()
    for row in evening["work_hours"].values():
        hours[row["workDate"], row["resourceTypeId"]] += row["hours"]
        rounding[row["workDate"], row["resourceTypeId"]] += Decimal("1.50")
    for (day, pool), booked in hours.items():
        assert booked <= evening["resource_types"][pool,]["quantity"] * 8 + rounding[day, pool]


def test_cost_is_hours_at_the_rate(days: list[tuple[date, Snapshot]]) -> None:
    """A booking costs its hours times the hourly cost of its resource type, to the cent."""
    _, evening = days[-1]
    for row in evening["work_hours"].values():
        rate = evening["resource_types"][row["resourceTypeId"],]["hourlyCost"]
        assert row["hours"] > 0
        assert abs(row["cost"] - row["hours"] * rate) <= Decimal("0.01")


def test_status_moves_along_the_allowed_ways(days: list[tuple[date, Snapshot]]) -> None:
    """Projects go from stage to stage in order; only started ones are put on hold and resumed."""
    labels = {label: number for number, label in PROJECT_STATUS.items()}
    order = ["Planning", "Accepted", "Pipeline", "Started", "Completed"]
    allowed = {(labels[a], labels[b]) for a, b in pairwise(order)}
    allowed |= {(labels["Started"], labels["Frozen"]), (labels["Frozen"], labels["Started"])}
    moves = {
        (before["projects"][key]["status"], row["status"])
        for _, before, after in steps(days)
        for key, row in after["projects"].items()
        if key in before["projects"] and before["projects"][key]["status"] != row["status"]
    }
    assert moves
    assert moves <= allowed


def test_new_projects_enter(days: list[tuple[date, Snapshot]]) -> None:
    """Projects keep coming in, so that the portfolio never runs dry."""
    assert days[-1][1]["projects"].keys() > days[0][1]["projects"].keys()


def test_reason_codes_move_on(days: list[tuple[date, Snapshot]]) -> None:
    """Reason codes are put on tasks that overrun and pass through every status in time."""
    seen = {row["status"] for _, evening in days for row in evening["task_reason_codes"].values()}
    assert seen == {"Active", "Fixed", "Improved", "Urgent"}
