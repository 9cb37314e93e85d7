"""The marts over simulated days, refreshed by a clock that is given: they say what the portfolio says.

The long form is a quarter of a year, summer time included, refreshed every hour.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.marts import build

pytestmark = [pytest.mark.xdist_group("marts-simulation"), pytest.mark.timeout(5400)]

FEW_HOURS, EVERY_HOUR = (3, 19, 23), tuple(range(24))
WEEK = 7


@pytest.fixture(scope="module")
def kit(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``story.py``."""
    return helper("marts", "story")


@pytest.fixture(scope="module")
def truth(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``truth.py``."""
    return helper("marts", "truth")


@pytest.fixture(
    scope="module",
    params=[(6, FEW_HOURS), pytest.param((90, EVERY_HOUR), marks=pytest.mark.full)],
    ids=["6 days", "90 days"],
)
def story(kit: ModuleType, new_lab: Callable[..., Any], request: pytest.FixtureRequest) -> Any:
    """The simulated days; the marts stand as they were built on the last evening."""
    days, hours = request.param
    lab = new_lab()
    lab.advance(2)
    story = kit.Story(lab, hours)
    lab.settings["EXEPRON_CALENDAR_ZONE"] = story.zone.key
    for _ in range(days):
        story.live()
    return story


def test_loads_carry_the_simulated_time(story: Any) -> None:
    """Every read begins, and every landing happens, by the clock that was given: in the long form at each hour."""
    loads = story.lab.query(
        "SELECT DISTINCT started_at, date_trunc('minute', finished_at) AS finished_at FROM ops.loads"
    )
    moments = {moment for day in story.evenings for moment in story.moments(day)}
    assert {row["started_at"] for row in loads} == moments == {refresh.at for refresh in story.refreshes}
    assert all(row["started_at"] == row["finished_at"] for row in loads)


def test_refreshes_without_news_write_nothing(story: Any, kit: ModuleType) -> None:
    """Before a day's work is visible its refreshes find nothing new, however often they look."""
    first = min(story.evenings)
    silent = [
        refresh.written
        for refresh in story.refreshes
        if story.day_of(refresh.at) > first and refresh.at.astimezone(story.zone).hour < min(kit.AFTER_WORK)
    ]
    assert set(silent) == {0}
    assert sum(refresh.written > 0 for refresh in story.refreshes) >= len(story.evenings) / 2


def test_project_status_is_the_portfolio_on_each_evening(story: Any, truth: ModuleType) -> None:
    """Each evening the marts show each project as it is: its own fields, its buffer, the sums over its tasks."""
    for day, evening in story.evenings.items():
        expected = truth.project_states(evening)
        shown = {
            row["project_id"]: {name: row[name] for name in expected[row["project_id"]]}
            for row in evening.status
        }
        assert shown == expected, day
        assert {story.day_of(row["observed_at"]) for row in evening.status} == {day}
        for row in evening.status:
            assert row["days_since_change"] == (day - story.day_of(row["last_modified_on"])).days


def test_project_day_is_the_portfolio(story: Any, truth: ModuleType) -> None:
    """Each project has its row on each day, with the portfolio's own numbers and the sums over its tasks."""
    columns = (*truth.PROJECT, "remaining_days", "tasks_completed")
    found = story.mart("project_day", ("day", "project_id"), columns, story.lasting)
    assert_same(found, truth.project_days(story))


def test_task_day_is_the_portfolio(story: Any, truth: ModuleType) -> None:
    """Each task of a live project has its row on each day, with durations, status, change and overrun."""
    columns = ("remaining_days", "duration_days", "status_code", "is_critical_chain", "is_completed")
    found = story.mart(
        "task_day", ("day", "task_id"), (*columns, "change_days", "overrun_days"), story.lasting
    )
    assert_same(found, truth.task_days(story))


def test_fever_chart_is_the_trend(story: Any, truth: ModuleType) -> None:
    """Every point of the portfolio's own trend, before the first reading and since, is a point of the fever chart."""
    columns = ("chain_completion_pct", "buffer_penetration_pct", "zone_textbook")
    found = story.mart("fever_chart", ("day", "project_id"), columns, "completion_source = 'exepron'")
    assert_same(found, {key: (*point, truth.zone(*point)) for key, point in truth.trend(story).items()})


def test_fever_chart_has_every_project_and_day(story: Any) -> None:
    """Each project has one row a day, with the portfolio's penetration, and says why something is null."""
    columns = ("buffer_penetration_pct", "is_observed")
    found = story.mart("fever_chart", ("day", "project_id"), columns, story.lasting)
    expected = {
        (day, project["projectId"]): (project["bufferPenetration"], True)
        for day, project in story.each("projects")
    }
    assert_same(found, expected)
    reasons = story.lab.query(
        f"SELECT DISTINCT reason FROM marts.fever_chart WHERE {story.lasting} AND reason IS NOT NULL"
    )
    known = {"no critical chain yet", "the project has no buffer penetration"}
    assert {part for row in reasons for part in row["reason"].split("; ")} <= known | {
        "the plan is being made anew"
    }


def test_fever_chart_breaks_at_each_replan(story: Any, truth: ModuleType) -> None:
    """A new plan is counted on the very days on which the portfolio gave a project another chain or buffer."""
    where = f"{story.lasting} AND plan_number IS NOT NULL"
    found = story.mart("fever_chart", ("day", "project_id"), ("plan_number",), where)
    assert_same(found, {key: (number,) for key, number in truth.plans(story).items()})


def test_estimates_agree_with_the_trend(story: Any, truth: ModuleType, tmp_path: Path) -> None:
    """Where a service keeps no trend, the estimate of each project and day is what the portfolio's own trend says."""
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes((story.lab.data_dir / "warehouse.duckdb").read_bytes())
    with Warehouse(copy, tmp_path / "state").open("test") as con:
        con.execute("DROP TABLE core.early_warning_history")
        built = build(con, calendar_zone=story.zone.key)
        assert built["fever_chart"].missing == ("core.early_warning_history",)
        rows = con.sql(
            f"SELECT day, project_id, chain_completion_pct FROM marts.fever_chart WHERE {story.lasting} "
            "AND completion_source = 'estimated'"
        ).fetchall()
    estimates = {(day, project_id): completion for day, project_id, completion in rows}
    own = {key: completion for key, (completion, _) in truth.trend(story).items() if key[0] in story.evenings}
    assert_same({key: round(estimates.get(key, -1) - own[key], 1) for key in own}, dict.fromkeys(own, 0))


def test_due_dates_slip_as_in_the_portfolio(story: Any, truth: ModuleType) -> None:
    """First and current due date, slip and changes are those of the portfolio's days."""
    columns = ("first_due_date", "first_seen_day", "current_due_date", "last_seen_day", "slip_days")
    found = story.mart(
        "due_date_slip", ("project_id",), (*columns, "largest_slip_days", "changes", "last_changed_day")
    )
    assert_same(found, truth.slips(story))


def test_early_warning_changes_as_in_the_portfolio(story: Any, truth: ModuleType) -> None:
    """Each change of colour or number between two evenings has its row, and there is no other."""
    columns = ("former_day", "is_colour_change", "from_status", "to_status", "from_value", "to_value")
    where = f"{story.lasting} AND former_day >= DATE '{min(story.evenings)}'"
    found = story.mart("early_warning_changes", ("day", "project_id"), columns, where)
    assert_same(found, truth.warning_changes(story))


@pytest.mark.full
def test_history_does_not_slow_refreshes_down(
    story: Any, record_property: Callable[[str, object], None]
) -> None:
    """Refreshes without news take in the end what they took in the beginning, as far as processors can be timed."""
    if len(story.evenings) <= WEEK:
        pytest.skip("a few days are too few to tell")
    quiet = [refresh.seconds for refresh in story.refreshes[WEEK:] if not refresh.written]
    early, late = (median(part) for part in (quiet[: len(quiet) // 4], quiet[-len(quiet) // 4 :]))
    figures = {"refreshes": len(story.refreshes), "early": early, "late": late}
    builds = [evening.seconds for evening in story.evenings.values()]
    figures |= {"first builds": median(builds[:WEEK]), "last builds": median(builds[-WEEK:])}
    for name, value in figures.items():
        record_property(name, value)
    print(figures, *figured(story))  # noqa: T201 -- for who runs the long form with -rP
    assert late < 2.5 * early


def figured(story: Any) -> Iterator[str]:
    """Sizes of what the days left behind, in words."""
    for table in ("ops.loads", "history.tasks", "history.projects", "history.buffers", "marts.task_day"):
        [row] = story.lab.query(f"SELECT count(*) AS n FROM {table}")
        yield f"{table} {row['n']}"
    yield f"file {(story.lab.data_dir / 'warehouse.duckdb').stat().st_size / 1e6:.0f} MB"


def assert_same(found: dict[Any, Any], expected: dict[Any, Any]) -> None:
    """Compare by key; only the first differences are told, for there may be many thousand."""
    keys = sorted(found.keys() ^ expected.keys(), key=str)
    assert not keys, f"{len(keys)}: {[(key, found.get(key), expected.get(key)) for key in keys[:10]]}"
    wrong = [(key, found[key], expected[key]) for key in expected if found[key] != expected[key]]
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"
