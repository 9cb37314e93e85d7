from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

POINT = (
    "chain_completion_pct",
    "completion_source",
    "buffer_penetration_pct",
    "penetration_source",
    "reason",
)
ESTIMATE = ("plan_number", "chain_completion_pct", "completion_source")


def trend(days: Any, day: int, *points: tuple[int, float, float]) -> None:
    """Read points of Exepron's own trend: day of March, completion, penetration."""
    rows = [
        {
            "point_date": date(2026, 3, point),
            "critical_chain_completion": completion,
            "buffer_penetration": penetration,
        }
        for point, completion, penetration in points
    ]
    days.read(day, "early_warning_history", *rows)


def buffer(days: Any, day: int, key: int = 1, size: int = 10) -> None:
    """Read the project buffer, and a feeding buffer that is another one each day."""
    sized = {"buffer_size": size, "buffer_remaining": size}
    days.read(
        day,
        "buffers",
        {"buffer_id": key, "buffer_type": "Project", **sized},
        {"buffer_id": 1000 + day, "buffer_type": "Feeding", **sized},
        reconcile=True,
    )


def test_what_exepron_says_comes_first(days: Any) -> None:
    """Completion is that of the trend's point; penetration that of the project at the end of the day."""
    days.project(2, 31.0)
    days.tasks(2, (100, 5, 10))
    trend(days, 2, (2, 48.5, 30.0))
    assert days.mart("fever_chart", *POINT) == [(2, 48.5, "exepron", 31.0, "projects", None)]


def test_days_that_only_the_trend_covers(days: Any) -> None:
    """Before the project was known, and on days without a reading, the trend's own point is shown and labelled."""
    days.project(4, 40.0)
    days.project(6, 60.0)
    trend(days, 6, (2, 10.0, 5.0), (4, 20.0, 39.0), (5, 30.0, 50.0), (6, 40.0, 59.0))
    assert days.mart("fever_chart", *POINT, "is_observed") == [
        (2, 10.0, "exepron", 5.0, "trend", None, False),
        (4, 20.0, "exepron", 40.0, "projects", None, True),
        (5, 30.0, "exepron", 50.0, "trend", None, False),
        (6, 40.0, "exepron", 60.0, "projects", None, True),
    ]


def test_points_that_exepron_dropped_stay(days: Any) -> None:
    """When a re-plan makes Exepron forget a trend, its points are still shown."""
    days.project(3, 40.0)
    trend(days, 3, (2, 10.0, 5.0), (3, 20.0, 40.0))
    days.read(3, "early_warning_history", {"point_date": date(2026, 3, 3)}, hour=21, reconcile=True)
    assert days.mart("fever_chart", "chain_completion_pct")[0] == (2, 10.0)


def test_completion_is_estimated_from_the_chain(days: Any) -> None:
    """Without a trend, completion is what is left of the chain against the chain as it was first seen."""
    for day, left in ((2, 6), (3, 3), (4, 0)):
        days.project(day, 10.0 * day)
        days.tasks(day, (100, left, 6), (101, 4, 4))
        days.read(day, "tasks", {"task_id": 102, "remaining_duration": 50, "is_critical_chain": False})
    assert days.mart("fever_chart", *ESTIMATE) == [
        (2, 1, 0.0, "estimated"),
        (3, 1, 30.0, "estimated"),
        (4, 1, 60.0, "estimated"),
    ]


def test_the_first_seen_plan_is_the_measure(days: Any) -> None:
    """A planned duration that is changed without a re-plan does not change what was planned at first."""
    days.tasks(2, (100, 10, 10))
    days.tasks(3, (100, 5, 20))
    days.project(2)
    days.project(3)
    assert days.mart("fever_chart", *ESTIMATE) == [(2, 1, 0.0, "estimated"), (3, 1, 50.0, "estimated")]


def test_more_work_than_planned_is_no_negative_progress(days: Any) -> None:
    """A chain that has become longer than planned is 0 % done; a task without an estimate has its planned duration left."""
    days.tasks(2, (100, 10, 10))
    days.tasks(3, (100, 15, 10))
    days.tasks(4, (100, None, 10))
    for day in (2, 3, 4):
        days.project(day)
    assert [row[2] for row in days.mart("fever_chart", *ESTIMATE)] == [0.0, 0.0, 0.0]


def test_done_tasks_that_leave_the_chain_count_as_done(days: Any) -> None:
    """A finished task that is no longer called critical is no re-plan, and its work is done."""
    days.project(2)
    days.project(3)
    days.tasks(2, (100, 5, 5), (101, 5, 5))
    days.tasks(3, (100, 0, 5), is_critical_chain=False)
    assert days.mart("fever_chart", *ESTIMATE) == [(2, 1, 0.0, "estimated"), (3, 1, 50.0, "estimated")]


def test_a_re_plan_begins_a_new_plan(days: Any) -> None:
    """Tasks that are deleted and made again, and new buffers, break the series: the new chain starts at 0."""
    for day in (2, 3, 4, 5):
        days.project(day, 50.0)
    days.tasks(2, (100, 10, 10))
    buffer(days, 2)
    days.tasks(3, (100, 5, 10))
    buffer(days, 3)
    days.tasks(4, (200, 8, 8), reconcile=True)
    buffer(days, 4, key=2)
    days.tasks(5, (200, 6, 8))
    assert days.mart("fever_chart", *ESTIMATE) == [
        (2, 1, 0.0, "estimated"),
        (3, 1, 50.0, "estimated"),
        (4, 2, 0.0, "estimated"),
        (5, 2, 25.0, "estimated"),
    ]


def test_a_re_plan_that_is_seen_in_two_steps_is_one(days: Any) -> None:
    """Until the night's comparison finds the old tasks gone the estimate is withheld; there is one new plan, not two."""
    for day in (2, 3, 4, 5, 6):
        days.project(day, 50.0)
    days.tasks(2, (100, 10, 10))
    days.tasks(3, (100, 5, 10))
    days.tasks(4, (200, 8, 8))
    days.tasks(5, (200, 8, 8), reconcile=True)
    days.tasks(6, (200, 4, 8))
    assert days.mart("fever_chart", *ESTIMATE, "reason") == [
        (2, 1, 0.0, "estimated", None),
        (3, 1, 50.0, "estimated", None),
        (4, 2, None, None, "the plan is being made anew"),
        (5, 2, 0.0, "estimated", None),
        (6, 2, 50.0, "estimated", None),
    ]


@pytest.mark.parametrize("changed", [{"key": 2}, {"size": 12}])
def test_another_project_buffer_is_another_plan(days: Any, changed: dict[str, int]) -> None:
    """A project buffer with another id or another size begins a new plan; a feeding buffer does not."""
    for day in (2, 3, 4):
        days.project(day)
        days.tasks(day, (100, 10 - day, 10))
    buffer(days, 2)
    buffer(days, 3)
    buffer(days, 4, **changed)
    assert [row[1] for row in days.mart("fever_chart", "plan_number")] == [1, 1, 2]


def test_zones_are_the_textbook_s(days: Any) -> None:
    """Zones follow the sloped lines: yellow from 15 to 70, red from 35 to 90; both measures are needed."""
    completions = (
        (2, 0.0, 14.9),
        (3, 0.0, 15.0),
        (4, 0.0, 35.0),
        (5, 100.0, 69.9),
        (6, 100.0, 70.0),
        (7, 50.0, 62.5),
    )
    for day, _, penetration in completions:
        days.project(day, penetration)
    days.project(8, 10.0)
    trend(days, 8, *completions)
    assert days.mart("fever_chart", "zone_textbook") == [
        (2, "green"),
        (3, "yellow"),
        (4, "red"),
        (5, "green"),
        (6, "yellow"),
        (7, "red"),
        (8, None),
    ]


def test_gaps_say_why(days: Any) -> None:
    """A day that was not read is there without measures, and says so; nothing is carried over."""
    days.project(2, 20.0)
    days.tasks(2, (100, 5, 10))
    days.project(4, 40.0)
    assert days.mart("fever_chart", *POINT) == [
        (2, 50.0, "estimated", 20.0, "projects", None),
        (3, None, None, None, None, "tasks were not read on this day; projects were not read on this day"),
        (4, None, None, 40.0, "projects", "tasks were not read on this day"),
    ]


def reason(days: Any) -> str:
    """Build, and give the reason of the only day."""
    [(_, found)] = days.mart("fever_chart", "reason")
    return str(found)


def test_why_completion_is_not_known(days: Any) -> None:
    """Each thing that may be missing for completion has its own reason."""
    days.project(2, 10.0)
    assert reason(days) == "tasks are not offered"
    days.tasks(2, (100, None, None), is_critical_chain=None)
    assert reason(days) == "tasks do not tell the critical chain"
    days.tasks(2, (101, 5, 5), project_id=11)
    assert reason(days) == "no critical chain yet"
    days.tasks(2, (100, None, None))
    assert reason(days) == "durations are not known"


def test_why_penetration_is_not_known(days: Any) -> None:
    """A project to which Exepron gives no penetration says so."""
    days.project(2)
    trend(days, 2, (2, 10.0, None))
    assert reason(days) == "the project has no buffer penetration"


@given(st.data())
@settings(max_examples=settings.default.max_examples // 4)  # landing and building takes its time
def test_one_row_for_each_project_and_day(
    scenery: Any, tmp_path_factory: Any, day_kit: Any, data: Any
) -> None:
    """Whatever was read when: no project has a day twice, and a measure is null exactly where a reason is given."""
    days = day_kit(scenery.Scene(tmp_path_factory.mktemp("days")))
    observed = sorted(data.draw(st.sets(st.integers(1, 12), min_size=1, max_size=5)))
    for day in observed:
        days.read(
            day,
            "projects",
            {"buffer_penetration": data.draw(st.sampled_from([None, 20.0]))},
            {"project_id": 11},
        )
        if data.draw(st.booleans()):
            left = data.draw(st.dictionaries(st.integers(100, 103), st.integers(0, 4), min_size=1))
            days.tasks(day, *((key, left[key], 4) for key in left), reconcile=data.draw(st.booleans()))
    points = data.draw(st.sets(st.integers(1, observed[-1])))
    if points:
        trend(days, observed[-1], *((day, 5.0 * day, 1.0) for day in points))
    found = days.mart("fever_chart", "project_id", *POINT, where="true")
    rows = [(day, *point) for day, project, *point in found if project == 10]
    shown = set(range(observed[0], observed[-1] + 1)) | points
    assert [row[0] for row in rows] == sorted(shown)
    for _, completion, source, penetration, origin, why in rows:
        assert (completion is None, penetration is None) == (source is None, origin is None)
        assert (why is None) == (completion is not None and penetration is not None)
    others = [day for day, project, *_ in found if project == 11]
    assert others == list(range(observed[0], observed[-1] + 1))
