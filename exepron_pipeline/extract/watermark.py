"""From when on to read. Pure; not here: where watermarks are kept (in the warehouse, with the rows)."""

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


def lower_bound(watermark: datetime | None, lookback_hours: float, since: datetime | None) -> datetime | None:
    """Return the first instant to ask for, or None to read everything.

    Args:
        watermark: The newest cursor value that was landed; aware. It comes from records, never from a clock.
        lookback_hours: Hours to read again before it: the zone of the service's stamps is not known for
            certain, and commits can be late.
        since: An instant that the user names; it wins, and nothing is added to it.

    The bound is rounded down to a whole second: the plainest literal, and services drop digits.

    """
    if since is not None:
        return since.astimezone(UTC).replace(microsecond=0)
    if watermark is None:
        return None
    start, lookback = watermark.astimezone(UTC), timedelta(hours=lookback_hours)
    return (start - lookback).replace(microsecond=0) if start - EARLIEST > lookback else EARLIEST
