"""Instants and days in a service's JSON as Python values: enough to compare them and to ask about them.

Here: single values of a probe. Not here: what lands (``normalise.stamps`` reads whole columns, exactly).
"""

import re
from datetime import UTC, date, datetime, timedelta

_V2 = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: object) -> datetime | None:
    """Read an instant; a day is its beginning, a stamp without offset is taken as UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    found = _V2.fullmatch(value)
    try:
        if found:
            return _EPOCH + timedelta(milliseconds=int(found[1]))
        read = datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def typed(value: object, type_: str) -> object:
    """Give a JSON value the Python type in which `literals.literal` takes it: stamps and days are no texts there."""
    if type_ not in {"timestamp", "date", "Edm.DateTime", "Edm.DateTimeOffset", "Edm.Date"}:
        return value
    read = moment(value)
    is_day = type_ in {"date", "Edm.Date"}
    return as_day(read) if read and is_day else read or value


def as_day(instant: datetime) -> date:
    """The day of an instant, in UTC."""
    return instant.date()
