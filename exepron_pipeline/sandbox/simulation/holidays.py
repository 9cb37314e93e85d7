"""Public holidays and company shutdowns, by rule, for any year.

Here belong the dates that a country or a company keeps free. Not here: what a working day is
(``calendar.py``), which also knows weekends and extra shifts.
"""

from calendar import FRIDAY, MONDAY, SATURDAY, SUNDAY, THURSDAY
from collections.abc import Callable
from datetime import date, timedelta

Holidays = Callable[[int], dict[date, str]]
"""The days off of one year, with what the company's calendar calls them."""


def _easter(year: int) -> date:
    """Easter Sunday of a year by the Gregorian computus of Meeus, Jones and Butcher."""
    century, year_of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * (year % 19) + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * rest + 2 * (year_of_century // 4) - moon - year_of_century % 4) % 7
    shift = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """Day of the ``count``-th weekday of a month; ``-1`` is the last one."""
    if count < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _observed(day: date) -> date:
    """Return the weekday on which a fixed holiday is kept in the United States."""
    shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def germany(year: int) -> dict[date, str]:
    """Nationwide holidays and a works shutdown between Christmas and New Year."""
    easter = _easter(year)
    shutdown = {date(year, 12, day): "Betriebsruhe" for day in (24, 27, 28, 29, 30, 31)}
    return shutdown | {
        date(year, 1, 1): "Neujahr",
        easter - timedelta(days=2): "Karfreitag",
        easter + timedelta(days=1): "Ostermontag",
        date(year, 5, 1): "Tag der Arbeit",
        easter + timedelta(days=39): "Christi Himmelfahrt",
        easter + timedelta(days=50): "Pfingstmontag",
        date(year, 10, 3): "Tag der Deutschen Einheit",
        date(year, 12, 25): "1. Weihnachtstag",
        date(year, 12, 26): "2. Weihnachtstag",
    }


def united_states(year: int) -> dict[date, str]:
    """Return the holidays that most companies in the United States keep."""
    thanksgiving = _nth(year, 11, THURSDAY, 4)
    return {
        _observed(date(year, 1, 1)): "New Year's Day",
        _nth(year, 5, MONDAY, -1): "Memorial Day",
        _observed(date(year, 7, 4)): "Independence Day",
        _nth(year, 9, MONDAY, 1): "Labor Day",
        thanksgiving: "Thanksgiving",
        thanksgiving + timedelta(days=1): "Day after Thanksgiving",
        _observed(date(year, 12, 25)): "Christmas Day",
    }


def ireland(year: int) -> dict[date, str]:
    """Public holidays of Ireland and the builders' holiday at the turn of the year."""
    easter = _easter(year)
    builders = {date(year, 12, day): "Builders' holiday" for day in (24, 27, 28, 29, 30, 31)}
    return builders | {
        date(year, 1, 1): "New Year's Day",
        date(year, 1, 2): "Builders' holiday",
        date(year, 3, 17): "St Patrick's Day",
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        _nth(year, 5, MONDAY, 1): "May Day",
        _nth(year, 6, MONDAY, 1): "June holiday",
        _nth(year, 8, MONDAY, 1): "August holiday",
        _nth(year, 10, MONDAY, -1): "October holiday",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "St Stephen's Day",
    }


def is_weekend(day: date) -> bool:
    """True on Saturday and Sunday."""
    return day.weekday() > FRIDAY
