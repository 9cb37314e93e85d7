"""Skew: how far the identity server's clock is from ours. Not here: what follows for a token's life (``token.py``)."""

from collections.abc import Mapping

from exepron_pipeline.http.retry import http_date


def skew_of(headers: Mapping[str, str], asked_at: float, answered_at: float) -> float:
    """Return the seconds by which the server's clock is ahead of ours, as its answer shows (RFC 9110, 6.6.1).

    ``Date`` is in whole seconds and was written at some moment between question and answer: the least skew
    that explains it is given, and 0 when none is needed or there is no ``Date``.

    Args:
        headers: Of the answer, with lower-case names.
        asked_at: Our time before the question, in seconds since 1970.
        answered_at: Our time after the answer.

    """
    date = http_date(headers.get("date", ""))
    if date is None:
        return 0.0
    least, most = date.timestamp() - answered_at, date.timestamp() + 1 - asked_at
    return max(least, min(0.0, most))
