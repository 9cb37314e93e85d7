from datetime import UTC, date, datetime
from typing import Any

MEASURES = ("slip_days", "largest_slip_days", "changes", "last_changed_day")


def due(day: int) -> datetime:
    """A due date in June."""
    return datetime(2026, 6, day, tzinfo=UTC)


def slip(days: Any) -> dict[str, Any]:
    """Build, and give the only row."""
    days.scene.build()
    [row] = days.scene.rows("FROM marts.due_date_slip WHERE project_id = 10")
    return dict(row)


def test_slip_from_the_first_due_date(days: Any) -> None:
    """Slip, the largest slip, and the changes are told against the due date that was seen first."""
    for day, promised in ((1, 10), (2, 20), (3, 20), (5, 17)):
        days.project(day, project_due_date=due(promised), project_name="Bridge")
    row = slip(days)
    assert {name: row[name] for name in MEASURES} == {
        "slip_days": 7,
        "largest_slip_days": 10,
        "changes": 2,
        "last_changed_day": date(2026, 3, 5),
    }
    assert (row["first_due_date"], row["first_seen_day"]) == (due(10), date(2026, 3, 1))
    assert (row["current_due_date"], row["last_seen_day"], row["project_name"]) == (
        due(17),
        date(2026, 3, 5),
        "Bridge",
    )


def test_a_due_date_that_comes_later_is_the_first(days: Any) -> None:
    """Before a project has a due date there is nothing to slip from; getting one is no change."""
    days.project(1)
    assert [slip(days)[name] for name in MEASURES] == [None, None, 0, None]
    days.project(2, project_due_date=due(9))
    assert [slip(days)[name] for name in MEASURES] == [0, 0, 0, None]
    assert slip(days)["first_seen_day"] == date(2026, 3, 2)


def test_a_due_date_that_is_withdrawn(days: Any) -> None:
    """Without a current due date there is no slip now; what there was stays told."""
    for day, promised in ((1, due(9)), (2, due(12)), (3, None)):
        days.project(day, project_due_date=promised)
    assert [slip(days)[name] for name in MEASURES] == [None, 3, 1, date(2026, 3, 2)]


def test_a_due_date_drawn_in(days: Any) -> None:
    """A project that is promised earlier than at first has a negative slip."""
    days.project(1, project_due_date=due(9))
    days.project(2, project_due_date=due(4))
    assert [slip(days)[name] for name in MEASURES] == [-5, 0, 1, date(2026, 3, 2)]


def test_a_deleted_project_stays(days: Any) -> None:
    """A project that is gone keeps its row, which ends with the last day on which it was observed."""
    days.project(1, project_due_date=due(9))
    days.read(2, "projects", {"project_id": 11}, reconcile=True)
    assert slip(days)["last_seen_day"] == date(2026, 3, 1)
