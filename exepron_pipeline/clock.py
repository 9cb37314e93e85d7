"""What time it is, as something that can be given. Here: the type, and the real clock. Not here: who asks."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time: aware, in UTC."""


def utc_now() -> datetime:
    """Tell the time of this machine."""
    return datetime.now(UTC)
