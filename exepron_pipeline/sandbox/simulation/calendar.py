"""When a company works: its working days, counted, and its working hours in UTC.

Here belong working-day arithmetic and the moments of a day. Not here: the holidays themselves
(``holidays.py``) and what is done on a day (``execution.py``).

A *working-day index* counts the working days from the first one of ``FIRST_YEAR``; all planning counts in
such indexes, so that a duration is a difference and no loop over dates is needed.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from exepron_pipeline.sandbox.simulation.holidays import Holidays, is_weekend

FIRST_YEAR = 2025
DAY_ZERO = date(2026, 1, 5)
"""The Monday on which a new portfolio stands; its past lies before."""

HOURS_A_DAY = 8
_OPENING = time(8)
_OPEN_SECONDS = 9 * 3600
_EARLIER_SECONDS = 17 * 3600


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """One working day of one account: its date, index, opening moment (UTC), and its own randomness."""

    date: date
    index: int
    opens_at: datetime
    rng: Random

    def moment(self) -> datetime:
        """Return some moment of the working hours in UTC, mostly a whole second as many clients write it."""
        milliseconds = 0 if self.rng.random() < 0.75 else self.rng.randrange(1, 1000)
        return self.opens_at + timedelta(seconds=self.rng.randrange(_OPEN_SECONDS), milliseconds=milliseconds)

    def earlier(self) -> datetime:
        """Return some moment of the date before the end of the working hours, in UTC."""
        closes_at = self.opens_at + timedelta(seconds=_OPEN_SECONDS)
        return closes_at - timedelta(seconds=self.rng.randrange(_EARLIER_SECONDS))


class WorkCalendar:
    """The working days of one account: weekends and holidays are free, extra shifts are worked.

    Args:
        zone: IANA name of the account's time zone; its working hours must lie within one day of UTC.
        holidays: gives the days off of a year.
        extra_shifts: (month, day) of Saturdays or Sundays worked in a year, by year.
    """

    def __init__(self, zone: str, holidays: Holidays, extra_shifts: dict[date, str] | None = None) -> None:
        self.zone = ZoneInfo(zone)
        self._holidays = holidays
        self._extra_shifts = extra_shifts or {}
        self._days: list[date] = []
        self._next_year = FIRST_YEAR

    def year(self, year: int) -> list[tuple[date, str | None, bool]]:
        """Return every day of a year as (date, description, is it worked)."""
        holidays = self._holidays(year)
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        return [self._entry(first + timedelta(days=offset), holidays) for offset in range(length)]

    def _entry(self, day: date, holidays: dict[date, str]) -> tuple[date, str | None, bool]:
        if day in self._extra_shifts:
            return day, self._extra_shifts[day], True
        return day, holidays.get(day), not (day in holidays or is_weekend(day))

    def _append_year(self) -> None:
        self._days += [day for day, _, is_worked in self.year(self._next_year) if is_worked]
        self._next_year += 1

    def index(self, day: date) -> int:
        """Index of a working day; of a day off, that of the next working day."""
        while day.year + 1 >= self._next_year:
            self._append_year()
        return bisect_left(self._days, day)

    def day(self, index: int) -> date:
        """Date of a working-day index."""
        while index >= len(self._days):
            self._append_year()
        return self._days[index]

    def is_working(self, day: date) -> bool:
        """True when the account works on that date."""
        return self.day(self.index(day)) == day

    def open(self, day: date, rng: Random) -> WorkingDay:
        """Begin a working day."""
        opens_at = datetime.combine(day, _OPENING, tzinfo=self.zone).astimezone(UTC)
        return WorkingDay(day, self.index(day), opens_at, rng)
