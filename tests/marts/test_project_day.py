from datetime import UTC, date, datetime, timedelta
from typing import Any


def at(day: int, hour: int = 12) -> datetime:
    """An hour of a day in March."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def project(changed: datetime, penetration: float, key: int = 10) -> dict[str, Any]:
    """A project's record."""
    return {
        "project_id": key,
        "project_name": "Bridge",
        "buffer_penetration": penetration,
        "last_modified_on": changed,
    }


def task(changed: datetime, remaining: int | None, key: int = 100) -> dict[str, Any]:
    """A task's record."""
    return {"task_id": key, "project_id": 10, "remaining_duration": remaining, "last_modified_on": changed}


def days(scene: Any, *columns: str, zone: str = "UTC") -> dict[int, tuple[Any, ...]]:
    """Build, and give the columns by day of the month."""
    scene.build(zone)
    rows = scene.rows("FROM marts.project_day WHERE project_id = 10 ORDER BY day")
    return {row["day"].day: tuple(row[name] for name in columns) for row in rows}


def test_state_at_the_end_of_each_day(scene: Any) -> None:
    """Each day shows the last state that was valid on it, also when that was learnt only later."""
    scene.land("projects", [project(at(1), 10)], at(1, 13))
    scene.land("projects", [project(at(2, 9), 20)], at(2, 10))
    scene.land("projects", [project(at(2, 23), 30)], at(3, 1))
    assert days(scene, "buffer_penetration") == {1: (10.0,), 2: (30.0,), 3: (30.0,)}


def test_days_without_a_reading_carry_nothing(scene: Any) -> None:
    """A day without a successful reading is there, not observed, with null measures."""
    scene.land("projects", [project(at(1), 10)], at(1, 13))
    scene.land("projects", [project(at(1), 10)], at(4))
    found = days(scene, "is_observed", "buffer_penetration", "project_name")
    assert found == {
        1: (True, 10.0, "Bridge"),
        2: (False, None, "Bridge"),
        3: (False, None, "Bridge"),
        4: (True, 10.0, "Bridge"),
    }


def test_a_failed_reading_observes_nothing(scene: Any) -> None:
    """Only loads with status ok make a day observed."""
    scene.land("projects", [project(at(1), 10)], at(1, 13))
    scene.land("projects", [project(at(1), 10)], at(2))
    scene.land("projects", [project(at(1), 10)], at(3))
    scene.execute("UPDATE ops.loads SET status = 'failed' WHERE load_id = 'load-002'")
    assert days(scene, "is_observed") == {1: (True,), 2: (False,), 3: (True,)}


def test_it_begins_when_the_project_was_first_known(scene: Any) -> None:
    """What was changed long before the first load has no days before it."""
    scene.land("projects", [project(datetime(2025, 1, 1, tzinfo=UTC), 10)], at(5))
    assert list(days(scene)) == [5]


def test_a_deleted_project_ends(scene: Any) -> None:
    """From the day of its deletion on a project has no rows; other projects go on."""
    both = [project(at(1), 10), project(at(1), 10, key=11)]
    scene.land("projects", both, at(1, 13))
    scene.land(
        "projects", both[1:], at(3), mode="reconcile", evidence="count", complete=True, max_deleted_share=1
    )
    assert list(days(scene)) == [1, 2]
    assert scene.rows("SELECT max(day) AS day FROM marts.project_day") == [{"day": date(2026, 3, 3)}]


def test_the_zone_decides_whose_day_it_is(scene: Any) -> None:
    """A change at 23:30 UTC belongs to the next day in Berlin."""
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    scene.land("projects", [project(at(2), 10)], at(2, 13))
    scene.land("projects", [project(late, 20)], late + timedelta(minutes=5))
    assert days(scene, "buffer_penetration") == {2: (20.0,)}
    assert days(scene, "buffer_penetration", zone="Europe/Berlin") == {2: (10.0,), 3: (20.0,)}


def test_tasks_are_summed_as_of_each_day(scene: Any) -> None:
    """Remaining days and completed tasks are those of the day's end; null when tasks were not read that day."""
    for day in (1, 2, 3):
        scene.land("projects", [project(at(1), 10)], at(day, 13))
    scene.land("tasks", [task(at(1), 5), task(at(1), 3, key=101), task(at(1), None, key=102)], at(1, 14))
    scene.land("tasks", [task(at(3), 0), task(at(2), 4, key=101)], at(3, 14))
    found = days(scene, "remaining_days", "tasks_completed")
    assert found == {1: (8, 0), 2: (None, None), 3: (4, 1)}


def test_tasks_that_were_never_offered_are_unknown(scene: Any) -> None:
    """Without any task the sums are null, not 0."""
    scene.land("projects", [project(at(1), 10)], at(1, 13))
    assert days(scene, "remaining_days", "tasks_completed") == {1: (None, None)}
