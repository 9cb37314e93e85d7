from datetime import date
from typing import Any

COLUMNS = ("from_status", "to_status", "from_value", "to_value", "is_colour_change")


def warn(days: Any, day: int, status: str | None, value: float | None) -> None:
    """Read project 10 with an early warning."""
    days.project(day, early_warning_status=status, early_warning=value)


def test_a_change_of_colour_and_a_change_of_number(days: Any) -> None:
    """Each change has its row with what it was and became; a day without change and the first sight have none."""
    warn(days, 1, "Green", 0.5)
    warn(days, 2, "Green", 0.5)
    warn(days, 3, "Green", 0.6)
    warn(days, 4, "Red", 0.8)
    assert days.mart("early_warning_changes", *COLUMNS) == [
        (3, "Green", "Green", 0.5, 0.6, False),
        (4, "Green", "Red", 0.6, 0.8, True),
    ]


def test_a_first_warning_is_a_change(days: Any) -> None:
    """A project that was observed without a warning changes when it gets one, and when it loses it."""
    warn(days, 1, None, None)
    warn(days, 2, "Green", 0.1)
    warn(days, 3, None, None)
    assert days.mart("early_warning_changes", *COLUMNS) == [
        (2, None, "Green", None, 0.1, True),
        (3, "Green", None, 0.1, None, True),
    ]


def test_a_change_over_a_gap_says_so(days: Any) -> None:
    """Where days were not observed, the row tells the observed day before."""
    warn(days, 1, "Green", 0.5)
    warn(days, 5, "Black", 1.5)
    assert days.mart("early_warning_changes", "former_day", "to_status") == [(5, date(2026, 3, 1), "Black")]


def test_only_the_end_of_a_day_counts(days: Any) -> None:
    """A colour that came and went within a day is no change."""
    warn(days, 1, "Green", 0.5)
    days.read(2, "projects", {"early_warning_status": "Red", "early_warning": 0.9}, hour=13)
    days.read(2, "projects", {"early_warning_status": "Green", "early_warning": 0.5}, hour=20)
    assert days.mart("early_warning_changes", *COLUMNS) == []
