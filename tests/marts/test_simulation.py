"""The marts over simulated days, refreshed hourly by a clock that is given: they say what the portfolio says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from exepron_pipeline.engine import open_engine
from exepron_pipeline.land import Warehouse
from exepron_pipeline.marts import build
from exepron_pipeline.sync import sync_all

pytestmark = [pytest.mark.xdist_group("marts-simulation"), pytest.mark.timeout(1800)]

SETS = ("projects", "tasks", "buffers", "early_warning_history", "calendar_days")
NIGHT, EVENING, COMPARISON = time(3), time(19, 30), time(23, 30)
"""Refreshes of a day, in UTC: before the day's work, after it, and the one that finds what is gone."""

Row = dict[str, Any]
Found = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Story:
    """What was true on the evening of each simulated day, and the lab whose warehouse must say the same."""

    lab: Any
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    truth: dict[date, dict[str, list[Row]]] = field(default_factory=dict)

    def refresh(self, day: date, at: time, **options: Any) -> None:
        """Sync at an hour of a simulated day."""
        self.now = datetime.combine(day, at, UTC)
        with open_engine(self.lab.load_settings(), clock=lambda: self.now) as engine:
            report = sync_all(engine, SETS, **options)
        assert report.ok
        assert report.load_id.startswith(f"{day:%Y%m%dT}{at:%H%M}")

    def live(self) -> None:
        """Live through the next day, refresh over it, and note what was true in the evening."""
        day = self.lab.portfolio.today + timedelta(days=1)
        self.refresh(day, NIGHT)
        self.lab.advance(1)
        self.refresh(day, EVENING)
        self.refresh(day, COMPARISON, mode="reconcile")
        self.truth[day] = {name: self.lab.portfolio.truth(name, self.lab.account_id) for name in SETS}

    def each(self, name: str) -> Iterator[tuple[date, Row]]:
        """Each record of an entity set on each evening."""
        for day, truth in self.truth.items():
            yield from ((day, record) for record in truth[name])

    def mart(self, name: str, key: tuple[str, ...], columns: tuple[str, ...], where: str = "true") -> Found:
        """Columns of a mart's rows by key; no key twice."""
        rows = self.lab.query(f"FROM marts.{name} WHERE {where}")
        found = {tuple(row[part] for part in key): tuple(row[part] for part in columns) for row in rows}
        assert len(found) == len(rows) > 0
        return found


@pytest.fixture(scope="module", params=[6, pytest.param(90, marks=pytest.mark.full)], ids="{} days".format)
def story(new_lab: Callable[[], Any], request: pytest.FixtureRequest) -> Story:
    """The simulated days, and the marts built at their end."""
    story = Story(new_lab())
    story.lab.advance(2)
    for _ in range(request.param):
        story.live()
    with open_engine(story.lab.load_settings(), clock=lambda: story.now) as engine:
        built = engine.build_marts()
    assert all(mart.rows for mart in built.values())
    return story


def lasting(story: Story) -> str:
    """SQL condition: the days of this story."""
    return f"day BETWEEN DATE '{min(story.truth)}' AND DATE '{max(story.truth)}'"


def test_loads_carry_the_simulated_time(story: Story) -> None:
    """Every read begins, and every landing happens, by the clock that was given."""
    loads = story.lab.query(
        "SELECT DISTINCT started_at, date_trunc('minute', finished_at) AS finished_at FROM ops.loads"
    )
    moments = {datetime.combine(day, at, UTC) for day in story.truth for at in (NIGHT, EVENING, COMPARISON)}
    assert {row["started_at"] for row in loads} == moments
    assert all(row["started_at"] == row["finished_at"] for row in loads)


def test_project_day_is_the_portfolio(story: Story) -> None:
    """Status, early warning, penetration, risk and due date of each project on each day are the portfolio's own."""
    columns = ("status_code", "early_warning", "early_warning_status", "buffer_penetration", "risk_quotient")
    found = story.mart("project_day", ("day", "project_id"), (*columns, "project_due_date"), lasting(story))
    wires = (
        "status",
        "earlyWarning",
        "earlyWarningStatus",
        "bufferPenetration",
        "riskQuotient",
        "projectDueDate",
    )
    assert found == {
        (day, project["projectId"]): tuple(project[wire] for wire in wires)
        for day, project in story.each("projects")
    }


def test_task_day_is_the_portfolio(story: Story) -> None:
    """Each task of a live project has its row on each day, with the portfolio's own durations, status and change."""
    columns = ("remaining_days", "duration_days", "status_code", "is_critical_chain", "is_completed")
    found = story.mart("task_day", ("day", "task_id"), (*columns, "change_days"), lasting(story))
    assert found == dict(expected_tasks(story))


def expected_tasks(story: Story) -> Iterator[tuple[tuple[date, int], tuple[Any, ...]]]:
    """Rows of task_day as the portfolio has them: a project is live up to the day on which all is done."""
    open_until: dict[int, date] = {}
    first = min(story.truth)
    for day, task in story.each("tasks"):
        if task["remainingDuration"]:
            open_until[task["projectId"]] = day
        elif day == first == task["lastModifiedOn"].date():  # by its stamp it was open until that day
            open_until.setdefault(task["projectId"], day - timedelta(days=1))
    templates = {project["projectId"] for _, project in story.each("projects") if project["isTemplate"]}
    former: dict[int, int] = {}
    for day, task in story.each("tasks"):
        left, project_id = task["remainingDuration"], task["projectId"]
        change = left - former[task["taskId"]] if task["taskId"] in former else None
        former[task["taskId"]] = left
        last = open_until.get(project_id)
        if project_id not in templates and last and day <= next_seen(story, last):
            state = (left, task["duration"], task["status"], task["isCriticalChain"], left == 0)
            yield (day, task["taskId"]), (*state, change)


def next_seen(story: Story, day: date) -> date:
    """The first evening after ``day`` on which the portfolio was looked at; ``day`` itself when it is the last."""
    return min((each for each in story.truth if each > day), default=day)


def points(story: Story) -> dict[tuple[date, int], tuple[float, float]]:
    """The portfolio's own trend, as of the last evening."""
    last = story.truth[max(story.truth)]["early_warning_history"]
    return {
        (point["pointDate"], point["projectId"]): (
            point["criticalChainCompletion"],
            point["bufferPenetration"],
        )
        for point in last
    }


def test_fever_chart_is_the_trend(story: Story) -> None:
    """Every point of the portfolio's own trend, before the first reading and since, is a point of the fever chart."""
    columns = ("chain_completion_pct", "buffer_penetration_pct")
    key = ("day", "project_id")
    assert story.mart("fever_chart", key, columns, "completion_source = 'exepron'") == points(story)


def test_fever_chart_has_every_project_and_day(story: Story) -> None:
    """Each project has one row a day, with the portfolio's penetration, and says why something is null."""
    columns = ("buffer_penetration_pct", "is_observed")
    found = story.mart("fever_chart", ("day", "project_id"), columns, lasting(story))
    assert found == {
        (day, project["projectId"]): (project["bufferPenetration"], True)
        for day, project in story.each("projects")
    }
    reasons = story.lab.query(
        f"SELECT DISTINCT reason FROM marts.fever_chart WHERE {lasting(story)} AND reason IS NOT NULL"
    )
    known = {"no critical chain yet", "the project has no buffer penetration"}
    assert {part for row in reasons for part in row["reason"].split("; ")} <= known | {
        "the plan is being made anew"
    }


def test_estimates_agree_with_the_trend(story: Story, tmp_path: Path) -> None:
    """Where a service keeps no trend, the estimate of each project and day is what the portfolio's own trend says."""
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes((story.lab.data_dir / "warehouse.duckdb").read_bytes())
    with Warehouse(copy, tmp_path / "state").open("test") as con:
        con.execute("DROP TABLE core.early_warning_history")
        assert build(con)["fever_chart"].missing == ("core.early_warning_history",)
        rows = con.sql(
            f"SELECT day, project_id, chain_completion_pct FROM marts.fever_chart WHERE {lasting(story)} "
            "AND completion_source = 'estimated'"
        ).fetchall()
    estimates = {(day, project_id): completion for day, project_id, completion in rows}
    own = {key: completion for key, (completion, _) in points(story).items() if key[0] in story.truth}
    assert {key: estimates[key] for key in own} == pytest.approx(own, abs=0.01)


def test_due_dates_slip_as_in_the_portfolio(story: Story) -> None:
    """First and current due date, slip and number of changes are those of the portfolio's days."""
    columns = ("first_due_date", "current_due_date", "slip_days", "changes")
    found = story.mart("due_date_slip", ("project_id",), columns)
    dues: dict[int, list[datetime | None]] = {}
    for _, project in story.each("projects"):
        dues.setdefault(project["projectId"], []).append(project["projectDueDate"])
    for project_id, promised in dues.items():
        known = [due for due in promised if due]
        changes = sum(before != after for before, after in pairwise(known))
        slip = (promised[-1] - known[0]).days if known and promised[-1] else None
        assert found[project_id,] == (known[0] if known else None, promised[-1], slip, changes)


def test_early_warning_changes_as_in_the_portfolio(story: Story) -> None:
    """Each change of colour or number between two evenings has its row, and there is no other."""
    columns = ("from_status", "to_status", "from_value", "to_value")
    key = ("day", "project_id")
    first = min(story.truth)
    found = story.mart("early_warning_changes", key, columns, f"{lasting(story)} AND day > DATE '{first}'")
    expected: Found = {}
    for (_, before), (day, after) in pairwise(story.truth.items()):
        former = {project["projectId"]: project for project in before["projects"]}
        for project in after["projects"]:
            old = former.get(project["projectId"], project)
            pair = [(each["earlyWarningStatus"], each["earlyWarning"]) for each in (old, project)]
            if pair[0] != pair[1]:
                expected[day, project["projectId"]] = (pair[0][0], pair[1][0], pair[0][1], pair[1][1])
    assert found == expected
