"""Retries: what passes is tried again, what does not is not.

Here: how often and how long apart, over stamina. Not here: what is transient (``errors.py``: it is a type).
"""

import math
import random
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina
from stamina.instrumentation import set_on_retry_hooks

from exepron_pipeline.errors import ServerUnavailableError, TransientError
from exepron_pipeline.events import Listener, Notice

ATTEMPTS = 6
FEW_ATTEMPTS = 4  # some 5 seconds: for what a person waits for before anything is under way
DEADLINE = 300.0  # seconds in all
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0

T = TypeVar("T")

# stamina reports retries by structlog, to standard output, wherever that is installed. Retries are told to
# our own listener instead.
set_on_retry_hooks(())


def call_with_retries(
    ask: Callable[[], T],
    *,
    listen: Listener | None = None,
    attempts: int = ATTEMPTS,
    until: float | None = None,
) -> T:
    """Call ``ask`` until it succeeds: at most 6 times and 300 seconds.

    Waits grow exponentially, with jitter, and are never shorter than what the service asked for. When it
    asks for longer than is left, the error is raised at once.

    Args:
        ask: Sends one request; called again only after a `TransientError`.
        listen: Is told of each wait by a `Notice`.
        attempts: At most so many, up to 6.
        until: No new attempt begins after this value of `time.monotonic`.

    Raises:
        TransientError: The last one, when all attempts failed; any other error at once.

    """
    end = min(time.monotonic() + DEADLINE, math.inf if until is None else until)
    failures = 0

    def wait_after(error: Exception) -> bool | float:
        nonlocal failures
        failures += 1
        wait = seconds_to_wait(error, failures, end - time.monotonic())
        if wait is None or failures >= attempts:
            return False
        if listen:
            listen(
                Notice(None, f"{error} Trying again in {wait:.0f} s (attempt {failures + 1} of {attempts}).")
            )
        return wait

    return stamina.RetryingCaller(attempts=ATTEMPTS, timeout=DEADLINE).on(wait_after)(ask)


def seconds_to_wait(error: Exception, failures: int, left: float) -> float | None:
    """Tell how long to wait before the next attempt; None when there is none.

    Args:
        error: What went wrong.
        failures: How many attempts have failed, this one included.
        left: Seconds until the deadline.

    """
    if not isinstance(error, TransientError) or failures >= ATTEMPTS:
        return None
    backoff = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (failures - 1))
    asked = (error.retry_after or 0.0) if isinstance(error, ServerUnavailableError) else 0.0
    least = max(backoff, asked)
    if least > left:
        return None
    jitter = random.uniform(0, min(backoff, left - least))  # noqa: S311 # spreads load; no secret
    return least + jitter


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3), or None.

    Args:
        headers: With lower-case names.
        now: Our time, aware; the service's own ``Date`` is preferred, so that skewed clocks do no harm.

    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
        return float(value)
    until = http_date(value)
    if until is None:
        return None
    return max(0.0, (until - (http_date(headers.get("date", "")) or now)).total_seconds())


def http_date(value: str) -> datetime | None:
    """Read an HTTP date (RFC 9110, 5.6.7), aware; None when it is none."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
