from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st


def test_remaining_days_and_their_change(days: Any) -> None:
    """Each observed day shows what is left and how that differs from the observed day before."""
    for day, left in ((2, 5), (3, 4), (4, 6)):
        days.tasks(day, (100, left, 5))
    columns = ("remaining_days", "duration_days", "change_days", "is_completed", "is_critical_chain")
    assert days.mart("task_day", *columns) == [
        (2, 5, 5, None, False, True),
        (3, 4, 5, -1, False, True),
        (4, 6, 5, 2, False, True),
    ]


def test_days_that_were_not_observed_have_no_rows(days: Any) -> None:
    """A day without a successful reading of tasks is a gap, and the change is told over it."""
    days.tasks(2, (100, 5, 5))
    days.read(3, "projects", {})
    days.tasks(6, (100, 2, 5))
    assert days.mart("task_day", "remaining_days", "change_days") == [(2, 5, None), (6, 2, -3)]


def test_a_task_that_does_not_change(days: Any) -> None:
    """A task that is read again as it was has a row with change 0."""
    days.tasks(2, (100, 5, 5))
    days.tasks(3, (101, 1, 1))
    assert days.mart("task_day", "change_days", where="task_id = 100") == [(2, None), (3, 0)]


def test_a_project_is_live_until_all_is_done(days: Any) -> None:
    """Completed tasks keep their rows until the day on which the last task of the project is done."""
    days.tasks(2, (100, 1, 1), (101, 2, 2))
    days.tasks(3, (100, 0, 1))
    days.tasks(4, (101, 0, 2))
    days.tasks(5, (102, 1, 1), project_id=11)
    assert days.mart("task_day", "task_id", "is_completed") == [
        (2, 100, False),
        (2, 101, False),
        (3, 100, True),
        (3, 101, False),
        (4, 100, True),
        (4, 101, True),
    ]


def test_deleted_tasks_and_projects_end(days: Any) -> None:
    """A task has no row from the day on which it was found gone; nor have the tasks of a project that is gone."""
    days.read(2, "projects", {}, {"project_id": 11})
    days.tasks(2, (100, 1, 1), (101, 1, 1))
    days.tasks(3, (100, 1, 1), reconcile=True)
    days.read(4, "projects", {"project_id": 11}, reconcile=True)
    days.tasks(4, (100, 1, 1))
    assert days.mart("task_day", "task_id") == [(2, 100), (2, 101), (3, 100)]


def test_templates_are_no_work(days: Any) -> None:
    """Tasks of a template have no rows."""
    days.project(2, is_template=True)
    days.tasks(2, (100, 1, 1))
    assert days.mart("task_day") == []


def test_overrun_is_what_eats_the_buffer(days: Any) -> None:
    """Elapsed plus remaining minus planned: weekends do not count, and after completion nothing is added."""
    for day, left in ((5, 3), (6, 2), (7, 2), (8, 2), (9, 2), (10, 1), (11, 0), (12, 0)):
        days.tasks(day, (100, left, 3), (101, 9, 9))
    found = days.mart("task_day", "overrun_days", where="task_id = 100")
    assert found == [(5, None), (6, 0), (7, 0), (8, 0), (9, 1), (10, 1), (11, 1), (12, 1)]


def test_the_account_s_calendar_decides_what_a_working_day_is(days: Any) -> None:
    """A holiday that the calendar names is not counted as elapsed."""
    holiday = {"calendar_day_id": 1, "date": date(2026, 3, 10), "is_working_day": False}
    days.scene.land("calendar_days", [holiday], days.moment(9))
    for day, left in ((9, 3), (10, 2), (11, 2)):
        days.tasks(day, (100, left, 3))
    assert days.mart("task_day", "overrun_days") == [(9, None), (10, 0), (11, 1)]


def test_work_that_had_begun_before_has_no_overrun(days: Any) -> None:
    """When work began before tasks were first read, how long it has taken is not known."""
    days.tasks(5, (100, 2, 3))
    days.tasks(6, (100, 1, 3))
    assert days.mart("task_day", "overrun_days") == [(5, None), (6, None)]


def test_tasks_without_a_project_are_there(days: Any) -> None:
    """A service that does not tell the projects of tasks has them all the same."""
    days.tasks(5, (100, 2, 3), project_id=None)
    assert days.mart("task_day", "remaining_days", where="project_id IS NULL") == [(5, 2)]


@given(st.data())
@settings(max_examples=settings.default.max_examples // 4)  # landing and building takes its time
def test_one_row_for_each_task_and_observed_day(
    scenery: Any, tmp_path_factory: Any, day_kit: Any, data: Any
) -> None:
    """Whatever was read when: no day twice, none that was not observed, and the last state of each is shown."""
    days = day_kit(scenery.Scene(tmp_path_factory.mktemp("days")))
    last: dict[tuple[int, int], int] = {}
    states: dict[int, int] = {}
    for day in sorted(data.draw(st.sets(st.integers(1, 20), min_size=1, max_size=6))):
        read = data.draw(st.dictionaries(st.integers(100, 102), st.integers(1, 4), min_size=1))
        days.tasks(day, *((key, left, 3) for key, left in read.items()))
        states |= read
        last |= {(day, key): left for key, left in states.items()}
    rows = days.mart("task_day", "task_id", "remaining_days")
    assert len(rows) == len(last)
    assert {(day, key): left for day, key, left in rows} == last
