"""Working days: holidays by rule, counting, and the hours of a day in UTC."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.sandbox.simulation.calendar import WorkCalendar
from exepron_pipeline.sandbox.simulation.companies import PROFILES
from exepron_pipeline.sandbox.simulation.holidays import Holidays, germany, ireland, united_states

CALENDARS = [WorkCalendar(one.zone, one.holidays, one.extra_shifts) for one in PROFILES]


@pytest.mark.parametrize(
    ("rule", "day", "name"),
    [
        (germany, date(2026, 4, 3), "Karfreitag"),
        (germany, date(2025, 4, 21), "Ostermontag"),
        (germany, date(2027, 5, 6), "Christi Himmelfahrt"),
        (united_states, date(2026, 7, 3), "Independence Day"),
        (united_states, date(2026, 11, 26), "Thanksgiving"),
        (united_states, date(2027, 5, 31), "Memorial Day"),
        (ireland, date(2026, 10, 26), "October holiday"),
        (ireland, date(2026, 8, 3), "August holiday"),
    ],
)
def test_movable_holidays(rule: Holidays, day: date, name: str) -> None:
    """Holidays that move fall on the published dates."""
    assert rule(day.year)[day] == name


@pytest.mark.parametrize("place", range(len(CALENDARS)))
@given(index=st.integers(0, 2_000))
def test_index_and_day_are_inverse(place: int, index: int) -> None:
    """A working-day index leads to a working day and back, and later indexes to later days."""
    calendar = CALENDARS[place]
    day = calendar.day(index)
    assert calendar.is_working(day)
    assert calendar.index(day) == index
    assert calendar.day(index + 1) > day


@pytest.mark.parametrize("place", range(len(CALENDARS)))
@given(offset=st.integers(0, 3_000))
def test_day_off_counts_as_the_next_working_day(place: int, offset: int) -> None:
    """The index of a day off is that of the next working day."""
    calendar = CALENDARS[place]
    day = date(2025, 1, 1) + timedelta(days=offset)
    assert calendar.day(calendar.index(day)) >= day
    assert calendar.is_working(day) == (calendar.day(calendar.index(day)) == day)


@pytest.mark.parametrize("place", range(len(CALENDARS)))
@given(offset=st.integers(0, 1_000), seed=st.integers(0, 99))
def test_moments_lie_within_the_day_in_utc(place: int, offset: int, seed: int) -> None:
    """Whatever the zone and the season, a moment of a working day has that date in UTC."""
    calendar = CALENDARS[place]
    day = calendar.open(calendar.day(offset), Random(seed))
    moment = day.moment()
    assert moment.date() == day.date
    assert moment.tzinfo is UTC
    assert moment >= datetime(2025, 1, 1, tzinfo=UTC)


def test_extra_shift_is_worked() -> None:
    """A Saturday with an extra shift is a working day, the Saturday before is not."""
    calendar = CALENDARS[0]
    assert calendar.is_working(date(2026, 3, 21))
    assert not calendar.is_working(date(2026, 3, 14))
